"""Action: one thing that can be done to a run or a flow: when it cannot be and why, what it asks for, how it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from runwright.ui.actions.acting import Acting
    from runwright.ui.actions.field import Field
    from runwright.ui.actions.subject import Subject

    Refusal = Callable[[Subject], str]
    Fields = Callable[[Subject, dict[str, Any]], list[Field]]
    Carry = Callable[[Acting, Subject, "Asked"], str]

READ_ONLY = "These pages only read: open them from `runwright server start` to act on runs."
NOT_ALLOWED = "{name} may look, and not act: that takes the role operator."


class Asked(NamedTuple):
    """What somebody sent: who, an id that makes sending it twice ask once, and the fields of the form in order."""

    by: str
    request: UUID
    form: Sequence[tuple[str, Any]] = ()

    def get(self, name: str, usual: str = "") -> str:
        """Return the last value of a field that is a text."""
        found = [value for key, value in self.form if key == name and isinstance(value, str)]
        return found[-1] if found else usual


class Action(NamedTuple):
    """`name` is its word in addresses, `title` the one on buttons, `key` the one on the keyboard.

    `says` tells what follows, `done` what to say afterwards. `refusal` gives the reason why it cannot be done, empty when it
    can; `fields` what it asks for; `carry_out` does it and returns the address, below the base, to go to. `is_rare` ones stand
    behind the others.
    """

    name: str
    title: str
    says: Callable[[Subject], str]
    done: str
    refusal: Refusal
    carry_out: Carry
    fields: Fields = lambda _, __: []
    key: str = ""
    is_harmful: bool = False
    is_rare: bool = False


class Act(msgspec.Struct, frozen=True):
    """An action as a page offers it: `link` leads to its form, and is empty where `why` says why it cannot be done."""

    name: str
    title: str
    why: str = ""
    link: str = ""
    key: str = ""
    is_rare: bool = False
