"""Loads rows (JSON lines) into a table of twelve columns with the Python driver.

    python_loader.py prepared|seed HOST PORT KEYSPACE.TABLE FILE

prepared: a prepared INSERT, 100 requests in flight. seed: as tutorials do it, one session.execute() a row.
"""
import json
import sys
import uuid

from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent_with_args

COLUMNS = ("id", "first_name", "last_name", "gender", "address", "post_code", "email", "username", "dob",
           "registered_date", "phone", "picture")


def rows(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            user = json.loads(line)
            yield (uuid.UUID(user["id"]), *(user[name] for name in COLUMNS[1:]))


def main(style, host, port, table, path):
    profile = ExecutionProfile(consistency_level=ConsistencyLevel.LOCAL_QUORUM)
    with Cluster([host], port=int(port), execution_profiles={EXEC_PROFILE_DEFAULT: profile}) as cluster:
        session = cluster.connect()
        insert = f"INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES ({{}})"
        if style == "prepared":
            statement = session.prepare(insert.format(", ".join("?" * len(COLUMNS))))
            for success, result in execute_concurrent_with_args(session, statement, rows(path), concurrency=100,
                                                                results_generator=True):
                if not success:
                    raise result
        else:
            for row in rows(path):
                session.execute(insert.format(", ".join(["%s"] * len(COLUMNS))), row)


if __name__ == "__main__":
    main(*sys.argv[1:])
