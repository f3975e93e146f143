"""Revisions: what has run stays where the tasks up to it are the same, and is refused where they are not."""

from __future__ import annotations

import pytest

from runwright.errors import IllegalTransition
from runwright.executions.chains import LONGEST, next_link
from runwright.executions.revisions import Fit
from runwright.flowables.compiling import compile_spec
from runwright.runs import FlowRun
from runwright.spec import parse_flow_spec
from runwright.states import KIND_BY_NAME


def graph(*tasks):
    """Return the graph of a flow of these tasks; `s(a b)` stands for a Sequential."""
    return compile_spec(parse_flow_spec("id: f\nnamespace: n\ntasks:\n" + "".join(map(_task, tasks))), lambda _: None)


def _task(name):
    task, is_list, inner = name.rstrip(")").partition("(")
    if not is_list:
        return f"  - {{id: {task}, type: debug.Return}}\n"
    listed = ", ".join(f"{{id: {each}, type: debug.Return}}" for each in inner.split())
    return f"  - {{id: {task}, type: flow.Sequential, tasks: [{listed}]}}\n"


def body(before, after, parent=None, kept=(0,)):
    """Return the ids of a list as it is now; the list was that of the flow, or of a task."""
    old, new = graph(*before), graph(*after)
    flowable = old.flowable if parent is None else next(node for node in old.nodes if node.slug == parent).flowable
    found = Fit(old, new, 2).body(parent, "tasks", flowable.bodies.tasks, kept)
    return [new.nodes[index].slug for index in found]


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        (["a", "b"], (0, 1)),
        (["a", "b", "c"], (0, 1)),
        (["a", "x", "y"], (0,)),
        (["a"], (0,)),
        (["x", "b"], (1,)),
        (["x"], ()),
    ],
)
def test_what_has_run_stays_and_what_comes_after_may_be_new(after, kept):
    assert after == body(["a", "b"], after, kept=kept)


@pytest.mark.parametrize("after", [["x", "a", "b"], ["b", "a"], ["b"], ["a(b)"], ["x(a)", "b"]])
def test_what_has_run_elsewhere_is_refused(after):
    with pytest.raises(
        IllegalTransition, match=r"Task 'a' has run, and in revision 2 .* Replay the execution from the start\."
    ):
        body(["a", "b"], after)


def test_lists_inside_are_found_by_the_task_that_has_them():
    assert ["b", "c"] == body(["s(b)", "z"], ["y", "s(b c)"], parent="s")
    with pytest.raises(IllegalTransition, match="Task 's' has run"):
        body(["s(b)"], ["t(b)"], parent="s")


def test_a_chain_of_executions_is_counted_and_ends():
    def row(**trigger):
        details = {"trigger": trigger} if trigger else {}
        return FlowRun(None, "r", "n/f", None, 1, KIND_BY_NAME["Success"].code, details=details)

    assert [1, 1, 8] == [next_link(each) for each in (row(), row(id="t"), row(id="t", link=7))]
    assert LONGEST == next_link(row(link=LONGEST - 1))
    with pytest.raises(Exception, match=f"{LONGEST} executions have started each other"):
        next_link(row(link=LONGEST))
