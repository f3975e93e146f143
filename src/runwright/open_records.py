"""Open records: those that this process has open, each once, and what guards their leases.

Who needs a record asks here by its URL; `app` puts what runs on it together.
"""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from runwright import settings, stores
from runwright.stores.urls import is_address, runs_nothing

if TYPE_CHECKING:
    from runwright.lease_guard import LeaseGuard
    from runwright.store import Store

_open_records: dict[tuple[str, int, bool], Store] = {}
_addresses: dict[str, str] = {}
_guards: dict[tuple[str, int], LeaseGuard] = {}
_records_lock = threading.Lock()


def open_record(url: str | None = None, *, read_only: bool = False, is_patient: bool = False) -> Store:
    """Return the record at `url` (default: the configured one), opened once for each process.

    `is_patient` waits for half a minute for a PostgreSQL server that does not answer, as one that is restarting.
    """
    url = url or settings.load().record
    if "://" not in url:
        url = f"sqlite:///{url}"
    key = url, os.getpid(), read_only
    with _records_lock:
        store = _open_records.get(key)
        if store is None:
            store = _open_records[key] = _open(url, read_only=read_only, is_patient=is_patient)
            # By the URL that it shows it is found again, although that lacks the password.
            _open_records.setdefault((store.url, os.getpid(), read_only), store)
            _addresses[store.url] = url
    return store


def open_to_run(url: str | None = None, *, is_patient: bool = False) -> Store:
    """Return a record that flows are run on, as `open_record` does; raises `RecordError` for one that a server has."""
    store = open_record(url, is_patient=is_patient)
    if is_address(store.url):
        raise runs_nothing(store.url)
    return store


def address_of(url: str) -> str:
    """Return what a record is opened with whose URL, as it shows it, is this one: that may lack a password."""
    return _addresses.get(url, url)


def guard_of(store: Store) -> LeaseGuard | None:
    """Return what renews leases on a record when this process cannot; None for one that no other process can open."""
    if store.url not in _addresses or is_address(store.url) or store.url.startswith("memory:"):
        return None
    with _records_lock:
        key = store.url, os.getpid()
        if key not in _guards:
            from runwright.lease_guard import LeaseGuard  # noqa: PLC0415  a short flow run needs little of it

            _guards[key] = LeaseGuard(_addresses[store.url])
        return _guards[key]


def close_records() -> None:
    """Close every record that this process has open."""
    with _records_lock:
        for guard in [guard for (_, process), guard in _guards.items() if process == os.getpid()]:
            guard.stop()
        for store in {id(store): store for store in _open_records.values()}.values():
            store.close()
        _guards.clear()
        _open_records.clear()
        _addresses.clear()


def _open(url: str, *, read_only: bool, is_patient: bool) -> Store:
    known = settings.load()
    # A server that this process has a record at is only away for a moment when it does not answer now.
    was_there = any(known_url == url for known_url, _, _ in _open_records)
    return stores.open_store(
        url,
        read_only=read_only,
        synchronous=known.synchronous,
        home=Path(known.home),
        is_patient=is_patient or was_there,
    )


atexit.register(close_records)
