"""FlowContext: what a flow run takes over from around it."""

from __future__ import annotations

from runwright import Flow, context
from runwright.runtime.flow_context import flow_context, inherited


def test_values_of_the_user_are_taken_over():
    with context(mine=1, raise_on_exception=True, date="2020-01-01"):
        assert {"mine": 1, "raise_on_exception": True, "date": "2020-01-01"} == inherited()


def test_what_belongs_to_another_run_is_not():
    with context(flow_run_id="x", flow_name="f", parameters={"a": 1}, task_run_id="y", task_loop_count=3, map_index=2):
        assert {} == inherited()


def test_what_belongs_to_a_flow_that_is_being_built_is_not():
    with Flow("outer"):
        assert {} == inherited()


def test_days_around_are_for_the_date_around():
    with context(date="2020-01-01", today="new year"):
        assert "new year" == flow_context(Flow("f"), {}, None)["today"]
        assert "2021-05-06" == flow_context(Flow("f"), {"date": "2021-05-06"}, None)["today"]


def test_checkpointing_around_counts():
    with context(checkpointing=False):
        assert False is flow_context(Flow("f"), {}, None)["checkpointing"]
    assert True is flow_context(Flow("f"), {}, None)["checkpointing"]
