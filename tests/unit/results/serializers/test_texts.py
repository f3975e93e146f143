"""DateTimeSerializer: one moment, as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from runwright.errors import ResultSerializationError
from runwright.results import DateTimeSerializer, JSONSerializer, LocalResult, read_result, serializer_named

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment", [MOMENT, MOMENT.replace(tzinfo=None), MOMENT.astimezone(timezone(timedelta(hours=2)))]
)
def test_a_moment_comes_back_with_its_offset(moment):
    read = DateTimeSerializer().deserialize(DateTimeSerializer().serialize(moment))

    assert (moment, moment.utcoffset()) == (read, read.utcoffset())


def test_it_is_iso_text_that_others_can_write():
    assert b"2026-01-02T03:04:05.000006+00:00" == DateTimeSerializer().serialize(MOMENT)
    assert MOMENT.replace(microsecond=0) == DateTimeSerializer().deserialize(b"2026-01-02T03:04:05Z\n")


def test_what_is_no_moment_is_refused():
    with pytest.raises(ResultSerializationError, match="a str, cannot be stored by DateTimeSerializer"):
        DateTimeSerializer().serialize("today")
    with pytest.raises(ResultSerializationError, match="cannot be read back as a datetime"):
        DateTimeSerializer().deserialize(b"today")


def test_settings_are_compared():
    assert DateTimeSerializer() == DateTimeSerializer()
    assert DateTimeSerializer() != JSONSerializer()


def test_the_record_finds_it_again(tmp_path):
    ref = LocalResult(tmp_path, serializer=DateTimeSerializer()).write(MOMENT).ref

    assert ("datetime", DateTimeSerializer()) == (ref.serializer, serializer_named("datetime"))
    assert MOMENT == read_result(ref, tmp_path, allow_pickle=False)
