"""Typed values come from documents, also where many threads want the first one of a type at once."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest

from runwright import decoding


class Point(msgspec.Struct):
    x: int
    y: int = 0


AT_ONCE = """
import sys, threading
import msgspec
from runwright import decoding
sys.setswitchinterval(1e-6)
def made(name, fields):
    kind = globals()[name] = msgspec.defstruct(name, fields, module=__name__)
    return kind
for number in range(150):
    made(f"Inner{number}", [(f"f{each}", "list[dict[str, int | None]]", []) for each in range(12)])
    own = [("one", f"Inner{number} | None", None), ("many", f"list[Inner{number}]", [])]
    kind = made(f"Outer{number}", own + [(f"g{each}", "dict[str, str] | None", None) for each in range(12)])
    barrier = threading.Barrier(3)
    def read():
        barrier.wait()
        for _ in range(3):
            decoding.from_plain({"one": {"f1": []}, "many": [{}], "g3": {"a": "b"}, "g11": {"a": "b"}}, kind)
    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


@pytest.mark.parametrize(
    ("read", "document"),
    [
        (decoding.from_json, b'{"x": 1, "y": 2}'),
        (decoding.from_json, '{"x": 1, "y": 2}'),
        (decoding.from_msgpack, msgspec.msgpack.encode({"x": 1, "y": 2})),
        (decoding.from_plain, {"x": 1, "y": 2}),
    ],
)
def test_values_of_a_type_are_read(read: Any, document: Any) -> None:
    assert Point(1, 2) == read(document, Point)
    assert [None] == decoding.from_json("[null]", list[Point | None])


@pytest.mark.parametrize(
    ("read", "document"),
    [
        (decoding.from_json, b'{"x": "1"}'),
        (decoding.from_msgpack, msgspec.msgpack.encode({"x": "1"})),
        (decoding.from_plain, {"x": "1"}),
    ],
)
def test_what_does_not_fit_is_refused(read: Any, document: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"Expected `int`, got `str` - at `\$\.x`"):
        read(document, Point)


def test_texts_are_numbers_where_that_is_wanted() -> None:
    assert Point(1) == decoding.from_plain({"x": "1"}, Point, strict=False)


def test_many_threads_may_want_the_first_of_a_type() -> None:
    """The bare library ends the process here, on nearly every run."""
    done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
