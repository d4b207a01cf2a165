"""Asks a real Cassandra which cell wins: runs sequences of writes and stores what each query then answers.

    tools/golden_cql.py HOST PORT tests/golden/cql/cells.test

The file is read by src/cql/store/golden_test.cc, which runs the same statements on our store. In the cases {k} is a partition of the case's own.
Cases with `sleep` share one pause: everything before it runs first for all cases, then the pause, then the rest.
"""
import sys
import time

from cassandra.cluster import Cluster
from cassandra.util import OrderedMapSerializedKey, SortedSet

TABLES = {
    "one": "CREATE TABLE golden.one (k int PRIMARY KEY, a text, b text, n int)",
    "rows": "CREATE TABLE golden.rows (k int, c int, s text static, a text, b text, PRIMARY KEY (k, c))",
    "coll": "CREATE TABLE golden.coll (k int PRIMARY KEY, l list<int>, m map<text, int>, z set<text>, f frozen<list<int>>)",
    "deep": "CREATE TABLE golden.deep (k int, c int, d text, v int, PRIMARY KEY (k, c, d)) WITH CLUSTERING ORDER BY (c DESC, d ASC)",
    "fade": "CREATE TABLE golden.fade (k int PRIMARY KEY, a text) WITH default_time_to_live = 1",
}
ONE = "SELECT a, b, n, writetime(a) FROM golden.one WHERE k = {k}"
ROWS = "SELECT c, s, a, b, writetime(a) FROM golden.rows WHERE k = {k}"
COLL = "SELECT l, m, z, f FROM golden.coll WHERE k = {k}"
DEEP = "SELECT c, d, v FROM golden.deep WHERE k = {k}"
FADE = "SELECT a FROM golden.fade WHERE k = {k}"


def one(assignments, timestamp, ttl=None):
    using = f"USING TIMESTAMP {timestamp}" + (f" AND TTL {ttl}" if ttl is not None else "")
    return f"UPDATE golden.one {using} SET {assignments} WHERE k = {{k}}"


def put(columns, values, timestamp=None, ttl=None, table="one"):
    using = ([f"TIMESTAMP {timestamp}"] if timestamp is not None else []) + ([f"TTL {ttl}"] if ttl is not None else [])
    return f"INSERT INTO golden.{table} (k, {columns}) VALUES ({{k}}, {values})" + (" USING " + " AND ".join(using) if using else "")


def drop(what, timestamp, table="one", where=""):
    return f"DELETE {what} FROM golden.{table} USING TIMESTAMP {timestamp} WHERE k = {{k}}{where}"


def together(*statements):
    return "BEGIN UNLOGGED BATCH " + "; ".join(statements) + "; APPLY BATCH"


def row(c, assignments, timestamp):
    return f"UPDATE golden.rows USING TIMESTAMP {timestamp} SET {assignments} WHERE k = {{k}} AND c = {c}"


def coll(assignments, timestamp):
    return f"UPDATE golden.coll USING TIMESTAMP {timestamp} SET {assignments} WHERE k = {{k}}"


SLEEP = "sleep 3"
CASES = [
    ("a later timestamp wins", [one("a = 'new'", 20), one("a = 'old'", 10)], ONE),
    ("the order of arrival does not matter", [one("a = 'old'", 10), one("a = 'new'", 20)], ONE),
    ("equal timestamps: the larger text wins", [one("a = 'x'", 10), one("a = 'y'", 10)], ONE),
    ("equal timestamps: the larger text wins, the other way round", [one("a = 'y'", 10), one("a = 'x'", 10)], ONE),
    ("equal timestamps: longer beats its own prefix", [one("a = 'ab'", 10), one("a = 'a'", 10)], ONE),
    ("equal timestamps: any text beats the empty one", [one("a = ''", 10), one("a = 'a'", 10)], ONE),
    ("equal timestamps: bytes are compared, not numbers", [one("n = 1", 10), one("n = -1", 10)], ONE),
    ("equal timestamps: 256 against 255", [one("n = 256", 10), one("n = 255", 10)], ONE),
    ("equal timestamps: letters beyond ASCII", [one("a = 'é'", 10), one("a = 'z'", 10)], ONE),
    ("equal timestamps: a tombstone beats a value", [one("a = 'x'", 10), one("a = null", 10)], ONE),
    ("equal timestamps: a tombstone beats a value that comes later", [one("a = null", 10), one("a = 'x'", 10)], ONE),
    ("equal timestamps: DELETE of a column beats a value", [drop("a", 10), one("a = 'x', b = 'y'", 10)], ONE),
    ("a value after a tombstone lives", [one("a = null", 10), one("a = 'x'", 11)], ONE),
    ("a tombstone with an older timestamp hides nothing", [one("a = 'x'", 11), one("a = null", 10)], ONE),
    ("equal timestamps: expiring beats live", [one("a = 'zzz'", 10), one("a = 'aaa'", 10, 1000)], ONE),
    ("equal timestamps: expiring beats live, the other way round", [one("a = 'aaa'", 10, 1000), one("a = 'zzz'", 10)], ONE),
    ("equal timestamps: a tombstone beats expiring", [one("a = 'x'", 10, 1000), one("a = null", 10)], ONE),
    ("equal timestamps: a tombstone beats expiring, the other way round", [one("a = null", 10), one("a = 'x'", 10, 1000)], ONE),
    ("equal timestamps: the later expiry wins", [one("a = 'long'", 10, 2000), one("a = 'short'", 10, 1000)], ONE),
    ("equal timestamps: the later expiry wins, the other way round", [one("a = 'short'", 10, 1000), one("a = 'long'", 10, 2000)], ONE),
    ("equal timestamps and expiry: the larger text wins", [together(one("a = 'p'", 10, 1000), one("a = 'q'", 10, 1000))], ONE),
    ("equal timestamps and expiry: the larger text wins, the other way round", [together(one("a = 'q'", 10, 1000), one("a = 'p'", 10, 1000))], ONE),
    ("columns have timestamps of their own", [one("a = 'x'", 10), one("b = 'y'", 5), one("a = 'z', b = 'w'", 7)], ONE),
    ("negative timestamps are timestamps", [one("a = 'x'", -10), one("a = 'y'", -20)], ONE),
    ("a value may have timestamp zero", [one("a = 'x'", 0), one("a = 'y'", -1)], ONE),
    ("an INSERTed row stays when its cells go", [put("a", "'x'", 10), drop("a", 20)], ONE),
    ("an UPDATEd row goes with its cells", [one("a = 'x'", 10), drop("a", 20)], ONE),
    ("an UPDATEd row goes when its cells are set to null", [one("a = 'x'", 10), one("a = null", 20)], ONE),
    ("an INSERT of the key alone makes a row", ["INSERT INTO golden.one (k) VALUES ({k}) USING TIMESTAMP 10"], ONE),
    ("an INSERT of nulls makes a row", [put("a, b", "null, null", 10)], ONE),
    ("an UPDATE with null makes no row", [one("a = null", 10)], ONE),
    ("INSERT after DELETE with an older timestamp stays away", [drop("", 20), put("a", "'x'", 10)], ONE),
    ("INSERT after DELETE with the same timestamp stays away", [drop("", 20), put("a", "'x'", 20)], ONE),
    ("INSERT after DELETE with a newer timestamp comes", [drop("", 20), put("a", "'x'", 21)], ONE),
    ("DELETE of a row hides its marker", [put("a", "'x'", 10), drop("", 20)], ONE),
    ("DELETE between two writes leaves the later one", [one("a = 'x', b = 'y'", 10), one("b = 'z'", 30), drop("", 20)], ONE),
    ("a row without marker after DELETE lives by its cells", [put("a", "'x'", 10), drop("", 20), one("b = 'z'", 30)], ONE),
    ("null in an INSERT removes what was there", [put("a, b", "'x', 'y'", 10), put("a", "null", 20)], ONE),
    ("an older null in an INSERT removes nothing", [put("a, b", "'x', 'y'", 20), put("a", "null", 10)], ONE),
    ("a batch with one timestamp: the larger value", [together(one("a = 'x'", 10), one("a = 'y'", 10))], ONE),
    ("a batch with insert and delete of one timestamp: deleted", [together(put("a", "'x'", 10), drop("", 10))], ONE),
    ("a cell expires", [one("a = 'x'", 10, 1), SLEEP], ONE),
    ("a cell expires, its row stays by another cell", [one("a = 'x'", 10, 1), one("b = 'y'", 10), SLEEP], ONE),
    ("an INSERT with TTL expires whole", [put("a", "'x'", 10, 1), SLEEP], ONE),
    ("an INSERT without TTL keeps the row when a cell expires", [put("a", "'x'", 10), one("a = 'y'", 20, 1), SLEEP], ONE),
    ("an expired cell hides older ones", [one("a = 'old'", 10), one("a = 'new'", 20, 1), SLEEP], ONE),
    ("a write after expiry lives", [one("a = 'x'", 10, 1), SLEEP, one("a = 'y'", 20)], ONE),
    ("a write with an older timestamp stays behind an expired cell", [one("a = 'x'", 20, 1), SLEEP, one("a = 'y'", 10)], ONE),
    ("equal timestamps: an expired cell still beats a live one", [one("a = 'x'", 10, 1), SLEEP, one("a = 'y'", 10)], ONE),
    ("equal timestamps: a longer life beats one that has ended", [one("a = 'x'", 10, 1), SLEEP, one("a = 'y'", 10, 1000)], ONE),
    ("TTL 0 is no TTL", [one("a = 'x'", 10, 0), SLEEP], ONE),
    ("an expired marker, a later INSERT without TTL", [put("a", "'x'", 10, 1), SLEEP, put("b", "'y'", 20)], ONE),
    ("an INSERT with TTL over one without", [put("a", "'x'", 10), put("a", "'y'", 20, 1), SLEEP], ONE),
    ("an INSERT with TTL and the same timestamp as one without", [put("a", "'x'", 10), put("a", "'y'", 10, 1), SLEEP], ONE),
    ("an UPDATE keeps a row whose marker has expired", [put("a", "'x'", 10, 1), one("b = 'y'", 10), SLEEP], ONE),
    ("default_time_to_live makes rows expire", [put("a", "'x'", 10, table="fade"), SLEEP], FADE),
    ("USING TTL 0 overrides default_time_to_live", [put("a", "'x'", 10, 0, table="fade"), SLEEP], FADE),
    ("USING TTL overrides default_time_to_live", [put("a", "'x'", 10, 1000, table="fade"), SLEEP], FADE),
    ("rows of a partition are apart", [row(1, "a = 'x'", 10), row(2, "a = 'y'", 20), drop("", 15, "rows", " AND c = 1")], ROWS),
    ("DELETE of a partition hides older rows only", [row(1, "a = 'x'", 10), row(2, "a = 'y'", 20), drop("", 15, "rows")], ROWS),
    ("DELETE of a partition hides rows that come late", [drop("", 15, "rows"), row(1, "a = 'x'", 10), row(2, "a = 'y'", 16)], ROWS),
    ("DELETE of a partition with the same timestamp", [row(1, "a = 'x'", 15), drop("", 15, "rows")], ROWS),
    ("a static value belongs to the partition", ["UPDATE golden.rows USING TIMESTAMP 10 SET s = 'st' WHERE k = {k}", row(1, "a = 'x'", 10), row(2, "a = 'y'", 10)], ROWS),
    ("a static value alone is a row", ["UPDATE golden.rows USING TIMESTAMP 10 SET s = 'st' WHERE k = {k}"], ROWS),
    ("a static value stays when its rows go", ["UPDATE golden.rows USING TIMESTAMP 10 SET s = 'st' WHERE k = {k}", row(1, "a = 'x'", 10), drop("", 20, "rows", " AND c = 1")], ROWS),
    ("a static value goes with its partition", ["UPDATE golden.rows USING TIMESTAMP 10 SET s = 'st' WHERE k = {k}", drop("", 20, "rows")], ROWS),
    ("range deletes leave static values", ["UPDATE golden.rows USING TIMESTAMP 10 SET s = 'st' WHERE k = {k}", row(1, "a = 'x'", 10), drop("", 20, "rows", " AND c >= 0")], ROWS),
    ("equal timestamps of static values: the larger", ["UPDATE golden.rows USING TIMESTAMP 10 SET s = 'p' WHERE k = {k}", "UPDATE golden.rows USING TIMESTAMP 10 SET s = 'o' WHERE k = {k}"], ROWS),
    ("DELETE of a static column", ["UPDATE golden.rows USING TIMESTAMP 10 SET s = 'p' WHERE k = {k}", row(1, "a = 'x'", 10), drop("s", 20, "rows")], ROWS),
    ("INSERT of a static column without clustering", ["INSERT INTO golden.rows (k, s) VALUES ({k}, 'st') USING TIMESTAMP 10"], ROWS),
    ("a range delete with both ends", [row(c, "a = 'x'", 10) for c in range(1, 6)] + [drop("", 20, "rows", " AND c > 1 AND c <= 4")], ROWS),
    ("a range delete with one end", [row(c, "a = 'x'", 10) for c in range(1, 6)] + [drop("", 20, "rows", " AND c < 3")], ROWS),
    ("a range delete hides rows that come late", [drop("", 20, "rows", " AND c > 1"), row(1, "a = 'x'", 10), row(2, "a = 'x'", 10), row(3, "a = 'x'", 30)], ROWS),
    ("range deletes that overlap", [row(c, "a = 'x'", 10 * c) for c in range(1, 6)] + [drop("", 25, "rows", " AND c >= 1 AND c <= 3"), drop("", 45, "rows", " AND c >= 3 AND c <= 5")], ROWS),
    ("a range delete and a marker of the same timestamp", ["INSERT INTO golden.rows (k, c) VALUES ({k}, 1) USING TIMESTAMP 20", drop("", 20, "rows", " AND c >= 1")], ROWS),
    ("a row delete, then cells around its timestamp", [drop("", 20, "rows", " AND c = 1"), row(1, "a = 'x'", 20), row(1, "b = 'y'", 21)], ROWS),
    ("an INSERT within a partition keeps an empty row", ["INSERT INTO golden.rows (k, c) VALUES ({k}, 1) USING TIMESTAMP 10", row(2, "a = null", 10)], ROWS),
    ("IN deletes several rows", [row(c, "a = 'x'", 10) for c in range(1, 6)] + [drop("", 20, "rows", " AND c IN (1, 3, 9)")], ROWS),
    ("deep keys: a prefix delete", ["INSERT INTO golden.deep (k, c, d, v) VALUES ({k}, %d, '%s', 1) USING TIMESTAMP 10" % (c, d) for c in (1, 2) for d in "ab"] + [drop("", 20, "deep", " AND c = 1")], DEEP),
    ("deep keys: a slice of the last column", ["INSERT INTO golden.deep (k, c, d, v) VALUES ({k}, %d, '%s', 1) USING TIMESTAMP 10" % (c, d) for c in (1, 2) for d in "abc"] + [drop("", 20, "deep", " AND c = 2 AND d > 'a'")], DEEP),
    ("deep keys: a slice of a descending column", ["INSERT INTO golden.deep (k, c, d, v) VALUES ({k}, %d, 'a', 1) USING TIMESTAMP 10" % c for c in (1, 2, 3, 4)] + [drop("", 20, "deep", " AND c >= 3")], DEEP),
    ("deep keys: a slice of tuples", ["INSERT INTO golden.deep (k, c, d, v) VALUES ({k}, %d, '%s', 1) USING TIMESTAMP 10" % (c, d) for c in (1, 2) for d in "abc"], "SELECT c, d FROM golden.deep WHERE k = {k} AND (c, d) > (1, 'b')"),
    ("deep keys: a slice of tuples from above", ["INSERT INTO golden.deep (k, c, d, v) VALUES ({k}, %d, '%s', 1) USING TIMESTAMP 10" % (c, d) for c in (1, 2) for d in "abc"], "SELECT c, d FROM golden.deep WHERE k = {k} AND (c, d) <= (2, 'a')"),
    ("deep keys: reversed", ["INSERT INTO golden.deep (k, c, d, v) VALUES ({k}, %d, '%s', 1) USING TIMESTAMP 10" % (c, d) for c in (1, 2) for d in "ab"], "SELECT c, d FROM golden.deep WHERE k = {k} ORDER BY c ASC, d DESC"),
    ("collections: an assignment replaces", [coll("m = {'a': 1}, z = {'x'}, l = [1]", 10), coll("m = {'b': 2}, z = {'y'}, l = [2]", 20)], COLL),
    ("collections: an older assignment does not", [coll("m = {'a': 1}, z = {'x'}, l = [1]", 20), coll("m = {'b': 2}, z = {'y'}, l = [2]", 10)], COLL),
    ("collections: an assignment of the same timestamp joins sets and maps", [coll("m = {'a': 1}, z = {'x'}", 10), coll("m = {'b': 2}, z = {'y'}", 10)], COLL),
    ("collections: elements are added", [coll("m = {'a': 1}, z = {'x'}", 10), coll("m = m + {'b': 2}, z = z + {'y'}", 20)], COLL),
    ("collections: elements are removed", [coll("m = {'a': 1, 'b': 2}, z = {'x', 'y'}", 10), coll("m = m - {'a'}, z = z - {'y'}", 20)], COLL),
    ("collections: an entry is set and one deleted", [coll("m = {'a': 1, 'b': 2}", 10), coll("m['a'] = 7", 20), drop("m['b']", 20, "coll")], COLL),
    ("collections: an older entry loses", [coll("m = {'a': 1}", 20), coll("m['a'] = 7", 10), coll("m['b'] = 8", 10)], COLL),
    ("collections: an entry of the assignment's timestamp minus one is replaced", [coll("m['b'] = 8", 19), coll("m = {'a': 1}", 20)], COLL),
    ("collections: an empty one is null", [coll("m = {'a': 1}, f = [1]", 10), coll("m = {}", 20)], COLL),
    ("collections: a frozen empty one is itself", [coll("f = []", 10)], COLL),
    ("collections: DELETE of the column hides older elements", [coll("z = z + {'x'}", 10), coll("z = z + {'y'}", 30), drop("z", 20, "coll")], COLL),
    ("collections: DELETE of the row hides older elements", [coll("z = z + {'x'}, f = [1]", 10), coll("z = z + {'y'}", 30), drop("", 20, "coll")], COLL),
    ("collections: a list grows at both ends", [coll("l = [1, 2]", 10), coll("l = l + [3, 4]", 20), coll("l = [-1, 0] + l", 30)], COLL),
    ("collections: equal timestamps of frozen values: larger bytes", [coll("f = [1, 2]", 10), coll("f = [2]", 10)], COLL),
    ("the last of many writes", [one(f"a = 'v{i}'", i) for i in (5, 3, 9, 1, 7)], ONE),
]


def text(value):
    if value is None:
        return "null"
    if isinstance(value, str):
        return value
    quoted = lambda item: f"'{item}'" if isinstance(item, str) else str(item)
    if isinstance(value, (SortedSet, set, frozenset)):
        return "{" + ", ".join(quoted(item) for item in value) + "}"
    if isinstance(value, (OrderedMapSerializedKey, dict)):
        return "{" + ", ".join(f"{quoted(key)}: {quoted(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(quoted(item) for item in value) + "]"
    return str(value)


def main(host, port, out):
    cluster = Cluster([host], port=int(port), protocol_version=5)
    session = cluster.connect()
    version = session.execute("SELECT release_version FROM system.local").one()[0]
    session.execute("DROP KEYSPACE IF EXISTS golden", timeout=60)
    session.execute("CREATE KEYSPACE golden WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}", timeout=60)
    for table in TABLES.values():
        session.execute(table, timeout=60)
    rest = []
    for number, (_, statements, _) in enumerate(CASES):
        pause = statements.index(SLEEP) if SLEEP in statements else len(statements)
        for statement in statements[:pause]:
            session.execute(statement.replace("{k}", str(number)))
        rest.append([statement.replace("{k}", str(number)) for statement in statements[pause + 1:]])
    time.sleep(3)
    lines = [f"# Which cell wins: answers of Cassandra {version}, made by tools/golden_cql.py.", ""]
    lines += [f"table {table}" for table in TABLES.values()]
    for number, (name, statements, query) in enumerate(CASES):
        for statement in rest[number]:
            session.execute(statement)
        lines += ["", f"case  {name}"]
        for statement in statements:
            lines.append(statement if statement == SLEEP else "run   " + statement.replace("{k}", str(number)))
        question = query.replace("{k}", str(number))
        lines.append(f"ask   {question}")
        lines += ["row   " + " | ".join(text(value) for value in answer) for answer in session.execute(question)]
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(f"{len(CASES)} cases on Cassandra {version}")
    cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
