"""Sessions of the Python driver on a server under test."""
import contextlib
import itertools

from cassandra.cluster import Cluster

NUMBERS = itertools.count()


@contextlib.contextmanager
def session_on(server, version=5, **options):
    host, port = server.cql
    cluster = Cluster([host], port=port, protocol_version=version, **options)
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


def new_keyspace(session):
    """A keyspace that no other test uses, in use."""
    name = f"ks{next(NUMBERS)}"
    session.execute(f"CREATE KEYSPACE {name} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")
    session.set_keyspace(name)
    return name
