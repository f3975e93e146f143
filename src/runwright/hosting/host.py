"""Host: all that one process offers to executions, made from settings and opened when it is first used.

It travels to other processes by its settings, with the values that its mask knows. All that arrive in a process with equal
settings are one there, so that its connections are made once.
"""

from __future__ import annotations

import json
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from runwright.drives import open_drive
from runwright.hosting.encryption import Cipher
from runwright.hosting.environment import envs_of
from runwright.hosting.masking import Mask, MaskingFilter
from runwright.hosting.record_values import RecordValues
from runwright.hosting.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runwright.drive import Drive
    from runwright.key_values import KeyValues

    Choices = tuple[str, str, str, str, str]

_arrived: dict[Choices, Host] = {}


class HostSettings(Protocol):
    """What of `runwright.settings.Settings` a host is made from."""

    @property
    def drive(self) -> str:
        """Return where files are: a path or URL."""
        ...

    @property
    def record(self) -> str:
        """Return the URL of the record."""
        ...

    @property
    def secrets_folder(self) -> str:
        """Return where secrets are, or an empty text."""
        ...

    @property
    def encryption_key(self) -> str:
        """Return the key, or an empty text."""
        ...

    @property
    def globals(self) -> Mapping[str, Any]:
        """Return what expressions see as `globals`."""
        ...


class Host:
    """Files, values, secrets, a cipher, and the mask that hides what was handed out."""

    def __init__(
        self,
        drive: str,
        record: str,
        *,
        secrets_folder: str = "",
        encryption_key: str = "",
        globals: Mapping[str, Any] | None = None,  # noqa: A002  that is what flows call it
        key_values: KeyValues | None = None,
    ) -> None:
        """Open nothing yet; `key_values` are those of a record that is open already."""
        self.secrets = Secrets(secrets_folder)
        self.cipher = Cipher(encryption_key)
        self.globals = dict(globals or {})
        self.key_values = RecordValues(record, key_values)
        self.mask = Mask()
        self._choices = drive, record, secrets_folder, encryption_key, json.dumps(self.globals)

    @classmethod
    def from_settings(
        cls, settings: HostSettings, *, record: str | None = None, key_values: KeyValues | None = None
    ) -> Host:
        """Return a host as the settings say; `record` is another path or URL than theirs, `key_values` an open record."""
        place = record or settings.record
        return cls(
            settings.drive,
            place if "://" in place else f"sqlite:///{os.path.abspath(place)}",  # noqa: PTH100  as the settings do
            secrets_folder=settings.secrets_folder,
            encryption_key=settings.encryption_key,
            globals=settings.globals,
            key_values=key_values,
        )

    @cached_property
    def drive(self) -> Drive:
        """Return where files are; raises `FilesError` for a place that is none."""
        return open_drive(self._choices[0])

    @cached_property
    def log_filter(self) -> MaskingFilter:
        """Return what hides secrets in the records of a logger that it is one of the `filters` of."""
        return MaskingFilter(self.mask)

    @property
    def envs(self) -> dict[str, str]:
        """Return what expressions see as `envs`."""
        return envs_of()

    def secret(self, name: str, namespace: str, subkey: str | None = None) -> str:
        """Return a secret, which the mask hides from now on; raises `SecretMissing`."""
        value = self.secrets.find(name, namespace, subkey)
        self.mask.learn(value)
        return value

    def decrypt(self, text: str) -> str:
        """Return what the cipher encrypted, which the mask hides from now on; raises `SettingError`."""
        value = self.cipher.decrypt(text)
        self.mask.learn(value)
        return value

    def __reduce__(self) -> tuple[Any, tuple[Choices, Mask]]:
        """Travel by the settings, with what the mask knows."""
        return _arrive, (self._choices, self.mask)


def _arrive(choices: Choices, mask: Mask) -> Host:
    host = _arrived.get(choices)
    if host is None:
        drive, record, folder, key, shared = choices
        host = _arrived.setdefault(
            choices, Host(drive, record, secrets_folder=folder, encryption_key=key, globals=json.loads(shared))
        )
    host.mask.learn(*mask.values)
    return host
