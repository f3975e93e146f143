"""Functions: what a template can call. Those that need a host are named here, and given by whoever renders."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.expressions.arithmetic import span
from runwright.expressions.date_patterns import formatted
from runwright.expressions.dates import zone_of
from runwright.expressions.faults import Fault, Missing
from runwright.expressions.ion import ion_value
from runwright.expressions.renderings import rendered
from runwright.expressions.signatures import Table
from runwright.expressions.text_filters import as_text
from runwright.expressions.values import entry, is_number, json_of, kind_of, names_in, order, text_of
from runwright.expressions.yaml_texts import yaml_value

if TYPE_CHECKING:
    from runwright.expressions.frames import Frame

HOST_FUNCTIONS = {
    "secret": "a secret by its key",
    "kv": "a value of the key-value store",
    "read": "the content of a file",
    "fileURI": "the address of a file of the namespace",
    "fileSize": "the size of a file",
    "fileExists": "whether there is a file",
    "isFileEmpty": "whether a file is empty",
    "encrypt": "a text, encrypted with a key",
    "decrypt": "a text, decrypted with a key",
    "http": "the answer of a web server",
    "errorLogs": "the log lines of failed tasks",
    "tasksWithState": "the task runs in a state",
    "loopOutputs": "the outputs of the rounds of a loop",
    "appLink": "the address of an app",
    "randomPort": "a free port",
}
FUNCTIONS = Table()

_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NANO_ALPHABET = "useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict"
_LONGEST_NUMBER = 77
_LONGEST_ID = 256


@FUNCTIONS.add("now", leading=1)
def _now(frame: Frame, format_: Any = "iso", time_zone: Any = "UTC") -> str:
    """Return the time, in a format and zone as the filter `date` takes them."""
    return formatted(clock.utcnow().astimezone(zone_of(time_zone)), as_text(format_, frame.budget))


@FUNCTIONS.add("fromJson", "json", leading=1)
def _from_json(frame: Frame, text: Any) -> Any:
    """Return the value of a JSON text."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise Fault(f"`fromJson` reads a text, and not {kind_of(text)}.")
    frame.budget.text(len(text))
    try:
        value = json.loads(text, parse_int=_integer)
    except ValueError as error:
        raise Fault(f"This is no JSON: {error}.") from None
    return frame.budget.weigh(value)


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(digits)


@FUNCTIONS.add("fromIon", leading=1)
def _from_ion(frame: Frame, text: Any) -> Any:
    """Return the value of an Ion text."""
    return None if text is None else ion_value(as_text(text, frame.budget), frame.budget)


@FUNCTIONS.add("yaml", leading=1)
def _from_yaml(frame: Frame, text: Any) -> Any:
    """Return the value of a YAML text: one document without tags."""
    return None if text is None else yaml_value(as_text(text, frame.budget), frame.budget)


@FUNCTIONS.add("render", leading=1)
def _render(frame: Frame, text: Any, recursive: Any = True) -> Any:  # noqa: FBT002  as it is written
    """Return a text with the expressions in it replaced, again until none is left; the texts in a map or list too."""
    return rendered(text, frame, is_recursive=recursive is True)


@FUNCTIONS.add("renderOnce", leading=1)
def _render_once(frame: Frame, text: Any) -> Any:
    """Return a text with the expressions in it replaced once; the texts in a map or list too."""
    return rendered(text, frame, is_recursive=False)


@FUNCTIONS.add("currentEachOutput", leading=1)
def _current_each_output(frame: Frame, outputs: Any) -> Any:
    """Return the outputs of a sibling task for the values of the iterations that the task run is in."""
    values = [entry_of(parent, "value") for parent in reversed(_parents(frame))]
    values.append(entry_of({"taskrun": frame.known().get("taskrun")}, "value"))
    for value in values:
        if value is None:
            continue
        try:
            outputs = entry(outputs, value)
        except LookupError:
            raise Fault(
                f"There is no output for the value `{text_of(value, frame.budget)[:60]}` of the iteration."
            ) from None
    return outputs


def _parents(frame: Frame) -> list[Any]:
    known = frame.known()
    parents = known.get("parents") or ([known["parent"]] if known.get("parent") else [])
    return list(parents) if isinstance(parents, list | tuple) else []


def entry_of(parent: Any, name: str) -> Any:
    """Return an entry of a parent's task run, None where there is none."""
    run = parent.get("taskrun") if isinstance(parent, Mapping) else None
    return run.get(name) if isinstance(run, Mapping) else None


@FUNCTIONS.add("uuid", leading=1)
def _uuid(_: Frame) -> str:
    """Return a new random UUID."""
    return str(uuid.uuid4())


@FUNCTIONS.add("id", leading=1)
def _id(_: Frame) -> str:
    """Return a new random id of letters and digits."""
    number, digits = uuid.uuid4().int, ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE_62[digit] + digits
    return digits


@FUNCTIONS.add("nanoId", leading=1)
def _nano_id(_: Frame, length: Any = 21, alphabet: Any = None) -> str:
    """Return a new random id of a length, from an alphabet."""
    signs = _NANO_ALPHABET if alphabet is None else alphabet
    if not isinstance(length, int) or not 0 < length <= _LONGEST_ID or not isinstance(signs, str) or not signs:
        raise Fault(f"`nanoId` needs a length from 1 to {_LONGEST_ID} and an alphabet.")
    return "".join(random.SystemRandom().choices(signs, k=length))


@FUNCTIONS.add("randomInt", leading=1)
def _random_int(_: Frame, lower: Any, upper: Any) -> int:
    """Return a random integer from `lower` up to `upper`, which is left out."""
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in (lower, upper)) or lower >= upper:
        raise Fault("`randomInt` needs two integers, the first less than the second.")
    return random.SystemRandom().randrange(lower, upper)


@FUNCTIONS.add("printContext", leading=1)
def _print_context(frame: Frame) -> str:
    """Return all variables as JSON."""
    return json_of(frame.budget.weigh(frame.known()))


@FUNCTIONS.add("fetchContext", leading=1)
def _fetch_context(frame: Frame) -> dict[str, Any]:
    """Return all variables as a map."""
    return frame.known()


@FUNCTIONS.add("block", leading=1)
def _block(frame: Frame, name: Any) -> str:
    """Return the text of a block that has been written before."""
    body = frame.blocks.get(name) if isinstance(name, str) else None
    if body is None:
        raise Missing(text_of(name, frame.budget), None, names_in(frame.blocks))
    return frame.captured(body)


@FUNCTIONS.add("range", leading=1)
def _range(frame: Frame, start: Any, end: Any, increment: Any = 1) -> list[Any]:
    """Return the integers, or letters, from one to another, both included."""
    return span(frame.budget, start, end, increment)


@FUNCTIONS.add("max", leading=1)
def _max(frame: Frame, *values: Any) -> Any:
    """Return the greatest of several values, or of a list."""
    return _most(frame, values, 1)


@FUNCTIONS.add("min", leading=1)
def _min(frame: Frame, *values: Any) -> Any:
    """Return the least of several values, or of a list."""
    return _most(frame, values, -1)


def _most(frame: Frame, values: Any, sign: int) -> Any:
    if len(values) == 1 and isinstance(values[0], list | tuple):
        values = values[0]
    if not values:
        raise Fault("Here a value is missing.")
    frame.budget.elements(len(values))
    best = values[0]
    for each in values:
        if not is_number(each) and not isinstance(each, str):
            order(each, best)
        if order(each, best) == sign:
            best = each
    return best
