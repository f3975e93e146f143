"""Functions: what expressions can call of their host, under the documented names, bound to one execution.

They return plain data. What goes wrong in one becomes the error of the expression that called it, with its place.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.errors import did_you_mean
from runwright.hosting.encryption import Cipher
from runwright.hosting.file_access import FileAccess, Place
from runwright.hosting.web import fetch
from runwright.states import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runwright.hosting.host import Host

_STATES = frozenset(kind.execution for kind in TABLE)


def _nothing() -> Iterable[Any]:
    return ()


class Reads(NamedTuple):
    """What the runtime knows of an execution, asked for only when a function needs it.

    `relatives` are the executions it comes from and those it started, `error_logs` the error lines of its failed tasks
    (`taskId`, `message`, ...), `tasks` its task runs (`taskId`, `state`, and `value` in an iteration).
    """

    relatives: Callable[[], Iterable[Place]] = _nothing
    error_logs: Callable[[], Iterable[Mapping[str, Any]]] = _nothing
    tasks: Callable[[], Iterable[Mapping[str, Any]]] = _nothing


NOTHING = Reads()


def host_functions(
    host: Host, place: Place, reads: Reads = NOTHING, handed: Callable[[str], None] | None = None
) -> dict[str, Callable[..., Any]]:
    """Return the functions for expressions of the execution at `place`, by their names. Nothing is opened before a call.

    The host's mask learns every secret that they hand out, and `handed` is told of it, for whoever hides these and no others.
    """
    files = FileAccess(lambda: host.drive, place, reads.relatives)
    values = _Values(host, place.namespace, handed)
    return {
        "secret": values.secret,
        "kv": values.kv,
        "encrypt": values.encrypt,
        "decrypt": values.decrypt,
        "read": files.read,
        "fileURI": files.uri_of,
        "fileSize": lambda uri: files.require(uri).size,
        "fileExists": lambda uri: files.find(uri) is not None,
        "isFileEmpty": lambda uri: files.require(uri).size == 0,
        "errorLogs": lambda: [dict(line) for line in reads.error_logs()],
        "tasksWithState": lambda state: _in_state(reads.tasks(), state),
        "http": fetch,
        "randomPort": _free_port,
    }


class _Values:
    """The functions that give values of a namespace, with the documented names of their arguments."""

    def __init__(self, host: Host, namespace: str, handed: Callable[[str], None] | None) -> None:
        self.host = host
        self.namespace = namespace
        self.handed = handed

    def secret(self, key: str, namespace: str | None = None, subkey: str | None = None) -> str:
        """Return a secret of the namespace, or of one above it; the mask knows it from now on."""
        chosen = namespace or self.namespace
        if not f"{self.namespace}.".startswith(f"{chosen}."):
            raise LookupError(
                f"Secrets of the namespace {chosen!r} are not for flows of {self.namespace!r}: a flow has those of its own "
                "namespace and of the ones above it"
            )
        return self._hidden(self.host.secret(_text(key, "key"), chosen, subkey))

    def kv(self, key: str, namespace: str | None = None, errorOnMissing: bool = True) -> Any:  # noqa: FBT001, FBT002, N803  as flows write it
        """Return the value under a key, None where there is none and that is no error."""
        chosen = namespace or self.namespace
        found = self.host.key_values.find_value(chosen, _text(key, "key"))
        if found is None and errorOnMissing:
            raise LookupError(
                f"there is no value under the key {key!r} in the namespace {chosen!r}. Set it, or write errorOnMissing=false"
            )
        return None if found is None else found.value

    def encrypt(self, key: str, text: str) -> str:
        """Return a text, encrypted with a key: 32 bytes in base64."""
        return Cipher(_text(key, "key")).encrypt(_text(text, "text"))

    def decrypt(self, key: str, text: str) -> str:
        """Return what `encrypt` made a text of; the mask knows it from now on."""
        return self._hidden(Cipher(_text(key, "key")).decrypt(_text(text, "text")))

    def _hidden(self, value: str) -> str:
        self.host.mask.learn(value)
        if self.handed is not None:
            self.handed(value)
        return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"`{what}` is to be a text that is not empty")
    return value


def _in_state(tasks: Iterable[Mapping[str, Any]], state: str) -> list[dict[str, Any]]:
    wanted = _text(state, "state").upper()
    if wanted not in _STATES:
        raise ValueError(f"there is no state {state!r}.{did_you_mean(wanted, _STATES)}")
    return [dict(each) for each in tasks if each.get("state") == wanted]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
