"""Tasks that start and follow flow runs: what they refuse, and their names in the alias."""

from __future__ import annotations

import pytest

from runwright import context
from runwright.context import activate, deactivate
from runwright.ids import new_flow_run_id
from runwright.tasks.flow_runs import create_flow_run, get_task_run_result, wait_for_flow_run


@pytest.mark.parametrize("given", [{}, {"flow_id": "x", "flow_name": "y"}])
def test_a_flow_is_named_one_way(given):
    with pytest.raises(ValueError, match="one of `flow_id` and `flow_name`, and not both"):
        create_flow_run.run(**given)


def test_a_flow_run_does_not_wait_for_itself():
    own = str(new_flow_run_id(1))
    token = activate({**context.to_dict(), "flow_run_id": own})
    try:
        with pytest.raises(ValueError, match="pass it on inside the flow instead"):
            get_task_run_result.run(own, "a-1")
    finally:
        deactivate(token)


@pytest.mark.parametrize("follow", [wait_for_flow_run.run, lambda run: get_task_run_result.run(run, "a-1")])
def test_a_flow_run_that_there_is_not_is_an_error(runwright_record, follow):
    with pytest.raises(ValueError, match="No flow runs found"):
        follow(str(new_flow_run_id(1)))


@pytest.mark.parametrize("given", [{"flow_id": str(new_flow_run_id(1))}, {"flow_name": "nobody"}])
def test_a_flow_that_there_is_not_is_an_error(runwright_record, given):
    with pytest.raises(ValueError, match="There is no flow"):
        create_flow_run.run(**given)
