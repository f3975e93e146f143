"""PostgreSQL: records in one schema of a database, through the optional `psycopg` library."""

from runwright.stores.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
