"""Flow run search: which flow runs a search means; it knows fewer qualifiers than that of task runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.states import KIND_BY_NAME
from runwright.ui.search import SearchError
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.ui.search import Term

QUALIFIERS = ("state", "phase", "flow", "run", "name", "after", "before")


def filter_of(terms: Sequence[Term], text: str) -> FlowRunFilter | None:
    """Return the filter that terms mean, None where nothing can match; raises `SearchError` for what is of task runs."""
    known: dict[str, Any] = {}
    states: set[str] | None = None
    for term in terms:
        if term.key not in QUALIFIERS or term.is_negated or term.operator != "=":
            start = text.find(term.text)
            message = f"Flow runs are found by {', '.join(QUALIFIERS)}: {term.text} is for task runs."
            raise SearchError(message, start, start + len(term.text))
        if term.key in {"state", "phase"}:
            wanted = set(term.value) if isinstance(term.value, tuple) else set()
            states = wanted if states is None else states & wanted
        else:
            known.update(_meant(term))
    if states is not None:
        if not states:
            return None
        known["states"] = tuple(sorted(states, key=lambda name: KIND_BY_NAME[name].code))
    return FlowRunFilter(**known, without_deleted=True)


def _meant(term: Term) -> dict[str, Any]:
    if term.key in {"run", "name"}:
        digits = str(term.value).replace("-", "").lower()
        is_id = 6 <= len(digits) <= 32 and all(digit in "0123456789abcdef" for digit in digits)  # noqa: PLR2004  digits of an id
        return {"id_prefix": digits} if is_id else {"name": term.value}
    return {{"flow": "flow", "after": "since", "before": "until"}[term.key]: term.value}
