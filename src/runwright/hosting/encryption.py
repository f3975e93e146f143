"""Encryption: texts that nobody reads without the key, such as SECRET inputs on the record. The one module that knows cryptography.

An encrypted text begins with its version, so that a later one can read it too: `rw1:` and, in base64, twelve random bytes and
what AES-256-GCM makes of the text. Needs the extra `runwright[encryption]`.
"""

from __future__ import annotations

import base64
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runwright.errors import MissingExtra, SettingError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORM = "rw1:"
KEY_BYTES = 32

_NONCE_BYTES = 12


class Cipher:
    """Encrypts and decrypts with one key, base64 of 32 bytes. An empty one fails only when it is used."""

    def __init__(self, key: str) -> None:
        """Hold the key."""
        self._key = key

    @property
    def has_key(self) -> bool:
        """Say whether there is a key."""
        return bool(self._key)

    def encrypt(self, text: str) -> str:
        """Return the encrypted text; raises `SettingError` without a key, `MissingExtra` without the library."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._library.encrypt(nonce, text.encode(), FORM.encode())
        return FORM + base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, text: str) -> str:
        """Return what was encrypted; raises `SettingError` for another key and for a text that is not as it was."""
        library = self._library
        if not is_encrypted(text):
            raise SettingError(
                f"This is no encrypted text: it does not begin with {FORM}. Encrypt it with `encrypt` first."
            )
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  there is a key, so the library is there

        try:
            data = base64.urlsafe_b64decode(text.removeprefix(FORM))
            return library.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], FORM.encode()).decode()
        except (InvalidTag, ValueError):
            raise SettingError(
                "The text cannot be decrypted: it was encrypted with another key, or was changed. Give the key that it was "
                "encrypted with."
            ) from None

    @cached_property
    def _library(self) -> AESGCM:
        return _library_for(self._key)

    def __reduce__(self) -> tuple[type[Cipher], tuple[str]]:
        """Travel by the key."""
        return Cipher, (self._key,)

    def __repr__(self) -> str:
        """Return whether there is a key, which is not shown."""
        return f"Cipher({'a key' if self._key else 'no key'})"


def is_encrypted(text: Any) -> bool:
    """Say whether a text is one that a cipher made."""
    return isinstance(text, str) and text.startswith(FORM)


def _library_for(key: str) -> AESGCM:
    if not key:
        raise SettingError(
            "There is no key to encrypt with: set RUNWRIGHT_ENCRYPTION_KEY to 32 random bytes in base64, such as the output of "
            "`head -c 32 /dev/urandom | base64`."
        )
    try:
        data = base64.b64decode(key, validate=True)
    except ValueError:
        data = b""
    if len(data) != KEY_BYTES:
        raise SettingError(f"A key to encrypt with is {KEY_BYTES} bytes in base64, and this is none.")
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  an optional library
    except ImportError as missing:
        raise MissingExtra(
            "Encryption needs the extra runwright[encryption]: pip install 'runwright[encryption]'."
        ) from missing
    return AESGCM(data)
