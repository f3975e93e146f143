"""Frames come out as they went in, however the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from runwright.executors.process_frames import Frame, Kind, Unpacker, packed


@pytest.mark.parametrize("size", [1, 7, 25, 26, 1_000])
def test_frames_are_put_together_from_chunks_of_any_size(size):
    frames = [Frame(Kind.CALL, 1, 2, b"body"), Frame(Kind.READY, 0, 0, b""), Frame(Kind.FINAL, 7, -1, b"x" * 99)]
    stream = b"".join(packed(Kind(each.kind), each.body, each.ordinal, each.attempt) for each in frames)
    unpacker = Unpacker()

    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]

    assert frames == [frame for chunk in chunks for frame in unpacker.feed(chunk)]


@given(strategies.lists(strategies.binary(max_size=60), max_size=6), strategies.integers(1, 50))
def test_no_byte_is_lost_or_invented(bodies, size):
    stream = b"".join(packed(Kind.PARTIAL, body, ordinal) for ordinal, body in enumerate(bodies))
    unpacker = Unpacker()

    frames = [frame for start in range(0, len(stream), size) for frame in unpacker.feed(stream[start : start + size])]

    assert list(enumerate(bodies)) == [(frame.ordinal, frame.body) for frame in frames]
