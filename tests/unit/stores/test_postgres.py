"""A PostgreSQL record: its schema, who may open it, and what it takes."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg
import pytest
from tests.postgres_server import raw

from runwright.errors import (
    RecordError,
    RecordFull,
    RecordTooNew,
    RecordUnreachable,
    RecordUnreadable,
)
from runwright.stores import open_store
from runwright.stores.postgres import connection, schema
from runwright.stores.sql import migrations
from runwright.stores.urls import without_password
from runwright.testing.scribe import Scribe
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter


@pytest.fixture
def store(postgres_url):
    with closing(open_store(postgres_url)) as store:
        yield store


def damage(url, *statements):
    with raw(url) as db:
        for statement in statements:
            db.execute(statement)


def raw_connection(store: Any) -> Any:
    return store._readers.lend()


def test_a_record_is_a_schema_that_says_so(store, postgres_url):
    with raw(postgres_url) as db:
        assert (schema.newest_version(), 0) == db.execute("SELECT version, rebuilds FROM runwright").fetchone()
        assert ("record_",) == db.execute("SELECT left(current_schema(), 7)").fetchone()


def test_both_dialects_have_the_same_tables():
    def columns(dialect):
        text = "".join(script for _, script in migrations(dialect))
        tables = [part.partition(");")[0].splitlines() for part in text.split("CREATE TABLE ")[1:]]
        return {
            lines[0].split()[0]: [
                line.split()[0] for line in lines[1:] if line.startswith("    ") and line[4:5].islower()
            ]
            for lines in tables
        }

    tables = columns("sqlite")
    assert ["only", "cursor"] == tables.pop("deleted_event")  # how SQLite gives no cursor twice
    assert tables == {name: found for name, found in columns("postgres").items() if name != "runwright"}


def test_both_dialects_have_the_same_migrations():
    assert [number for number, _ in migrations("sqlite")] == [number for number, _ in migrations("postgres")]


@pytest.mark.parametrize(("expected", "given"), [("on", "FULL"), ("off", "NORMAL")])
def test_commits_are_synced_as_asked(postgres_url, expected, given):
    with closing(connection.connect(postgres_url, synchronous=given)) as db:
        assert [(expected,)] == db.execute("SHOW synchronous_commit").fetchall()
        assert [("1min",)] == db.execute("SHOW statement_timeout").fetchall()
        assert [("30s",)] == db.execute("SHOW lock_timeout").fetchall()
        assert [("1min",)] == db.execute("SHOW idle_in_transaction_session_timeout").fetchall()


def test_tables_of_another_program_are_left_alone(postgres_url):
    with raw(postgres_url) as db:
        name = db.execute("SHOW search_path").fetchone()[0]
        db.execute(f"CREATE SCHEMA {name}")
        db.execute("CREATE TABLE event (x integer)")

    with pytest.raises(RecordUnreadable, match=r"tables of another program \(event\)"):
        open_store(postgres_url)
    with pytest.raises(RecordUnreadable, match="is empty"):
        open_store(postgres_url, read_only=True)
    with raw(postgres_url) as db:
        assert [("event",)] == db.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace", (name,)
        ).fetchall()


def test_what_is_not_there_is_not_made_for_readers(postgres_url):
    with pytest.raises(RecordUnreadable, match="is empty"):
        open_store(postgres_url, read_only=True)
    with raw(postgres_url) as db:
        assert (None,) == db.execute("SELECT current_schema()").fetchone()


def test_a_record_may_be_in_the_schema_that_everybody_has(postgres_server):
    with postgres_server.connect() as db:
        db.execute("CREATE DATABASE plain")
    try:
        url = postgres_server.url("public").replace("/postgres?", "/plain?").partition("&options")[0]
        with closing(open_store(url)) as store:
            Scribe(store).start().commit()
        with closing(open_store(url, read_only=True)) as store:
            assert ["once"] == [run.name for run in store.flow_runs(FlowRunFilter())]
    finally:
        with postgres_server.connect() as db:
            db.execute("DROP DATABASE plain WITH (FORCE)")


@pytest.mark.parametrize("read_only", [False, True])
def test_a_later_record_is_not_touched(store, postgres_url, read_only):
    damage(postgres_url, f"UPDATE runwright SET version = {schema.newest_version() + 1}")

    with pytest.raises(RecordTooNew, match="upgrade"):
        open_store(postgres_url, read_only=read_only)


def test_an_earlier_record_is_for_writers_to_bring_up_to_date(store, postgres_url):
    damage(postgres_url, "UPDATE runwright SET version = 0")

    with pytest.raises(RecordUnreadable, match="is empty"):
        open_store(postgres_url, read_only=True)


@pytest.mark.parametrize("url", ["postgresql://", "postgresql://localhost/x?nonsense=1", "postgresql://h:port/x"])
def test_what_is_no_url_of_a_record_is_refused(url):
    with pytest.raises(RecordUnreadable):
        open_store(url)


def test_a_server_that_does_not_answer_is_told_from_a_record_that_is_none(tmp_path):
    with pytest.raises(RecordUnreachable, match="check that it runs"):
        open_store(f"postgresql://somebody:secret@/any?host={tmp_path}")


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("postgresql://me@host/db", "postgresql://me:secret@host/db"),
        ("postgresql://me@/db?host=/run/pg", "postgresql://me:@/db?host=/run/pg&password=secret"),
        ("postgresql://host:5432,other/db", "postgresql://host:5432,other/db"),
        ("postgresql://...", "postgresql://[me:secret@host"),
        ("sqlite:////a:b@c", "sqlite:////a:b@c"),
    ],
)
def test_passwords_are_not_shown(expected, given):
    assert expected == without_password(given)


def test_what_was_recorded_is_there_after_opening_again(postgres_url):
    with closing(open_store(postgres_url)) as store:
        scribe = Scribe(store).start().run(1)
        cursor = scribe.commit()
        before = store.task_runs(TaskRunFilter())
    with closing(open_store(postgres_url)) as store:
        assert before == store.task_runs(TaskRunFilter())
        scribe.store = store
        assert cursor + 2 == scribe.run(2).commit()
        assert [] == store.rebuild()


def test_a_reader_cannot_write(store, postgres_url):
    scribe = Scribe(store).start()
    scribe.commit()
    with closing(open_store(postgres_url, read_only=True)) as reader:
        assert [] == reader.rebuild()
        assert [] == reader.find_damage()
        scribe.store = reader
        with pytest.raises(RecordError, match="reading only"):
            scribe.run(1).commit()
        with pytest.raises(RecordError, match="reading only"):
            reader.rebuild(replace=True)
        with pytest.raises(RecordUnreadable, match="read-only"), raw_connection(reader) as db:
            db.execute("DELETE FROM event")


def test_a_role_that_may_only_read_reads(store, postgres_url):
    Scribe(store).start().commit()
    with raw(postgres_url) as db:
        name = db.execute("SELECT current_schema()").fetchone()[0]
        db.execute(f"CREATE ROLE reader_{name} LOGIN")
        db.execute(f"GRANT USAGE ON SCHEMA {name} TO reader_{name}")
        db.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO reader_{name}")
    url = postgres_url.replace("postgres:@", f"reader_{name}@")
    try:
        with closing(open_store(url, read_only=True)) as reader:
            assert 2 == len(reader.task_runs(TaskRunFilter()))
        with closing(open_store(url)) as writer, pytest.raises(RecordUnreadable, match="permission denied"):
            Scribe(writer)
    finally:
        damage(postgres_url, f"DROP OWNED BY reader_{name}", f"DROP ROLE reader_{name}")


def test_a_closed_record_says_so(store):
    scribe = Scribe(store)
    store.close()
    store.close()

    with pytest.raises(RecordError, match="closed"):
        scribe.commit()
    with pytest.raises(RecordError, match="closed"):
        store.task_runs(TaskRunFilter())


def test_a_full_disk_is_told_as_one():
    full = psycopg.errors.DiskFull("could not extend file")

    with pytest.raises(RecordFull, match="free some space"), connection.explained("postgresql://x"):
        raise full


@pytest.mark.parametrize("due", [1 << 80, 1.5, "soon", "1,2", "{", '"', ')","(', "\\"])
def test_a_value_that_does_not_fit_stops_its_batch_alone(store, due):
    scribe = Scribe(store).start()
    scribe.commit()
    before = store.events(EventFilter())
    scribe.enter(1, "Retrying", due=due)

    with pytest.raises(RecordError, match="nothing was recorded"):
        scribe.commit()
    assert before == store.events(EventFilter())
    assert [] == store.rebuild()


@pytest.mark.parametrize(
    "text", ["", "NULL", '"', "\\", "{a,b}", '(a,"b")', '\\",)"', "a'b", "%s %(x)s", ":x ?", "\N{SNOWMAN}\t\r\n\x7f"]
)
def test_any_text_comes_back_as_it_was(store, text):
    scribe = Scribe(store, name=text or "once").start()
    scribe.enter(1, "Running", name=text).enter(1, "Failed", message=text, error={text: text}).log(1, text)
    scribe.measure(1, text, 1.5, tag=text)
    scribe.commit()

    (row,) = store.task_runs(TaskRunFilter(task="first", flow_run_name=text or "once"))
    assert (text, text, {"error": {text: text}}) == (row.name, row.message, row.details)
    assert [text] == [line.message for line in store.logs(scribe.flow_run)]
    assert [(text, {"tag": text})] == [(each.name, each.tags) for each in store.metrics(scribe.flow_run)]
    assert [] == store.rebuild()


def test_looking_for_what_no_text_can_hold_is_no_error(store):
    Scribe(store, name="a\x00b").start().commit()

    assert [] == store.task_runs(TaskRunFilter(flow="\ud800\x00"))
    assert 2 == len(store.task_runs(TaskRunFilter(flow_run_name="a\x00b")))


def test_a_cache_key_with_a_null_character_stops_no_commit(store):
    scribe = Scribe(store).start().run(1, ending="Cached", cache_key="a\x00b", note="\x00")
    scribe.commit()

    assert 1 == len(store.task_runs(TaskRunFilter(cache_key="a\x00b")))
