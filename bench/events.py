"""Events: how many a server takes until they are committed, and what it costs to find some among many."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import apsw

from bench.limits import Meter

if TYPE_CHECKING:
    from runwright.store import Store

GOAL = 20_000
"""Events a second that are aimed at, until they are committed."""

_BATCH, _BATCHES, _AT_ONCE = 1_000, 60, 8


def measured_ingest() -> dict[str, Any]:
    """Return how fast a server takes events that many send at once, each answered when it is committed.

    The application is called as its HTTP server calls it; none may be missing at the end. The limit is the same bodies decoded
    by the bare library and written to the bare table with its indexes.
    """
    from runwright.open_records import open_record
    from runwright.server.app import create_app

    record = open_record()
    application = create_app(record)
    bodies = [_body(number) for number in range(_BATCHES)]
    with Meter() as meter:
        statuses = asyncio.run(_send_all(application, bodies))
    kept = _count(record)
    if set(statuses) != {204} or kept != _BATCH * _BATCHES:
        raise SystemExit(
            f"Of {_BATCH * _BATCHES} events {kept} are on record; the answers were {sorted(set(statuses))}."
        )
    bare = _bare(bodies)
    return {
        "bench": "event_ingest",
        "events": kept,
        "events_per_s": round(kept / meter.wall),
        "events_per_cpu_s": round(kept / meter.processor),
        "goal": GOAL,
        "limit": {"bare_events_per_s": round(kept / bare.wall), "bare_events_per_cpu_s": round(kept / bare.processor)},
    }


def measured_search(task_runs: int) -> dict[str, Any]:
    """Return the milliseconds of processor time of searches over the events of the configured record, beside reading all of its log."""
    from runwright import clock
    from runwright.compat.event_filter import EventFilter, EventName, Occurred, ResourceFilter, Words
    from runwright.open_records import open_record

    record = open_record()
    now = clock.now()
    record.keep_events([_received(number, now) for number in range(20_000)])
    newest = record.received_events(limit=1, newest_first=True)[0]
    minute = clock.to_datetime(now - 60 * clock.NANOSECONDS)
    filters = {
        "failed": EventFilter(event=EventName(name=["prefect.task-run.Failed"])),
        "of_flow_runs": EventFilter(event=EventName(prefix=["prefect.flow-run."])),
        "sent_by_name": EventFilter(event=EventName(name=["order.7"])),
        "sent_by_resource": EventFilter(
            event=EventName(prefix=["order."]), resource=ResourceFilter(id=[newest.resource])
        ),
        "before_all": EventFilter(
            occurred=Occurred(until=minute), event=EventName(name=["prefect.task-run.Completed"])
        ),
        "by_label": EventFilter(resource=ResourceFilter(labels={"prefect.state-type": "FAILED"})),
        "by_a_word": EventFilter(text=Words("xyzzy")),
    }
    found = {name: _milliseconds(record, which) for name, which in filters.items()}
    start = time.process_time()
    count = sum(1 for _ in record.iterate_events())
    whole = (time.process_time() - start) * 1e3
    return {
        "bench": "event_search",
        "task_runs": task_runs,
        "events_of_log": count,
        "cpu_ms": {name: {"p50": milliseconds, "found": size} for name, (milliseconds, size) in found.items()},
        "limit": {"reading_the_log_ms": round(whole, 1)},
    }


def _milliseconds(record: Store, which: Any) -> tuple[float, int]:
    from runwright import clock
    from runwright.compat.event_search import EventSearch

    which.resolve(clock.utcnow())
    times: list[float] = []
    size = 0
    for _ in range(5):
        start = time.process_time()
        search = EventSearch(record)
        found = search.find(which)
        search.documents(found[:50])
        times.append((time.process_time() - start) * 1e3)
        size = len(found)
    return round(sorted(times)[2], 2), size


async def _send_all(application: Any, bodies: list[bytes]) -> list[int]:
    waiting, statuses = list(bodies), list[int]()

    async def send() -> None:
        while waiting:
            statuses.append(await _post(application, waiting.pop()))

    await asyncio.gather(*(send() for _ in range(_AT_ONCE)))
    return statuses


async def _post(application: Any, body: bytes) -> int:
    """Return the status that the application answers with."""
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/api/events", "raw_path": b"/api/events",
        "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 4_200),
        "headers": [(b"host", b"127.0.0.1:4200"), (b"content-length", str(len(body)).encode())],
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await application(scope, receive, send)
    return statuses[0]


def _event(batch: int, number: int) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "occurred": "2026-11-28T20:00:00.000000Z",
        "event": f"order.{number % 50}",
        "resource": {"prefect.resource.id": f"order.{batch}.{number}", "prefect.resource.name": "an order"},
        "related": [{"prefect.resource.id": "shop.1", "prefect.resource.role": "shop"}],
        "payload": {"number": number, "color": "red", "lines": [1, 2, 3]},
    }


def _received(number: int, now: int) -> Any:
    from runwright.received_events import ReceivedEvent

    event = _event(0, number)
    return ReceivedEvent(uuid4(), now, event["event"], event["resource"]["prefect.resource.id"], now, event)


def _body(batch: int) -> bytes:
    return json.dumps([_event(batch, number) for number in range(_BATCH)]).encode()


def _count(record: Store) -> int:
    count = after = 0
    while page := record.received_events(after, limit=5_000):
        count, after = count + len(page), page[-1].cursor
    return count


def _bare(bodies: list[bytes]) -> Meter:
    import msgspec

    connection = apsw.Connection(str(Path(os.environ["RUNWRIGHT_HOME"]) / "limit-events.db"))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE event (cursor INTEGER PRIMARY KEY, id BLOB UNIQUE, at, name, resource, body)")
    connection.execute("CREATE INDEX by_name ON event (name, cursor)")
    connection.execute("CREATE INDEX by_resource ON event (resource, cursor)")
    with Meter() as meter:
        for body in bodies:
            rows = [
                (each["id"], 1, each["event"], each["resource"]["prefect.resource.id"], msgspec.json.encode(each))
                for each in msgspec.json.decode(body)
            ]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO event (id, at, name, resource, body) VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
    connection.close()
    return meter
