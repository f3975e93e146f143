"""Secrets: values that nobody may see, by their names, from the environment and from the files of a folder.

`SECRET_<NAME>` in the environment is base64. In the folder, the file `<namespace>/<NAME>` is for a namespace and those below
it, and the file `<NAME>` for all. Nothing is remembered: a secret that is replaced is the new one at once.
"""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwright.errors import SecretMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "SECRET_"
LONGEST = 128 * 1024

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]{0,199}")


class Secrets:
    """The secrets of a process. `folder` empty means that there are none in files."""

    def __init__(self, folder: str = "", environment: Mapping[str, str] | None = None) -> None:
        """Look up nothing yet; `environment` None means that of the process."""
        self.folder = folder
        self.environment = environment

    def find(self, name: str, namespace: str, subkey: str | None = None) -> str:
        """Return a secret that a namespace may see; with `subkey`, that entry of its JSON object.

        Raises `SecretMissing`.
        """
        value = self._from_files(name, namespace)
        value = self._from_environment(name) if value is None else value
        if value is None:
            raise SecretMissing(f"There is no secret {_shown(name)}: {self._where(name)}.")
        return value if subkey is None else _entry(name, value, subkey)

    def names(self, namespace: str) -> list[str]:
        """Return the names of the secrets that a namespace may see, in order."""
        variables = os.environ if self.environment is None else self.environment
        found = {name.removeprefix(PREFIX) for name in variables if name.startswith(PREFIX)}
        for folder in self._folders(namespace):
            if folder.is_dir():
                found.update(each.name for each in folder.iterdir() if _NAME.fullmatch(each.name) and each.is_file())
        return sorted(found)

    def _from_environment(self, name: str) -> str | None:
        variables = os.environ if self.environment is None else self.environment
        variable = PREFIX + name.upper()
        encoded = variables.get(variable) if "\x00" not in name else None
        if encoded is None:
            return None
        try:
            return base64.b64decode("".join(encoded.split()), validate=True).decode()
        except ValueError:
            raise SecretMissing(
                f"The secret {_shown(name)} cannot be read: the environment variable {variable} is no base64 of a text. Set it "
                "to the output of `base64`."
            ) from None

    def _from_files(self, name: str, namespace: str) -> str | None:
        if not self.folder or not _NAME.fullmatch(name):
            return None
        for folder in self._folders(namespace):
            for path in dict.fromkeys((folder / name, folder / name.upper())):
                try:
                    if path.is_file():
                        return _text_of(name, path)
                except OSError as refused:
                    raise SecretMissing(
                        f"The secret {_shown(name)} cannot be read from {path}: {refused.strerror}. Check its permissions."
                    ) from None
        return None

    def _folders(self, namespace: str) -> Iterator[Path]:
        """Yield where secrets of a namespace are, the nearest first."""
        if not self.folder:
            return
        while namespace and _NAMESPACE.fullmatch(namespace) and ".." not in namespace:
            yield Path(self.folder, namespace)
            namespace = namespace.rpartition(".")[0]
        yield Path(self.folder)

    def _where(self, name: str) -> str:
        variable = f"set the environment variable {PREFIX}{_shown(name)[1:-1].upper()} to it in base64"
        return f"{variable}, or put it into a file of that name in {self.folder}" if self.folder else variable


def _text_of(name: str, path: Path) -> str:
    if path.stat().st_size > LONGEST:
        raise SecretMissing(f"The secret {_shown(name)} in {path} has more than {LONGEST} bytes: shorten it.")
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        raise SecretMissing(f"The secret {_shown(name)} in {path} is no text in UTF-8: write it as base64.") from None
    return text.removesuffix("\n").removesuffix("\r")  # editors end a file with a line's end


def _entry(name: str, value: str, subkey: str) -> str:
    try:
        found: Any = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SecretMissing(
            f"The secret {_shown(name)} is no JSON object, so it has no entry {_shown(subkey)}: leave `subkey` out."
        )
    if subkey not in found:
        raise SecretMissing(f"The secret {_shown(name)} has no entry {_shown(subkey)}: check `subkey`.")
    entry = found[subkey]
    return entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)


def _shown(name: str) -> str:
    text = ascii(name)
    return text if len(text) <= 100 else f"{text[:60]}...'"  # noqa: PLR2004  a part of a line
