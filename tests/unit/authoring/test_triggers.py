"""Triggers: which upstream states let a task run."""

from __future__ import annotations

import pickle

import pytest

from runwright import Edge, Task, context, signals, states, triggers

SUCCESS, FAILED, SKIPPED, PENDING = states.Success, states.Failed, states.Skipped, states.Pending
TRIGGERFAIL = signals.TRIGGERFAIL


def upstream(*kinds):
    """Return a state of each kind, by the edge it comes along."""
    end = Task()
    return {Edge(Task(), end): kind() if isinstance(kind, type) else kind for kind in kinds}


def mapped(*kinds):
    return states.Mapped(map_states=[kind() for kind in kinds])


PASSING = [
    (
        "all_successful",
        [[], [SUCCESS], [SUCCESS, SKIPPED], [states.Cached, SUCCESS], [mapped(SUCCESS, SUCCESS)], [mapped()]],
    ),
    ("all_failed", [[], [FAILED], [FAILED, states.TriggerFailed], [mapped(FAILED)]]),
    ("all_finished", [[], [FAILED, SUCCESS, SKIPPED, states.Cancelled], [mapped(FAILED, SUCCESS)]]),
    ("any_successful", [[], [SUCCESS, FAILED], [SKIPPED], [mapped(FAILED, SUCCESS)]]),
    ("any_failed", [[], [SUCCESS, FAILED], [mapped(FAILED, SUCCESS)]]),
    ("not_all_skipped", [[SUCCESS], [SUCCESS, SKIPPED], [mapped(SUCCESS, SKIPPED)]]),
]
FAILING = [
    ("all_successful", "some of the upstream tasks failed.", [[FAILED, SUCCESS], [PENDING], [mapped(SUCCESS, FAILED)]]),
    ("all_failed", "some of the upstream tasks succeeded.", [[FAILED, SUCCESS], [mapped(SUCCESS, FAILED)]]),
    ("all_finished", "some of the upstream tasks were not finished.", [[PENDING, SUCCESS], [mapped(PENDING)]]),
    ("any_successful", "none of the upstream tasks succeeded.", [[FAILED], [mapped(FAILED)]]),
    ("any_failed", "none of the upstream tasks failed.", [[SUCCESS, SKIPPED], [mapped(SUCCESS)]]),
    ("not_all_skipped", "some of the upstream tasks failed.", [[FAILED, SKIPPED], [FAILED]]),
]


@pytest.mark.parametrize(("name", "kinds"), [(name, kinds) for name, cases in PASSING for kinds in cases])
def test_it_passes(name, kinds):
    assert getattr(triggers, name)(upstream(*kinds)) is True


@pytest.mark.parametrize(
    ("name", "text", "kinds"), [(name, text, kinds) for name, text, cases in FAILING for kinds in cases]
)
def test_it_fails_the_task_and_says_why(name, text, kinds):
    with pytest.raises(TRIGGERFAIL) as raised:
        getattr(triggers, name)(upstream(*kinds))
    assert f'Trigger was "{name}" but {text}' == raised.value.state.message
    assert isinstance(raised.value.state, states.TriggerFailed)


def test_when_all_were_skipped_this_one_is_too():
    for kinds in ([SKIPPED], [SKIPPED, SKIPPED], [mapped(SKIPPED)], []):
        with pytest.raises(signals.SKIP) as raised:
            triggers.not_all_skipped(upstream(*kinds))
        assert ("All upstreams were skipped", None) == (raised.value.state.message, raised.value.state.result)


def test_manual_only_waits_for_somebody():
    with pytest.raises(signals.PAUSE, match='Trigger function is "manual_only"'):
        triggers.manual_only(upstream(SUCCESS))
    with context(resume=True):
        assert triggers.manual_only(upstream(FAILED)) is True


@pytest.mark.parametrize(
    ("bounds", "passes"),
    [
        ({}, True),
        ({"at_least": 1}, True),
        ({"at_least": 2}, True),
        ({"at_least": 3}, False),
        ({"at_most": 2}, True),
        ({"at_most": 1}, False),
        ({"at_least": 0.5}, True),
        ({"at_least": 0.51}, False),
        ({"at_most": 0.5}, True),
        ({"at_most": 0.25}, False),
        ({"at_most": 0}, False),
        ({"at_least": 1, "at_most": 0.9}, True),
    ],
)
def test_counting_between_bounds(bounds, passes):
    """Two of four failed, two succeeded."""
    two_of_four = upstream(SUCCESS, FAILED, mapped(SUCCESS, FAILED))
    for trigger in (triggers.some_failed(**bounds), triggers.some_successful(**bounds)):
        if passes:
            assert trigger(two_of_four) is True
        else:
            with pytest.raises(TRIGGERFAIL, match=f'Trigger was "{trigger.name}" but thresholds were not met.'):
                trigger(two_of_four)


def test_counting_nothing_passes():
    assert triggers.some_failed(at_least=5)({}) is True


def test_a_counting_trigger_shows_its_bounds_and_travels():
    trigger = pickle.loads(pickle.dumps(triggers.some_failed(at_least=0.5)))
    assert "some_failed(at_least=0.5)" == repr(trigger) == trigger.__name__
    assert trigger(upstream(FAILED)) is True


def test_a_trigger_that_always_runs_is_one_that_waits_for_all():
    assert triggers.always_run is triggers.all_finished


def test_triggers_that_pass_on_plain_successes_say_so():
    for trigger in (triggers.all_successful, triggers.all_finished, triggers.any_successful):
        assert trigger.passes_on_success
        assert trigger({})
        assert trigger(upstream(SUCCESS, SUCCESS))
    assert not hasattr(triggers.not_all_skipped, "passes_on_success")
    assert not hasattr(triggers.all_failed, "passes_on_success")


def test_many_children_may_be_known_by_their_kinds_only():
    class Many(list):
        kinds = (SUCCESS(), FAILED())

        def __iter__(self):
            raise AssertionError("reading a million states from the record is what must not happen")

    million = states.Mapped(map_states=Many(), n_map_states=1_000_000)
    assert triggers.any_failed(upstream(million)) is True
    with pytest.raises(TRIGGERFAIL):
        triggers.all_successful(upstream(million))
