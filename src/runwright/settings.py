"""Settings: what a user may choose outside of the code, from one table.

Each setting is looked up in the environment (`RUNWRIGHT_<NAME>`), then in `config.toml` in Runwright's home, then takes
its default. An environment variable that is empty counts as not set. The table is also what the documentation and
`runwright config view` are made from. This module reads and checks: it never writes, and opens nothing but that file.
"""

from __future__ import annotations

import base64
import logging
import math
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from runwright import decoding
from runwright.errors import SettingError, did_you_mean
from runwright.stores.urls import without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE_NAME = "config.toml"
PREFIX = "RUNWRIGHT_"
KEY_BYTES = 32
HIDDEN = "********"

_FILE_LIMIT = 1024 * 1024
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_NO_TEXT = "it is no text"


class Settings(msgspec.Struct, frozen=True):
    """The value of every setting, checked.

    `home` is an absolute path, `record` a URL, `lease_seconds` is above 0, `log_level` is a number of `logging`, `drive` a URL
    or an absolute path, `secrets_folder` an absolute path or empty, `encryption_key` base64 or empty.
    """

    home: str
    record: str
    executor: str
    durability: Literal["strict", "batched"]
    synchronous: Literal["FULL", "NORMAL"]
    result_sync: Literal["interval", "commit"]
    lease_seconds: float
    log_level: int
    color: Literal["auto", "always", "never"]
    drive: str
    secrets_folder: str
    encryption_key: str
    globals: dict[str, Any]
    retry_growth: Literal["exponential", "linear"]
    automation_hosts: str

    def __repr__(self) -> str:
        """Return what may be seen."""
        return f"Settings(home={self.home!r}, record={self.record!r}, ...)"


class Setting(NamedTuple):
    """One row of the table. `read` makes the value from text or from what the file holds; `allowed` is for people.

    A secret value is shown nowhere.
    """

    name: str
    default: str
    allowed: str
    meaning: str
    read: Callable[[Any], Any]
    is_secret: bool = False

    @property
    def variable(self) -> str:
        """Return the name of the environment variable."""
        return PREFIX + self.name.upper()


class Sourced(NamedTuple):
    """A setting with its value as people write it, and where that comes from."""

    name: str
    value: str
    source: str


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(_NO_TEXT)  # noqa: TRY004  the caller turns it into a SettingError
    if "\x00" in value:
        raise ValueError("it holds a null character")
    return value


def _read_path(value: Any) -> str:
    path = os.path.expanduser(_read_text(value))  # noqa: PTH111  pathlib raises where there is no home
    if path.startswith("~"):
        raise ValueError("this user has no home directory: give an absolute path")
    try:
        return os.path.abspath(path)  # noqa: PTH100  `..` is to be resolved without following links
    except OSError as error:
        raise ValueError(f"it is relative, and the current directory is gone ({error.strerror})") from None


def _read_record(value: Any) -> str:
    text = _read_text(value)
    return text if "://" in text else f"sqlite:///{_read_path(text)}"


def _read_drive(value: Any) -> str:
    text = _read_text(value)
    return text if "://" in text else _read_path(text)


def _read_folder(value: Any) -> str:
    return _read_path(value) if value else ""


def _read_key(value: Any) -> str:
    text = _read_text(value).strip()
    try:
        size = len(base64.b64decode(text, validate=True))
    except ValueError:
        raise ValueError("it is no base64") from None
    if text and size != KEY_BYTES:
        raise ValueError(f"it stands for {size} bytes")
    return text


def _read_globals(value: Any) -> dict[str, Any]:
    try:
        is_read = isinstance(value, dict)
        return decoding.from_plain(value if is_read else msgspec.json.decode(_read_text(value)), dict[str, Any])
    except msgspec.DecodeError as error:
        raise ValueError(f"it is no JSON object: {error}") from None


def _read_seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("it is no number")  # noqa: TRY004  the caller turns it into a SettingError
    try:
        seconds = float(value)
    except ValueError:
        raise ValueError("it is no number") from None
    if not math.isfinite(seconds) or seconds <= 0:
        raise ValueError("it is not above 0")
    return seconds


def _read_level(value: Any) -> int:
    name = _read_text(value).strip().upper()
    if name not in _LEVELS:
        raise ValueError("there is no such level")
    return _number_of(name)


def _number_of(level: str) -> int:
    return logging.getLevelNamesMapping()[level]


def _one_of(*words: str) -> Callable[[Any], str]:
    known = {word.lower(): word for word in words}

    def read(value: Any) -> str:
        word = known.get(_read_text(value).strip().lower())
        if word is None:
            raise ValueError("there is no such choice")
        return word

    return read


# fmt: off
TABLE: tuple[Setting, ...] = (
    Setting("home", "~/.runwright", "a directory",
            "Where the record, results and config.toml are. Cannot be set in config.toml.", _read_path),
    Setting("record", "sqlite:///<home>/record.db", "a path, sqlite:///PATH, postgresql://..., memory:// or http://HOST:PORT",
            "The record of every run.", _read_record),
    Setting("executor", "inline", "inline, threads, processes or dask, with a number as in threads:8, or dask://HOST:PORT",
            "Where attempts run when neither the flow nor the call says so.", _read_text),
    Setting("durability", "strict", "strict or batched",
            "strict: a success is on disk before anything that depends on it starts. batched: at most 50 ms later.",
            _one_of("strict", "batched")),
    Setting("synchronous", "FULL", "FULL or NORMAL",
            "FULL: a commit survives a power failure. NORMAL: it survives the end of the process.",
            _one_of("FULL", "NORMAL")),
    Setting("result_sync", "interval", "interval or commit",
            "When results are forced to disk. interval: when the flow run ends. commit: before each commit of events.",
            _one_of("interval", "commit")),
    Setting("lease_seconds", "45", "a number of seconds above 0",
            "How long a flow run stays reserved for a process that no longer answers.", _read_seconds),
    Setting("log_level", "INFO", "DEBUG, INFO, WARNING, ERROR or CRITICAL",
            "The least level of the log lines that are kept with a task run.", _read_level),
    Setting("color", "auto", "auto, always or never",
            "Whether the command line colours its tables. NO_COLOR and FORCE_COLOR come first.",
            _one_of("auto", "always", "never")),
    Setting("drive", "<home>/files", "a folder, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX",
            "Where the files of YAML flows are: of their executions and namespaces.", _read_drive),
    Setting("secrets_folder", "", "a directory, or nothing",
            "Where YAML flows find secrets beside the environment: a file for each.", _read_folder),
    Setting("encryption_key", "", "32 bytes as base64, or nothing",
            "What SECRET inputs are encrypted with on the record.", _read_key, is_secret=True),
    Setting("globals", "{}", "a JSON object",
            "What expressions of YAML flows see as `globals`.", _read_globals),
    Setting("retry_growth", "exponential", "exponential or linear",
            "How the waits of exponential retries of YAML flows grow: as documented, or as Kestra 0.21 has it.",
            _one_of("exponential", "linear")),
    Setting("automation_hosts", "", "names or addresses with commas between, each with :PORT or without",
            "Hosts that automations may send to although they are in no public network.", _read_text),
)
# fmt: on
BY_NAME: dict[str, Setting] = {setting.name: setting for setting in TABLE}


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that hold now; `environment` None means that of the process.

    Raises `SettingError`, which names where the value comes from and what it may be.
    """
    return Settings(**{setting.name: value for setting, value, _ in _resolve(environment)})


def sources(environment: Mapping[str, str] | None = None) -> list[Sourced]:
    """Return every setting, in the order of the table, with where its value comes from; raises `SettingError`."""
    return [Sourced(setting.name, _as_text(setting, value), source) for setting, value, source in _resolve(environment)]


def config_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return where `config.toml` is looked for, whether it is there or not."""
    home = _find(BY_NAME["home"], os.environ if environment is None else environment, {}, "")
    return Path(home[1]) / FILE_NAME


def _resolve(environment: Mapping[str, str] | None) -> list[tuple[Setting, Any, str]]:
    variables = os.environ if environment is None else environment
    path = config_path(variables)
    written = _read_file(path)
    home = str(path.parent)
    return [_find(setting, variables, written, home) for setting in TABLE]


def _find(
    setting: Setting, variables: Mapping[str, str], written: dict[str, Any], home: str
) -> tuple[Setting, Any, str]:
    raw, source = setting.default.replace("<home>", home), "default"
    if variables.get(setting.variable):
        raw, source = variables[setting.variable], f"environment variable {setting.variable}"
    elif setting.name in written:
        raw, source = written[setting.name], str(Path(home) / FILE_NAME)
    try:
        return setting, setting.read(raw), source
    except ValueError as reason:
        where = f"{setting.name} in {source}" if setting.name in written and source != "default" else source
        where = f"the default of {setting.name}" if source == "default" else where
        raise SettingError(
            f"{where} {_shown_as(setting, raw)}, but {reason}. It may be: {setting.allowed}."
            + (f" Set {setting.variable}." if source == "default" else "")
        ) from None


def _shown_as(setting: Setting, raw: Any) -> str:
    return "is not shown here" if setting.is_secret else f"is {_shown(raw)}"


def _shown(raw: Any) -> str:
    text = repr(raw)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"  # noqa: PLR2004  a line's width


def shown_record(url: str) -> str:
    """Return the URL of a record as it may be shown: without its password."""
    return without_password(url)


def _as_text(setting: Setting, value: Any) -> str:
    if setting.read is _read_record:
        return shown_record(value)
    if setting.is_secret:
        return HIDDEN if value else ""
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    if setting.read is _read_level:
        return next(name for name in _LEVELS if _number_of(name) == value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read_file(path: Path) -> dict[str, Any]:
    """Return what `config.toml` holds, nothing when it is not there; only a regular file of a sane size is read."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SettingError(f"{path} is not a regular file. Replace it by a text file, or remove it.")
        if found.st_size > _FILE_LIMIT:
            raise SettingError(f"{path} has {found.st_size} bytes, more than settings can take. Shorten it.")
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from None
    return _parse_file(path, content)


def _parse_file(path: Path, content: bytes) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415  most homes have no file

    try:
        written = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f'{path} is no valid TOML: {error}. Lines look like: log_level = "DEBUG"') from None
    if "home" in written:
        raise SettingError(f"{path} sets home, which decides where this file is: set {PREFIX}HOME instead.")
    for name in written:
        if name not in BY_NAME:
            known = ", ".join(name for name in BY_NAME if name != "home")
            raise SettingError(
                f"{path} sets {name!r}, which is no setting.{did_you_mean(name, BY_NAME)} Settings: {known}."
            )
    return written
