"""Keys: the admin key of a server: preset, or made at the first start and kept in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from runwright.errors import SettingError
from runwright.server.auth import ApiKey, Principal, Role

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "RUNWRIGHT_API_KEY"
PREFIX = "rwk_"
"""What every key begins with that a server makes, so that scanners for secrets know one."""

SHORTEST_KEY = 16

_FILE = "server/api-key"
_LONGEST_FILE = 4_096


def admin_key(home: Path, given: str | None = None) -> tuple[ApiKey, bool]:
    """Return the key that admins use, and whether it was made just now.

    It is the one given, else that of `RUNWRIGHT_API_KEY`, else that of the file in `home`, else a new one, written there.
    Raises `SettingError` for one that is too short.
    """
    text, is_new = given or os.environ.get(VARIABLE) or read_key(home), False
    if text is None:
        text, is_new = PREFIX + secrets.token_urlsafe(32), True
        write_key(home, text)
    if len(text) < SHORTEST_KEY:
        raise SettingError(
            f"The key is shorter than {SHORTEST_KEY} characters: anybody could guess it. Give a longer one."
        )
    return ApiKey.from_text(text, Principal("admin", Role.ADMIN)), is_new


def key_path(home: Path) -> Path:
    """Return where the key of the server of a home is kept."""
    return home / _FILE


def read_key(home: Path) -> str | None:
    """Return the key in the file, None without one; raises `SettingError` when others could read it too."""
    path = key_path(home)
    try:
        found = path.stat()
        text = path.read_text(encoding="utf-8")[:_LONGEST_FILE].strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The key file {path} cannot be read ({error}): correct it, or remove it.") from None
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingError(f"Others may read the key file {path}: `chmod 600` it, or remove it to get a new key.")
    return text or None


def write_key(home: Path, text: str) -> None:
    """Write the key where only its owner can read it."""
    path = key_path(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
