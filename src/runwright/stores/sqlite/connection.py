"""Connection: opening SQLite files the way a record needs it, and saying in our words what SQLite says in its own.

The only module that knows the library's exceptions.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from runwright.errors import IllegalTransition, RecordError, RecordFull, RecordUnreadable
from runwright.stores.json_matching import matches
from runwright.stores.texts import from_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Literal

APPLICATION_ID = 0x52575254
_BUSY_MILLISECONDS = 10_000
_BUSY_ROUNDS = 3
_LITTLE_ROOM = 1024 * 1024

_FOR_ALL = """
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = FILE;
"""

# A checkpoint writes each changed page once: the fewer checkpoints, the less is written. 4,000 pages are 16 MB.
_FOR_WRITING = """
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -16000;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
"""


class SqliteConnection(apsw.Connection):
    """A connection that says which dialect it speaks."""

    dialect = "sqlite"


def connect_to_write(path: str, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> SqliteConnection:
    """Return a connection that writes; the file is made, readable by its owner alone, when it is not there.

    Raises `RecordUnreadable` for a directory, a file that is something else, or a place that may not be written.
    """
    with explained(path):
        _make_file(path)
        db = SqliteConnection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            _prepare(db, path)
            db.execute(_FOR_WRITING)
            db.execute(f"PRAGMA synchronous = {synchronous}")
            patiently(lambda: db.execute("PRAGMA journal_mode = WAL").fetchall())
        except BaseException:
            db.close()
            raise
    return db


def connect_to_read(path: str) -> SqliteConnection:
    """Return a connection that only reads, also from a place where nothing may be written."""
    with explained(path):
        _check_file(path)
        _check_there(path)
        try:
            return _open_to_read(path, apsw.SQLITE_OPEN_READONLY)
        except (apsw.CantOpenError, apsw.ReadOnlyError):
            if _has_content(f"{path}-wal"):
                raise
            unchanging = f"{Path(path).as_uri()}?immutable=1"
            return _open_to_read(unchanging, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def connect_to_check(path: str) -> SqliteConnection:
    """Return a connection that reads and knows the constraints, which SQLite leaves out of what it opens for reading only."""
    try:
        with explained(path):
            _check_there(path)
            return _open_to_read(path, apsw.SQLITE_OPEN_READWRITE)
    except RecordUnreadable:
        return connect_to_read(path)


class explained:  # noqa: N801  used like a function; a generator would cost each commit more
    """Turns what SQLite raises inside the block into the errors of a record; may be entered again and again."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        """Speak of the record at `path`."""
        self._path = path

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise the record's error in the place of SQLite's."""
        if error is not None and isinstance(error, apsw.Error | OSError | OverflowError):
            raise _in_our_words(error, self._path) from error


def _in_our_words(error: Exception, path: str) -> Exception:  # noqa: PLR0911  one error a line
    """Return the record's error for one of SQLite's."""
    if isinstance(error, apsw.FullError) or (isinstance(error, apsw.IOError) and _is_full(path)):
        return _full(path)
    if isinstance(error, apsw.IOError):
        return RecordError(f"The disk failed under the record {path}: {error}. Check it, then resume.")
    if isinstance(error, apsw.BusyError):
        return RecordError(f"Another process keeps the record {path} locked: end it, or try again later.")
    if isinstance(error, apsw.NotADBError | apsw.CorruptError):
        return RecordUnreadable(f"{path} is no record, or a damaged one ({error}): give another path.")
    if isinstance(error, apsw.CantOpenError | apsw.PermissionsError | apsw.ReadOnlyError | OSError):
        return RecordUnreadable(f"The record {path} cannot be opened ({error}): check the path and its rights.")
    if isinstance(error, apsw.ConstraintError):
        if "event.version" in str(error):
            return IllegalTransition(f"An event of this batch is on the record {path} already: {error}.")
        return RecordError(f"The record {path} refused a row ({error}): nothing was recorded.")
    if isinstance(error, apsw.ConnectionClosedError):
        return RecordError(f"The record {path} was closed: open it again.")
    return RecordError(f"The record {path} could not take or give a value ({error}): nothing was recorded.")


class Transaction:
    """Commits what its block writes, or nothing of it; the lock is taken at once, so that what is read stays true.

    It may be entered again and again. `cursor` is for what is written often: a new one each time would cost more.
    """

    __slots__ = ("cursor", "db")

    def __init__(self, db: SqliteConnection) -> None:
        """Write through `db`."""
        self.db = db
        self.cursor = db.cursor()

    def __enter__(self) -> None:
        """Begin."""
        try:
            self._begin()
        except apsw.BusyError:
            patiently(self._begin)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or take back what was written."""
        try:
            if kind is None:
                self.cursor.execute("COMMIT")
        finally:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")

    def _begin(self) -> None:
        self.cursor.execute("BEGIN IMMEDIATE")


def patiently(action: Callable[[], object]) -> None:
    """Do something that another process may be in the way of, again after a while of random length when it is."""
    for left in reversed(range(_BUSY_ROUNDS)):
        try:
            action()
        except apsw.BusyError:
            if not left:
                raise
            time.sleep(random.uniform(0.01, 0.1))  # noqa: S311  spreads load, guards nothing
        else:
            return


def _open_to_read(path: str, flags: int) -> SqliteConnection:
    db = SqliteConnection(path, flags=flags)
    try:
        _prepare(db, path)
        db.execute("PRAGMA query_only = ON; PRAGMA cache_size = -8000")
        db.create_scalar_function("json_matches", _json_matches, 3, deterministic=True)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: apsw.Connection, path: str) -> None:
    """Set what every connection needs, and refuse a database that is not ours before anything is changed in it."""
    db.set_busy_timeout(_BUSY_MILLISECONDS)
    # Otherwise a statement is planned anew whenever other values are bound to it, which takes longer than most reads.
    db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    db.execute(_FOR_ALL)
    application = db.pragma("application_id")
    is_empty = not application and not db.pragma("user_version") and not db.execute("SELECT 1 FROM sqlite_schema").get
    if application != APPLICATION_ID and not is_empty:
        raise RecordUnreadable(f"{path} is a database of another program: give another path for the record.")


def _json_matches(*values: Any) -> bool | None:
    document, operator, value = values
    return None if document is None else matches(from_json(document), operator, from_json(value))


def _make_file(path: str) -> None:
    """Make the file with the rights it needs before SQLite sees it, and its directory when only that is missing."""
    _check_file(path)
    if os.path.exists(path):  # noqa: PTH110  works on any text
        return
    directory = Path(path).parent
    if not directory.exists():
        if not directory.parent.is_dir():
            raise RecordUnreadable(f"The directory {directory} for the record does not exist: create it first.")
        directory.mkdir(mode=0o700, exist_ok=True)
        _sync(directory.parent)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    _sync(directory)


def _check_file(path: str) -> None:
    if "\x00" in path:
        raise RecordUnreadable(f"{path!r} holds a null character: give another path for the record.")
    if os.path.isdir(path):  # noqa: PTH112  works on any text
        raise RecordUnreadable(f"{path} is a directory: give the path of a file in it.")


def _check_there(path: str) -> None:
    directory = Path(path).parent
    if not os.path.lexists(path) and (directory.is_dir() or not directory.exists()):
        raise RecordUnreadable(f"There is no record at {path} yet: run a flow first, or give another path.")


def _sync(directory: Path) -> None:
    """Make a new name in a directory survive a power failure, where directories can be opened."""
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _has_content(path: str) -> bool:
    return os.path.exists(path) and os.path.getsize(path) > 0  # noqa: PTH110, PTH202  works on any text


def _is_full(path: str) -> bool:
    try:
        return min(shutil.disk_usage(Path(path).parent).free, _left_of_limit(path)) < _LITTLE_ROOM
    except OSError:
        return False


def _left_of_limit(path: str) -> float:
    """Return by how many bytes the files may still grow for what this process may write (`ulimit -f`)."""
    try:
        import resource  # noqa: PLC0415  there is none on Windows
    except ImportError:
        return inf
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    files = [name for name in (path, f"{path}-wal") if _has_content(name)]
    largest = max(map(os.path.getsize, files), default=0)
    return inf if limit == resource.RLIM_INFINITY else limit - largest


def _full(path: str) -> RecordFull:
    return RecordFull(f"The disk of the record {path} is full; nothing was half-written: free some space, then resume.")
