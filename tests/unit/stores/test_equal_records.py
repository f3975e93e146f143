"""Every store makes the same of the same batches: the same rows to the byte, the same views, the same refusals."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from runwright.errors import RunwrightError
from runwright.events import Batch, Event, EventKind, LogLine, Metric
from runwright.result import ResultRef
from runwright.runs import FlowVersion, TaskInfo
from runwright.states import TABLE
from runwright.stores import open_store
from runwright.stores.sql.rows import DERIVED
from runwright.testing.scribe import NOON
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

REF = ResultRef("pack", "here", "json", 2, "00ff", None)
TASKS = (TaskInfo("first", "The first", ("a", "b")), TaskInfo("second", "The second", is_mapped=True))
COMPARED = (*DERIVED, "event", "flow", "task")
EMPTIED = (*COMPARED, "log_line", "metric", "lease", "request", "slot", "tag_slot")

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5) | st.sampled_from(
    ["\x00", "\ud800", '"\\']
)
data = st.fixed_dictionaries(
    {},
    optional={
        "message": texts,
        "name": texts,
        "due": st.integers(-(2**63), 2**63 - 1),
        "result": st.just(REF),
        "failed": st.just({"state": 16, "message": "No."}),
        "cache_key": st.sampled_from(["one", "two", "\x00"]),
        "extra": texts | st.integers() | st.lists(texts, max_size=2),
        "restart": st.booleans(),
    },
)


class Word(NamedTuple):
    """One thing that is written into a batch about one of two flow runs."""

    what: str
    run: int
    ordinal: int = 0
    state: int = 0
    count: int = 0
    data: dict | None = None
    is_wrong: bool = False


runs = st.integers(0, 1)
ordinals = st.integers(0, 6)
likely = st.sampled_from([5, 7, 9, 11, 11, 12, 13, 16, 22])
states = likely | st.integers(1, len(TABLE))
is_wrong = st.sampled_from([False] * 12 + [True])
running = st.builds(Word, st.just("run"), runs, ordinals, likely, data=data)
mapping = st.builds(Word, st.just("map"), runs, st.integers(0, 2), count=st.integers(0, 4), is_wrong=is_wrong)
words = st.one_of(
    running,
    running,
    running,
    running,
    mapping,
    st.builds(Word, st.just("again"), runs, ordinals, likely, data=data),
    st.builds(Word, st.just("enter"), runs, ordinals, states, data=st.none() | data, is_wrong=is_wrong),
    st.builds(Word, st.just("note"), runs, ordinals, data=data),
    st.builds(Word, st.just("log"), runs, ordinals, data=st.fixed_dictionaries({"message": texts})),
    st.builds(
        Word, st.just("measure"), runs, ordinals, count=st.integers(0, 9), data=st.fixed_dictionaries({"tag": texts})
    ),
    st.builds(Word, st.just("release"), runs),
)
stories = st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=12)
BEGINNING = [
    [Word("create", 0, data={"name": "older"}), Word("start", 0), Word("map", 0, 2, count=3)],
    [Word("create", 1, data={"extra": [1]}), Word("start", 1)],
]


class Author:
    """Writes words as batches, versions counted as long as batches are taken."""

    flow_runs = tuple(UUID(int=(7 << 76) | (2 << 62) | (number << 80)) for number in (1, 2))

    def __init__(self):
        self.at = NOON
        self.versions = {}
        self.attempts = {}
        self.ordinals = [1, 1]
        self.batch = Batch([], [], [])

    def write(self, word):
        place = word.run, word.ordinal
        if word.what == "create":
            self.event(EventKind.CREATED, word.run, 0, 1, {**(word.data or {}), "flow": "story", "flow_version": 1})
        elif word.what == "start":
            self.event(EventKind.STATE, word.run, 0, 8)
            self.event(EventKind.EXPANDED, word.run, 0, 0, {"first": self.ordinals[word.run], "tasks": 2})
            self.ordinals[word.run] += 2
        elif word.what == "enter":
            self.enter(word, word.state)
        elif word.what == "run":
            fresh = [each for each in range(1, self.ordinals[word.run]) if (word.run, each) not in self.versions]
            self.run(word._replace(ordinal=fresh[word.ordinal % len(fresh)] if fresh else word.ordinal))
        elif word.what == "again":
            begun = [ordinal for run, ordinal in self.versions if run == word.run and ordinal]
            self.run(word._replace(ordinal=begun[word.ordinal % len(begun)] if begun else word.ordinal))
        elif word.what == "map":
            first = self.ordinals[word.run] + word.is_wrong
            self.event(EventKind.EXPANDED, *place, 0, {"first": first, "count": word.count, "task": 1})
            self.ordinals[word.run] += word.count
        elif word.what == "note":
            self.event(EventKind.ANNOTATED, *place, 0, word.data)
        elif word.what == "log":
            self.batch.logs.append(
                LogLine(self.tick(), self.flow_runs[word.run], word.ordinal, 1, 20, "story", word.data["message"])
            )
        elif word.what == "measure":
            value = [0.5, float("nan"), float("inf")][word.count % 3]
            self.batch.metrics.append(
                Metric(self.tick(), self.flow_runs[word.run], word.ordinal, 1, "n", value, "gauge", word.data)
            )

    def run(self, word):
        self.enter(word._replace(data=None), 8)
        self.enter(word, word.state)

    def enter(self, word, state):
        place = word.run, word.ordinal
        if state == 8 and word.ordinal:
            self.attempts[place] = self.attempts.get(place, 0) + 1
        self.event(EventKind.STATE, *place, state, word.data, version=self.next_version(place) + word.is_wrong)

    def event(self, kind, run, ordinal, state=0, data=None, version=None):
        place = run, ordinal
        version = self.next_version(place) if version is None else version
        self.versions[place] = version
        self.batch.events.append(
            Event(
                self.tick(), self.flow_runs[run], ordinal, version, self.attempts.get(place, 0), int(kind), state, data
            )
        )

    def next_version(self, place):
        return self.versions.get(place, 1 if place[1] else 0) + 1

    def tick(self):
        self.at += 1_000
        return self.at

    def take_back(self, before):
        self.versions, self.attempts, self.ordinals = before
        self.batch = Batch([], [], [])


@pytest.fixture(scope="module")
def shared_url(postgres_server):
    yield postgres_server.url("equal_records")
    with postgres_server.connect() as db:
        db.execute("DROP SCHEMA IF EXISTS equal_records CASCADE")


@pytest.mark.timeout(400)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
    deadline=None,
    phases=[Phase.generate],  # to shrink a story takes minutes on databases
)
@given(story=stories)
def test_all_stores_make_the_same_of_a_story(story, shared_url, tmp_path_factory, postgres_server):
    path = tmp_path_factory.mktemp("records") / "record.db"
    urls = ("memory://", f"sqlite:///{path}", shared_url)
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(open_store(url, synchronous="NORMAL"))) for url in urls]
        with postgres_server.connect("equal_records") as db:
            db.execute(f"TRUNCATE {', '.join(EMPTIED)} RESTART IDENTITY")
        flow = FlowVersion("story", "one", TASKS, created=NOON)
        assert 1 == len({store.register(flow).id for store in stores})
        tell(stores, story)
        for view in views():
            found = [view(store) for store in stores]
            assert found[0] == found[1] == found[2], view
        assert [[], [], []] == [store.rebuild() for store in stores]
        for table in COMPARED:
            assert rows_of(stores[1], table) == rows_of(stores[2], table), table


def tell(stores, story):
    """Append the story batch by batch, each store hearing the same and answering the same."""
    author, released = Author(), set()
    held = [{run: store.acquire(run, "author", 60) for run in author.flow_runs} for store in stores]
    for number, batch in enumerate([*BEGINNING, *story]):
        before = dict(author.versions), dict(author.attempts), list(author.ordinals)
        for word in batch:
            author.write(word)
        answers = []
        for store, leases in zip(stores, held, strict=True):
            for word in batch:
                if word.what == "release":
                    store.release(leases[author.flow_runs[word.run]])
                    released.add((number, word.run))
            mine = Batch(
                [Event(*(getattr(e, f) for f in e.__struct_fields__)) for e in author.batch.events],
                author.batch.logs,
                author.batch.metrics,
            )
            answers.append(answer(partial(store.append, mine, leases)))
            for _, run in [each for each in released if each[0] == number]:
                leases[author.flow_runs[run]] = store.acquire(author.flow_runs[run], "author", 60)
        assert answers[0] == answers[1] == answers[2]
        if isinstance(answers[0], int):
            author.batch = Batch([], [], [])
        else:
            author.take_back(before)


def answer(append):
    try:
        return append()
    except RunwrightError as error:
        return type(error).__name__


def views():
    yield lambda store: store.flow_runs(FlowRunFilter())
    for conditions in (
        {},
        {"oldest_first": True},
        {"limit": 3},
        {"states": ("Failed", "Running")},
        {"states": ("Success",)},
        {"map_index": (0, 2)},
        {"map_index": (-1,), "task": "second"},
        {"task": "second", "is_mapped_child": True},
        {"flow_run": Author.flow_runs[0], "ordinals": (1, 3)},
        {"tags": ("b", "a")},
        {"parent": 2},
        {"cache_key": "one"},
        {"since": NOON + 20_000, "until": NOON + 50_000},
        {"after": (Author.flow_runs[0], 2)},
        {"after": (Author.flow_runs[0], 2), "oldest_first": True, "states": ("Pending", "Success")},
    ):
        which = TaskRunFilter(**conditions)
        yield lambda store, which=which: store.task_runs(which)
        for by in (None, "state", "task", "flow", "flow_run"):
            yield lambda store, which=which, by=by: store.count_task_runs(which, by)
    for run in Author.flow_runs:
        yield lambda store, run=run: list(store.iterate_events(run))
        yield lambda store, run=run: list(store.expansions(run))
        yield lambda store, run=run: store.logs(run)
        yield lambda store, run=run: [(m.at, m.ordinal, m.name, repr(m.value), m.tags) for m in store.metrics(run)]
        for ordinal in range(7):
            yield lambda store, run=run, ordinal=ordinal: store.attempts(run, ordinal)
            yield lambda store, run=run, ordinal=ordinal: store.events(EventFilter(flow_run=run, ordinal=ordinal))
    yield lambda store: list(store.iterate_events())


def rows_of(store, table):
    """Return the rows of a table, in one order."""
    with store._reading() as db:
        return sorted(map(tuple, db.execute(f"SELECT * FROM {table}").fetchall()), key=repr)
