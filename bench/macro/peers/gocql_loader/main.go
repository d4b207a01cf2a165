// Loads rows (JSON lines) into a table of twelve columns with gocql: a prepared INSERT, so many requests in flight.
// Prints nothing; exit status 1 and a reason on standard error when a row cannot be written.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/gocql/gocql"
)

type user struct {
	ID, First_name, Last_name, Gender, Address, Post_code, Email, Username, Dob, Registered_date, Phone, Picture string
}

func main() {
	host := flag.String("host", "127.0.0.1", "address of the server")
	port := flag.Int("port", 9042, "its CQL port")
	table := flag.String("table", "", "keyspace.table")
	file := flag.String("file", "", "rows, one JSON object a line")
	inFlight := flag.Int("in-flight", 64, "requests under way")
	flag.Parse()
	if err := load(*host, *port, *table, *file, *inFlight); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func load(host string, port int, table, file string, inFlight int) error {
	cluster := gocql.NewCluster(host)
	cluster.Port = port
	cluster.Consistency = gocql.LocalQuorum
	cluster.NumConns = 1
	session, err := cluster.CreateSession()
	if err != nil {
		return err
	}
	defer session.Close()
	input, err := os.Open(file)
	if err != nil {
		return err
	}
	defer input.Close()

	statement := "INSERT INTO " + table + " (id, first_name, last_name, gender, address, post_code, email, username, dob, " +
		"registered_date, phone, picture) VALUES (" + strings.Repeat("?, ", 11) + "?)"
	lines := make(chan []byte, 4*inFlight)
	failures := make(chan error, inFlight)
	var workers sync.WaitGroup
	for i := 0; i < inFlight; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			failed := false
			for line := range lines {
				if failed {
					continue
				}
				if err := write(session, statement, line); err != nil {
					failures <- err
					failed = true
				}
			}
		}()
	}
	scanner := bufio.NewScanner(input)
	scanner.Buffer(make([]byte, 1<<20), 1<<20)
	for scanner.Scan() {
		lines <- append([]byte(nil), scanner.Bytes()...)
	}
	close(lines)
	workers.Wait()
	close(failures)
	if err := <-failures; err != nil {
		return err
	}
	return scanner.Err()
}

func write(session *gocql.Session, statement string, line []byte) error {
	var u user
	if err := json.Unmarshal(line, &u); err != nil {
		return err
	}
	id, err := gocql.ParseUUID(u.ID)
	if err != nil {
		return err
	}
	return session.Query(statement, id, u.First_name, u.Last_name, u.Gender, u.Address, u.Post_code, u.Email, u.Username,
		u.Dob, u.Registered_date, u.Phone, u.Picture).Exec()
}
