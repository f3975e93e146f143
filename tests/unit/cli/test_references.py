"""Runs are named by ids, prefixes, names and paths; whatever may mean two runs is refused with both."""

from __future__ import annotations

import pytest
from tests.unit.backend.recorded import EXTRACT, START, RecordedRun, etl

from runwright import ids


@pytest.fixture
def two(store):
    """Return two flow runs of one name, a day apart."""
    day = 86_400_000_000_000
    return [RecordedRun(store, "nightly", start=START + count * day).start().commit() for count in range(2)]


def test_a_flow_run_has_five_names(runwright, run):
    text = str(run.id)
    for name in (text, text.replace("-", ""), text[:8], text[:12], "brisk-otter", "etl/brisk-otter"):
        assert text == runwright("fr", "get", name, "--json").data["id"]


def test_a_task_run_has_an_id_and_paths(runwright, run):
    text = str(run.task_run_id(6))
    for name in (
        text,
        "brisk-otter/fetch-1[1]",
        "brisk-otter/fetch[1]",
        f"{run.id}/fetch-1[1]",
        "etl/brisk-otter/fetch-1[1]",
    ):
        assert text == runwright("tr", "get", name, "--json").data["id"]


def test_the_id_of_an_event_names_its_task_run(runwright, run):
    event = ids.event_id(run.id, EXTRACT, 3)

    assert str(run.task_run_id(EXTRACT)) == runwright("tr", "get", str(event), "--json").data["id"]


def test_a_name_of_two_flow_runs_lists_both(runwright, two):
    outcome = runwright("fr", "get", "nightly")

    assert 4 == outcome.status
    first, *candidates = outcome.err.splitlines()
    assert "error: 'nightly' may mean 2 flow runs: name one of them" == first
    assert {str(run.id) for run in two} == {line.split()[0] for line in candidates}
    assert all("etl/nightly" in line and "Running" in line for line in candidates)


def test_a_slug_is_preferred_to_a_name_that_several_tasks_have(runwright, store):
    from runwright.runs import TaskInfo

    tasks = (TaskInfo("add-1", "add"), TaskInfo("add-2", "add"), TaskInfo("add", "other"))
    RecordedRun(store, flow="adding", tasks=tasks, edges=()).start().commit()

    assert "add" == runwright("tr", "get", "brisk-otter/add", "--json").data["slug"]
    assert "add-2" == runwright("tr", "get", "brisk-otter/add-2", "--json").data["slug"]


def test_a_name_of_two_tasks_lists_both(runwright, store):
    from runwright.runs import TaskInfo

    tasks = (TaskInfo("add-1", "add"), TaskInfo("add-2", "add"))
    RecordedRun(store, flow="adding", tasks=tasks, edges=()).start().commit()

    outcome = runwright("tr", "get", "brisk-otter/add")

    assert 4 == outcome.status
    assert "brisk-otter/add-1" in outcome.err
    assert "brisk-otter/add-2" in outcome.err


@pytest.mark.parametrize(
    ("command", "name", "status", "told"),
    [
        ("fr", "quiet-owl", 3, "No flow run 'quiet-owl' is on the record"),
        ("fr", "01a1f", 3, "No flow run '01a1f'"),
        ("fr", "00000000-0000-7000-8000-000000000000", 3, "No flow run 00000000-0000-7000-8000-000000000000"),
        ("tr", "00000000-0000-7000-8000-000000100000", 3, "No task run 00000000-0000-7000-8000-000000100000"),
        ("tr", "brisk-otter/fetsch-1", 3, "Some that it has: extract-1, fetch-1, load-1, parse-1"),
        ("tr", "brisk-otter/fetch-1[9]", 3, "has no child 9 that has begun; itself it is Mapped"),
        ("tr", "brisk-otter", 2, "write its id, or RUN/SLUG"),
        ("tr", "lte/brisk-otter/fetch-1", 3, "No flow run 'lte/brisk-otter'"),
    ],
)
def test_what_is_not_there_is_told(runwright, run, command, name, status, told):
    outcome = runwright(command, "get", name)

    assert (status, "") == (outcome.status, outcome.out)
    assert told in outcome.err


def test_a_task_run_is_named_by_the_digits_that_no_other_id_begins_with(runwright, run):
    name = str(run.task_run_id(EXTRACT))

    assert name == runwright("tr", "get", name[:31], "--json").data["id"]
    assert name == runwright("tr", "get", name[:31].replace("-", "").upper(), "--json").data["id"]


def test_digits_that_many_ids_begin_with_list_ten_of_them(runwright, run, store):
    etl(store, "calm-crow")
    outcome = runwright("tr", "get", str(run.id)[:8])

    assert 4 == outcome.status
    first, *candidates = outcome.err.splitlines()
    assert first.endswith("may mean more than 10 task runs: name one of them")
    assert 10 == len(candidates)


def test_digits_that_no_task_run_begins_with_find_none(runwright, run):
    assert 3 == runwright("tr", "get", "ffffff").status
    assert 3 == runwright("tr", "get", str(run.task_run_id(4_000))[:32]).status
    assert 2 == runwright("tr", "get", "fffff").status


def test_ids_of_one_kind_are_not_taken_for_the_other(runwright, run):
    assert "is the id of a task run: its flow run is" in runwright("fr", "get", str(run.task_run_id(EXTRACT))).err
    assert "is the id of a flow run" in runwright("tr", "get", str(run.id)).err
    assert "has no task run of its own" in runwright("tr", "get", str(run.task_run_id(4_000))).err


def test_a_shell_completes_names_of_flow_runs_and_states(store, run, monkeypatch, capsys):
    import click

    from runwright.cli.filters import StateNames
    from runwright.cli.references import complete_flow_runs

    etl(store, "brave-bear")
    context = click.Context(click.Command("ls"))

    assert ["brave-bear"] == complete_flow_runs(context, click.Argument(["run"]), "bra")
    found = StateNames().shell_complete(context, click.Argument(["state"]), "tri")
    assert ["TriggerFailed"] == [item.value for item in found]
