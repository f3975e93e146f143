"""Statistics over REST: executions, task runs and log lines of each day."""

from __future__ import annotations

import pytest

from runwright import clock
from runwright.clock import to_datetime


@pytest.fixture
def today():
    day = to_datetime(clock.now()).date().isoformat()
    return {"startDate": f"{day}T00:00:00Z", "endDate": f"{day}T23:59:59Z"}


def test_each_day_counts_its_executions_by_state(bench, today):
    bench.greet()
    bench.create("broken")
    bench.create("waiting")

    (day,) = bench.answer("POST", "/stats/executions/daily", json=today)
    (inside,) = bench.answer("POST", "/stats/executions/daily", json={**today, "namespace": "company.team"})
    (tasks,) = bench.answer("POST", "/stats/taskruns/daily", json=today)

    assert [today["startDate"], 3, 1, 1, 1, 0] == [
        day["startDate"], day["total"], *(day["executionCounts"][word] for word in ("SUCCESS", "FAILED", "PAUSED", "KILLED"))
    ]  # fmt: skip
    assert [2, 2] == [inside["total"], inside["duration"]["count"]]
    assert [5, 3] == [tasks["total"], tasks["executionCounts"]["SUCCESS"]]


def test_days_are_grouped_by_flow_and_namespace(bench, today):
    newest = bench.greet()
    flows = {"flows": [{"namespace": "company.team", "id": "greet"}]}

    assert (
        1
        == bench.answer("POST", "/stats/executions/daily/group-by-flow", json={**today, **flows})["company.team"][
            "greet"
        ][0]["total"]
    )
    assert (
        1 == bench.answer("POST", "/stats/executions/daily/group-by-namespace", json=today)["company.team"][0]["total"]
    )
    assert [newest] == [
        each["id"] for each in bench.answer("POST", "/stats/executions/latest/group-by-flow", json=flows)
    ]


def test_log_lines_are_counted_by_level(bench):
    line = bench.answer("GET", f"/logs/{bench.greet()}")[0]

    (day,) = bench.answer(
        "POST", "/stats/logs/daily", json={"startDate": line["timestamp"], "endDate": line["timestamp"]}
    )

    assert {"INFO": 1} == day["counts"]


def test_without_dates_the_last_thirty_days_are_meant(bench):
    assert 31 == len(bench.answer("POST", "/stats/executions/daily", json={}))


@pytest.mark.parametrize(
    "body", [{"startDate": "soon"}, {"startDate": "2020-01-01T00:00:00Z"}, {"endDate": "x"}, {"flows": [{"id": "x"}]}]
)
def test_what_cannot_be_counted_is_refused(bench, body):
    bench.answer("POST", "/stats/executions/daily", 422, json=body)
