"""TriggerStateContract: what every store of trigger states must do, as tests. No test waits.

class TestMyStore(TriggerStateContract):
    @pytest.fixture
    def triggers(self):
        with closing(MyStore(...)) as store:
            yield store
"""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runwright.runs import FlowVersion
from runwright.trigger_states import TriggerState

if TYPE_CHECKING:
    from runwright.trigger_states import TriggerStates


def of(trigger: str = "daily", *, namespace: str = "company.team", flow: str = "report", **more: Any) -> TriggerState:
    """Return a state to keep that is on no record yet."""
    return TriggerState(namespace, flow, trigger, **more)


def names(states: list[TriggerState]) -> list[str]:
    """Return the ids of the triggers."""
    return [each.trigger for each in states]


class TriggerStateContract:
    """Subclass it as `Test...`, and give the fixture `triggers`."""

    def test_a_new_trigger_has_no_state(self, triggers: TriggerStates) -> None:
        """Which is no error."""
        assert triggers.find_trigger("company.team", "report", "daily") is None
        assert triggers.list_triggers() == triggers.due_triggers(1) == []
        assert not triggers.delete_trigger("company.team", "report", "daily")

    def test_a_state_comes_back_as_it_is_kept(self, triggers: TriggerStates) -> None:
        """Its times and its version are the store's."""
        kept = triggers.keep_trigger(of(due=7, is_disabled=True, data={"next": 7, "met": {"a": [1]}}, created=1))
        assert kept is not None
        assert (1, 7, True, {"next": 7, "met": {"a": [1]}}) == (kept.version, kept.due, kept.is_disabled, kept.data)
        assert kept.created == kept.updated > 1
        assert kept == triggers.find_trigger("company.team", "report", "daily")

    def test_a_state_is_written_over_the_version_that_was_read(self, triggers: TriggerStates) -> None:
        """It was created when the first one was."""
        first = triggers.keep_trigger(of())
        assert first is not None
        second = triggers.keep_trigger(replace(first, due=9))
        assert second is not None
        assert (2, 9, first.created) == (second.version, second.due, second.created)
        assert second == triggers.find_trigger("company.team", "report", "daily")

    def test_a_state_that_was_read_before_another_was_written_is_refused(self, triggers: TriggerStates) -> None:
        """What the other wrote stays."""
        first = triggers.keep_trigger(of())
        assert first is not None
        second = triggers.keep_trigger(replace(first, due=9))
        assert triggers.keep_trigger(replace(first, due=10)) is None
        assert triggers.keep_trigger(of(due=11)) is None
        assert second == triggers.find_trigger("company.team", "report", "daily")

    def test_a_state_that_was_deleted_meanwhile_is_refused(self, triggers: TriggerStates) -> None:
        """A new one begins again."""
        first = triggers.keep_trigger(of())
        assert first is not None
        assert triggers.delete_trigger("company.team", "report", "daily")
        assert triggers.keep_trigger(first) is None
        assert triggers.keep_trigger(of()) == triggers.find_trigger("company.team", "report", "daily")

    def test_what_is_due_comes_in_its_order(self, triggers: TriggerStates) -> None:
        """Later ones, those that never are and those that are turned off stay out."""
        for state in (
            of("second", due=2),
            of("first", due=1),
            of("later", due=4),
            of("never"),
            of("off", due=1, is_disabled=True),
            of("third", due=3, namespace="company"),
        ):
            triggers.keep_trigger(state)
        assert ["first", "second", "third"] == names(triggers.due_triggers(3))
        assert triggers.due_triggers(0) == []

    def test_lists_are_in_order(self, triggers: TriggerStates) -> None:
        """By namespace, flow and trigger, and of one namespace or flow where that is asked for."""
        for state in (of("b"), of("a"), of("c", flow="other"), of("d", namespace="company")):
            triggers.keep_trigger(state)
        assert ["d", "c", "a", "b"] == names(triggers.list_triggers())
        assert ["c", "a", "b"] == names(triggers.list_triggers("company.team"))
        assert ["a", "b"] == names(triggers.list_triggers("company.team", "report"))
        assert triggers.list_triggers("company.team", "none") == []

    @pytest.mark.parametrize("name", ["'; DROP TABLE trigger_state; --", "a\nb", "%", "snow \u2603", "n" * 1_000])
    def test_names_may_be_any_text(self, triggers: TriggerStates, name: str) -> None:
        """Who lets people choose them checks them."""
        kept = triggers.keep_trigger(TriggerState(name, name, name))
        assert kept == triggers.find_trigger(name, name, name)
        assert [kept] == triggers.list_triggers(name, name)
        assert triggers.delete_trigger(name, name, name)

    def test_what_a_reader_changes_stays_with_it(self, triggers: TriggerStates) -> None:
        """A state is given away as a copy."""
        kept = triggers.keep_trigger(of(data={"met": [1]}))
        assert kept is not None
        kept.data["met"].append(2)
        triggers.list_triggers()[0].data["met"].append(3)
        assert triggers.list_triggers()[0].data == {"met": [1]}

    def test_of_several_who_write_at_once_one_goes_ahead(self, triggers: TriggerStates) -> None:
        """Each time."""
        outcomes: list[bool] = []

        def go() -> None:
            for number in range(5):
                state = triggers.find_trigger("company.team", "report", "daily") or of()
                if state.version == number:
                    outcomes.append(triggers.keep_trigger(state) is not None)

        threads = [Thread(target=go) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        state = triggers.find_trigger("company.team", "report", "daily")
        assert state is not None
        assert outcomes.count(True) == state.version > 0

    def test_versions_of_flows_are_counted(self, triggers: Any) -> None:
        """One that is known already adds nothing."""
        before = triggers.count_flow_versions()
        for fingerprint in ("a", "b", "a"):
            triggers.register(FlowVersion("company.team/report", fingerprint))
        assert before + 2 == triggers.count_flow_versions()
