"""Connection: speaking to a PostgreSQL server the way a record needs it, and saying in our words what it says in its own.

The only module that knows the library.
"""

from __future__ import annotations

import re
import selectors
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import count
from selectors import EVENT_READ
from typing import TYPE_CHECKING, Any

from runwright.errors import (
    IllegalTransition,
    MissingExtra,
    RecordError,
    RecordFull,
    RecordUnreachable,
    RecordUnreadable,
)
from runwright.stores.texts import to_text
from runwright.stores.urls import without_password

try:
    import psycopg
    from psycopg import errors, generators
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.pq import ExecStatus, TransactionStatus
    from psycopg.types.string import StrDumperUnknown
except ImportError as missing:
    raise MissingExtra("A record in PostgreSQL needs the extra runwright[postgres].") from missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    from psycopg.abc import Buffer
    from psycopg.pq.abc import PGconn, PGresult

OLDEST_SERVER = 140000
"""The version of the oldest server that is known to work."""

# A server that is gone is noticed in seconds; whoever gives these in the URL knows better.
_NETWORK = {
    "application_name": "runwright",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_SESSION = {
    "statement_timeout": "60s",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "client_min_messages": "warning",
}
_SET_UP = "SELECT {settings}, current_setting('server_version_num')::integer, current_setting('server_encoding'), current_schema()"
_Selector = getattr(selectors, "PollSelector", selectors.DefaultSelector)  # the usual one opens a file each time
_VALUE = re.compile(r"\?|(?<!:):([a-z_]\w*)|%")
_GONE = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleInTransactionSessionTimeout)
_NO_RECORD = (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName)
_NOT_ALLOWED = (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)
_BUSY = (errors.LockNotAvailable, errors.QueryCanceled)
_COLLIDED = (errors.DeadlockDetected, errors.SerializationFailure)
_OUTDATED = "RW001"
"""What a function of our own says when something else is true than its caller takes for true."""


class Collided(RecordError):
    """Somebody else was in the way of a transaction, which the server took back: nothing of it happened, do it again.

    The two waited for each other, or what it took for true was so no longer.
    """


class PostgresConnection(psycopg.Connection[Any]):
    """A connection that takes the notation of shared queries. Each statement is a transaction of its own until `BEGIN`."""

    dialect = "postgres"
    schema: str = ""

    def __init__(self, pgconn: PGconn) -> None:
        """Speak through a connection of the library."""
        super().__init__(pgconn)
        self._told: dict[str, bytes] = {}
        self._names = count()

    def execute(self, query: Any, params: Any = None, **options: Any) -> psycopg.Cursor[Any]:
        """Run a query; without values it may be several statements."""
        text: Any = _translated(query) if params else query  # the library wants to see literals
        return super().execute(text, params or None, **options)

    def answer(self, query: str, values: Sequence[str]) -> str | None:
        """Return the one value that a statement answers, as text; it is committed by then.

        The server is told the statement once. `execute` takes several times as long: this is for what is said all the time.
        What the server was told it may forget: the library has it forget everything when a transaction is taken back.
        """
        said = [value.encode() for value in values]
        try:
            return self._answer(self._told.get(query) or self._tell(query), said)
        except errors.InvalidSqlStatementName:
            return self._answer(self._tell(query), said)

    @property
    def is_lost(self) -> bool:
        """Say whether nothing comes through any more. A server says something on an idle connection only when it ends it."""
        if self.closed or self.broken:
            return True
        with _Selector() as watch:
            watch.register(self.fileno(), EVENT_READ)
            return bool(watch.select(0)) and not self._is_answering()

    def give_back(self) -> None:
        """End what transaction there is, taking back what it did."""
        with suppress(psycopg.Error):
            if not self.closed and self.pgconn.transaction_status != TransactionStatus.IDLE:
                super().execute("ROLLBACK")

    def _tell(self, query: str) -> bytes:
        """Tell the server a statement, and return its name there."""
        name = f"runwright_{next(self._names)}".encode()
        self.pgconn.send_prepare(name, _numbered(query).encode())
        self._result()
        self._told[query] = name
        return name

    def _answer(self, name: bytes, values: list[bytes]) -> str | None:
        self.pgconn.send_query_prepared(name, values)
        found = self._result().get_value(0, 0)
        return None if found is None else found.decode()

    def _result(self) -> PGresult:
        result = self.wait(generators.execute(self.pgconn))[-1]
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            raise errors.error_from_result(result)
        return result

    def _is_answering(self) -> bool:
        try:
            super().execute("SELECT 1")
        except psycopg.Error:
            return False
        return not self.closed


class _TextDumper(StrDumperUnknown):
    """Sends what no text can hold as what it is kept as, so that looking for it is no error."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(to_text(obj))


def connect(
    url: str, *, read_only: bool = False, synchronous: Literal["FULL", "NORMAL"] = "FULL", schema: str | None = None
) -> PostgresConnection:
    """Return a connection, set up; raises `RecordUnreachable`, and `RecordUnreadable` for a server that no record can be on."""
    name = without_password(url)
    with explained(name):
        given = conninfo_to_dict(url)
        whole = make_conninfo(url, **{key: value for key, value in _NETWORK.items() if key not in given})
        db = PostgresConnection.connect(whole, autocommit=True)
        try:
            _set_up(db, name, read_only=read_only, synchronous=synchronous)
            _check_schema(db, name, schema)
        except BaseException:
            db.close()
            raise
    return db


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what the library raises inside the block into the errors of a record."""
    try:
        yield
    except psycopg.Error as error:
        raise _in_our_words(error, name) from error


def _in_our_words(error: psycopg.Error, name: str) -> Exception:  # noqa: C901, PLR0911  one error a line
    said = str(error).strip() or type(error).__name__
    if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name == "event_of_task_run":
        return IllegalTransition(f"An event of this batch is on the record {name} already: {said}.")
    if isinstance(error, errors.DiskFull):
        return RecordFull(
            f"The disk of the record {name} is full; nothing was half-written: free some space, then resume."
        )
    if isinstance(error, _COLLIDED) or error.sqlstate == _OUTDATED:
        return Collided(
            f"Another process and this one were in each other's way on the record {name} ({said}): try again."
        )
    if isinstance(error, _BUSY):
        return RecordError(f"Another process keeps the record {name} locked ({said}): end it, or try again later.")
    if isinstance(error, _NOT_ALLOWED):
        return RecordUnreadable(f"The record {name} does not allow this ({said}): give the role the right to it.")
    if isinstance(error, _NO_RECORD):
        return RecordUnreadable(f"{name} is no record, or a damaged one ({said}): give another schema or database.")
    if isinstance(error, psycopg.IntegrityError):
        return RecordError(f"The record {name} refused a row ({said}): nothing was recorded.")
    if isinstance(error, _GONE) or (
        isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08")[:2] == "08"
    ):
        return RecordUnreachable(
            f"The server of the record {name} does not answer ({said}): check that it runs, and the URL."
        )
    if isinstance(error, psycopg.OperationalError):
        return RecordError(f"The server of the record {name} could not do it ({said}): see its log.")
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        return RecordUnreadable(f"{name} is no URL of a PostgreSQL database ({said}): check it.")
    return RecordError(f"The record {name} could not take or give a value ({said}): nothing was recorded.")


def _set_up(db: PostgresConnection, name: str, *, read_only: bool, synchronous: str) -> None:
    settings = {
        **_SESSION,
        "default_transaction_read_only": "on" if read_only else "off",
        "synchronous_commit": "on" if synchronous == "FULL" else "off",
    }
    said = ", ".join(f"set_config('{setting}', '{value}', false)" for setting, value in settings.items())
    row: Any = db.execute(_SET_UP.format(settings=said)).fetchone()
    *_, version, encoding, schema = row
    if version < OLDEST_SERVER:
        raise RecordUnreadable(f"The server of {name} is too old: PostgreSQL {OLDEST_SERVER // 10000} is needed.")
    if encoding != "UTF8":
        raise RecordUnreadable(f"The database {name} is encoded as {encoding}: create one with the encoding UTF8.")
    db.schema = schema or ""
    db.adapters.register_dumper(str, _TextDumper)


def _check_schema(db: PostgresConnection, name: str, schema: str | None) -> None:
    if schema is not None and db.schema != schema:
        raise RecordUnreadable(f"The schema {schema} of the record {name} is gone: give another, or restore it.")


@lru_cache(maxsize=1_000)
def _translated(query: str) -> str:
    """Return a query in the notation of the library, from `?` and `:name`."""
    return _VALUE.sub(_placeholder, query)


def _numbered(query: str) -> str:
    """Return a query in the notation of the server, from `?`."""
    numbers = count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", query)


def _placeholder(match: re.Match[str]) -> str:
    if match[0] == "%":
        return "%%"
    return f"%({match[1]})s" if match[1] else "%s"
