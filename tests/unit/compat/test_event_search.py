"""A search finds what looking at every document would find, and builds few of them where the log says enough."""

from __future__ import annotations

import re
from contextlib import closing

import msgspec
import pytest

from runwright import clock
from runwright.compat.event_filter import EventFilter
from runwright.compat.event_outlines import LABELS
from runwright.compat.event_search import EventSearch
from runwright.engine.transitions import is_legal
from runwright.events import EventKind
from runwright.states import KIND_BY_NAME, TABLE
from runwright.stores import open_store
from runwright.testing.fake_clock import FakeClock
from runwright.testing.scribe import NOON, Scribe

PENDING = KIND_BY_NAME["Pending"].code
FILTERS = [
    {},
    {"resource": {"labels": {"prefect.state-type": "FAILED"}}},
    {"resource": {"labels": {"prefect.state-type": ["FAILED", "!*ED"], "prefect.state-name": "!Failed"}}},
    {"resource": {"labels": {"prefect.state-message": "*broke*"}}},
    {"resource": {"labels": {"prefect.state-message": ""}}},
    {"resource": {"labels": {"prefect.orchestration": "client"}, "id_prefix": ["prefect.task-run."]}},
    {"resource": {"labels": {"prefect.resource.name": "first*"}}},
    {"resource": {"labels": {"prefect.resource.name": "own name", "prefect.state-type": "COMPLETED"}}},
    {"resource": {"labels": {"prefect.run-count": "2"}}},
    {"resource": {"labels": {"nothing": "!x"}}},
    {"resource": {"distinct": True}},
    {"resource": {"distinct": True, "labels": {"prefect.state-type": "RUNNING"}}},
    {"related": {"role": ["flow"], "labels": {"prefect.resource.name": "story"}}},
    {"related": [{"id": ["prefect.tag.nightly"]}, {"role": ["flow-run"], "labels": {"prefect.resource.name": "t*"}}]},
    {"any_resource": {"id": ["prefect.tag.nightly"]}},
    {"any_resource": {"labels": {"prefect.resource.name": "twice"}}},
    {"any_resource": [{"labels": {"prefect.state-type": "PENDING"}}, {"labels": {"prefect.resource.name": "once"}}]},
    {"id": {"id": []}, "text": {"query": "broke"}},
    {"text": {"query": '+"it broke" -again'}, "resource": {"labels": {"prefect.state-type": "FAILED"}}},
    {"event": {"prefix": ["prefect.task-run.R"]}, "text": {"query": "nightly"}},
]


def go_on(scribe, ordinal, state, **data):
    """Write that a task run is in a state, if it may come to it."""
    before = next((each.state for each in reversed(scribe.batch.events) if each.ordinal == ordinal), PENDING)
    if is_legal(before, KIND_BY_NAME[state].code, restart=False):
        scribe.enter(ordinal, state, message=f"It broke: {state}.", **data)


@pytest.fixture
def record():
    """Give a record of two flow runs, in which task runs went through all there is, one of them past a page of the log."""
    with FakeClock(NOON + 3_600 * clock.NANOSECONDS), closing(open_store("memory://")) as record:
        once = Scribe(record, name="once", tags=("nightly",)).start()
        stored = {
            "result": ["pack", "somewhere/deep.pack", "cloudpickle", 3, "00"],
            "cache_key": "reused",
            "expires": NOON,
        }
        for kind in TABLE:
            (child,) = once.map(2, 1)
            due = {"due": once.at + 1_000_000} if kind.event_type in {"SCHEDULED", "PAUSED"} else {}
            for name, data in (
                ("Running", {}),
                (kind.name, due),
                ("Running", {"name": "own name"}),
                ("Success", stored),
            ):
                go_on(once, child, name, **data)
        once.enter(1, "Scheduled", due=once.at + 60 * clock.NANOSECONDS).commit()
        twice = Scribe(record, name="twice", flow="other").start()
        twice.enter(1, "Paused").write(EventKind.ANNOTATED, 1, suspended=True).enter(1, "Paused", suspended=True)
        twice.run(2, ending="Failed", message="x" * 100_002).enter(0, "Failed", message="It broke.").commit()
        yield record


def resolved(conditions):
    which = msgspec.convert(conditions, EventFilter)
    which.occurred.since = clock.to_datetime(NOON - 3_600 * clock.NANOSECONDS)
    which.resolve(clock.utcnow())
    return which


def identities(record, which):
    search = EventSearch(record)
    return [each["id"] for each in search.documents(search.find(which))]


@pytest.mark.parametrize("page", [3, 5_000])
@pytest.mark.parametrize("conditions", FILTERS)
def test_what_is_found_is_what_the_filter_says_of_the_documents(record, conditions, page, monkeypatch):
    everything = EventSearch(record)
    documents = everything.documents(everything.find(resolved({})))
    which = resolved(conditions)
    expected = [each["id"] for each in documents if which.matches(each)]
    if which.resource and which.resource.distinct:
        newest = {
            each["resource"]["prefect.resource.id"]: each["id"] for each in reversed(documents) if which.matches(each)
        }
        expected = [each for each in expected if each in newest.values()]
    monkeypatch.setattr("runwright.compat.event_search._PAGE", page)

    assert expected == identities(record, which)
    assert 0 < len(documents)


@pytest.mark.parametrize(
    "conditions",
    [
        {
            "resource": {"labels": dict.fromkeys(LABELS, "?*")},
        },
        {
            "related": {"id": ["prefect.tag.nightly"]},
        },
        {"text": {"query": "broke"}, "resource": {"labels": {"prefect.state-type": "NOTHING"}}},
    ],
)
def test_where_the_log_says_enough_no_document_is_built(record, conditions, monkeypatch):
    others = [f"prefect.task-run.{name}" for name in ("Suspended", "Paused", "Late")]
    which = resolved({**conditions, "event": {"prefix": ["prefect.task-run."], "exclude_name": others}})
    expected = len(identities(record, which))
    monkeypatch.setattr(EventSearch, "document_of", lambda *_: pytest.fail("this was not needed"))

    assert expected == len(EventSearch(record).find(which))


@pytest.mark.parametrize("page", [3, 5_000])
def test_every_word_of_a_document_finds_it(record, page, monkeypatch):
    everything = EventSearch(record)
    documents = everything.documents(everything.find(resolved({})))
    texts = {each["id"]: msgspec.json.encode(each).decode().lower() for each in documents}
    words = set(re.findall(r"[^\W\d_]+|\w+|[^\s\"]+", " ".join(text[:20_000] for text in texts.values())))
    monkeypatch.setattr("runwright.compat.event_search._PAGE", page)

    assert words >= {"broke", "nightly", "somewhere", "cloudpickle", "reused", "own", "killed"}
    for word in sorted(each for each in words if len(each) <= 40 and each[0] not in "+-!")[:: 1 if page > 3 else 7]:
        expected = [identity for identity, text in texts.items() if word in text]
        assert expected == identities(record, resolved({"text": {"query": f'+"{word}"'}})), word


def test_a_word_that_is_nowhere_has_no_document_built(record, monkeypatch):
    built, build_one = [], EventSearch.document_of
    monkeypatch.setattr(EventSearch, "document_of", lambda search, one: built.append(one) or build_one(search, one))

    assert [] == EventSearch(record).find(resolved({"text": {"query": "xyzzy"}}))
    assert {"prefect.task-run.Suspended", "prefect.task-run.Late"} >= {
        each.name
        for each in built
        if each.name.startswith("prefect.task-run.") and each.name != "prefect.task-run.Paused"
    }


def test_documents_that_are_built_one_after_the_other_take_no_look_back(record, monkeypatch):
    which = resolved({"text": {"query": "completed"}})
    places, events = [], record.events
    monkeypatch.setattr(record, "events", lambda one: places.append(one) or events(one))

    assert EventSearch(record).find(which)
    assert [] == [one for one in places if one.ordinal and one.flow_run and not one.newest_first and one.limit > 1]


def test_the_newest_of_each_resource_is_told_by_its_id(record):
    search = EventSearch(record)
    found = search.find(resolved({}))

    assert [each["resource"]["prefect.resource.id"] for each in search.documents(found)] == list(
        map(search.resource_of, found)
    )
