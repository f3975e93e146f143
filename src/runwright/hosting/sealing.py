"""Sealing: what runs hand on with secrets in it: shown without them, and encrypted beside that for the runs that read it.

Whatever reads a record sees the first; only what flows on is opened, where it flows. Without a key nothing is encrypted, and what is
hidden is gone.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.hosting.masking import Mask
from runwright.runtime.attempt_scope import SEALED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runwright.hosting.encryption import Cipher

_KNOWN = 64


class Shown(NamedTuple):
    """Outputs as everybody may see them, and what they are, sealed: None where nothing was hidden, or there is no key."""

    outputs: dict[str, Any]
    sealed: str | None = None

    @property
    def extra(self) -> dict[str, str]:
        """Return what the record keeps beside them."""
        return {} if self.sealed is None else {SEALED: self.sealed}


class Opened(NamedTuple):
    """Outputs as they are, and the secrets that are in them."""

    outputs: dict[str, Any]
    secrets: tuple[str, ...] = ()


def shown(outputs: dict[str, Any], secrets: Sequence[str], cipher: Cipher) -> Shown:
    """Return outputs in which these secrets are hidden; raises `MissingExtra` where there is a key and not the library."""
    if not secrets:
        return Shown(outputs)
    hidden = _mask_of(tuple(secrets)).hide_in(outputs)
    if hidden == _mask_of(()).hide_in(outputs) or not cipher.has_key:
        return Shown(hidden)
    return Shown(hidden, cipher.encrypt(json.dumps({"outputs": outputs, "secrets": list(secrets)})))


def opened(sealed: str, cipher: Cipher) -> Opened:
    """Return what was sealed; raises `SettingError` without the key that it was sealed with."""
    content: Mapping[str, Any] = json.loads(cipher.decrypt(sealed))
    return Opened(content["outputs"], tuple(content["secrets"]))


@lru_cache(maxsize=_KNOWN)
def _mask_of(secrets: tuple[str, ...]) -> Mask:
    """Return the mask of some secrets: learning them takes longer than hiding them."""
    return Mask(secrets)
