"""Documents: the state of a run as JSON, in SQL, from what the record keeps of it.

What is made here is what `runwright.state_documents` makes of the same state. A state that came as a document from a client
is given back as it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import release
from runwright.codec import USUAL_MESSAGES
from runwright.states import KIND_BY_NAME, TABLE
from runwright.stores.viewing import RESULT_CLASSES

if TYPE_CHECKING:
    from runwright.stores.sql.dialect import Dialect

_VERSION = f"'{release.version()}'" if release.version() else "NULL"
_REF = ("kind", "location", "serializer", "size", "checksum", "length", "place")
_NUMBERS = frozenset({"size", "length"})
_CODES = {name: kind.code for name, kind in KIND_BY_NAME.items()}


class Document:
    """The document of the state of one row; all arguments but the first are SQL. `details` has what comes with the state."""

    def __init__(self, dialect: Dialect, state: str, message: str, result: str, due: str, details: str) -> None:
        """Hold where the parts are."""
        self._d = dialect
        self._state = state
        self._result = result
        self._details = details
        self._given = dialect.key_json(details, "document")
        usual = " ".join(f"WHEN {code} THEN '{text}'" for code, text in USUAL_MESSAGES.items())
        self.message = f"coalesce({message},CASE {state} {usual} END)"
        self.due = due

    def result(self) -> str:
        """Return where the value is, null when it is nowhere."""
        d, ref = self._d, self._result
        fields = [
            (name, (d.key_integer if name in _NUMBERS else d.key_text)(ref, place)) for place, name in enumerate(_REF)
        ]
        given = d.json_text(d.key_json(self._details, "document", "_result"))
        return f"CASE WHEN {ref} IS NOT NULL THEN {d.json_text(d.object(fields))} ELSE {given} END"

    def text(self) -> str:
        """Return the whole document."""
        d = self._d
        time = [("start_time", self._time(self.due))]
        extra = {
            "Scheduled": time,
            "Paused": time,
            "Resume": time,
            "Retrying": [*time, ("run_count", self._number("run_count", "1"))],
            "Queued": [("state", "NULL"), *time],
            "Submitted": [("state", "NULL")],
            "ClientFailed": [("state", "NULL")],
            "Looped": [("loop_count", self._number("loop_count", "NULL"))],
            "Cached": [
                ("cached_parameters", self._json("cached_parameters")),
                ("cached_result_expiration", self._time(d.key_integer(self._details, "expires"))),
                ("hashed_inputs", self._json("hashed_inputs")),
            ],
        }
        mapped = d.with_pairs("made.o", [("n_map_states", self._number("children", "0"))])
        cases = [f"WHEN {_CODES['Mapped']} THEN {mapped}"]
        held = [("_result", d.embedded("made.r"))]
        cases += [
            f"WHEN {_CODES[name]} THEN {d.with_pairs('made.o', [*held, *pairs])}" for name, pairs in extra.items()
        ]
        chosen = f"CASE {self._state} {' '.join(cases)} ELSE {d.with_pairs('made.o', held)} END"
        made = f"(SELECT {chosen} FROM (SELECT {d.object(self._always())} AS o,{self._held()} AS r) made)"
        return f"coalesce({d.json_text(self._given)},{d.json_text(made)})"

    def _always(self) -> list[tuple[str, str]]:
        d = self._d
        names = " ".join(f"WHEN {kind.code} THEN '{kind.name}'" for kind in TABLE)
        empty = d.embedded("'{}'")
        return [
            ("type", f"CASE {self._state} {names} END"),
            ("__version__", _VERSION),
            ("message", self.message),
            ("context", empty),
            ("cached_inputs", empty),
        ]

    def _held(self) -> str:
        """Return the part that says where the result is, as JSON text."""
        d, ref = self._d, self._result
        kind, place = d.key_text(ref, 0), d.key_text(ref, 6)
        names = " ".join(f"WHEN '{name}' THEN '{title}'" for name, (title, _) in RESULT_CLASSES.items())
        common = [
            ("type", f"CASE {kind} {names} ELSE 'Result' END"),
            ("__version__", _VERSION),
            ("location", d.key_text(ref, 1)),
        ]
        cases = " ".join(
            f"WHEN '{name}' THEN {d.json_text(d.object([*common, (field, place)]))}"
            for name, (_, field) in RESULT_CLASSES.items()
            if field
        )
        lost = d.object([("type", "'Result'"), ("__version__", _VERSION), ("location", "NULL")])
        none = d.object([("type", "'NoResultType'"), ("__version__", _VERSION)])
        has_value = (
            f"{d.key_text(self._details, 'unstored')} IS NOT NULL OR {d.key_json(self._details, 'error')} IS NOT NULL"
        )
        return (
            f"CASE WHEN {ref} IS NOT NULL THEN CASE {kind} {cases} ELSE {d.json_text(d.object(common))} END"
            f" WHEN {has_value} THEN {d.json_text(lost)} ELSE {d.json_text(none)} END"
        )

    def _time(self, nanoseconds: str) -> str:
        return self._d.time_text(nanoseconds)

    def _number(self, key: str, otherwise: str) -> str:
        return f"coalesce({self._d.key_integer(self._details, key)},{otherwise})"

    def _json(self, key: str) -> str:
        return self._d.embedded(self._d.key_json(self._details, key))
