"""CompressedSerializer: formats by name, and functions of the user."""

from __future__ import annotations

import zlib

import pytest

from runwright.errors import ResultSerializationError
from runwright.results import CompressedSerializer, DefaultSerializer, JSONSerializer, LocalResult, read_result


def shrink(data, level=1):
    return zlib.compress(data, level)


def grow(data, **_):
    return zlib.decompress(data)


def test_zlib_is_the_default():
    assert CompressedSerializer(JSONSerializer(), "zlib") == CompressedSerializer(JSONSerializer())


def test_arguments_go_to_the_library():
    value = "x" * 10_000
    small, large = (
        len(CompressedSerializer(JSONSerializer(), "zlib", compress_kwargs={"level": level}).serialize(value))
        for level in (9, 0)
    )

    assert 100 > small
    assert 10_000 < large


def test_functions_take_the_place_of_a_format():
    own = CompressedSerializer(JSONSerializer(), compress=shrink, decompress=grow, compress_kwargs={"level": 9})

    assert zlib.compress(b"[1]", 9) == own.serialize([1])
    assert [1] == own.deserialize(own.serialize([1]))


def test_what_functions_wrote_is_read_by_the_result_that_has_them(tmp_path):
    own = CompressedSerializer(DefaultSerializer(), compress=shrink, decompress=grow)
    ref = LocalResult(tmp_path, serializer=own).write([1]).ref

    assert "default+custom" == ref.serializer
    assert [1] == LocalResult(tmp_path, serializer=own).read_ref(ref).value
    with pytest.raises(ResultSerializationError, match=r"No serializer is named 'default\+custom'"):
        read_result(ref, tmp_path)


@pytest.mark.parametrize(("match", "settings"), [
    ("belong together", {"compress": shrink}),
    ("belong together", {"decompress": grow}),
    ("not both", {"format": "zlib", "compress": shrink, "decompress": grow}),
    ("cannot be compressed as 'rar': choose one of zlib, gzip, bz2, lzma", {"format": "rar"}),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(match, settings):
    with pytest.raises(ValueError, match=match):
        CompressedSerializer(JSONSerializer(), **settings)


def test_settings_are_compared():
    assert CompressedSerializer(JSONSerializer(), "bz2") == CompressedSerializer(JSONSerializer(), "bz2")
    assert CompressedSerializer(JSONSerializer(), "bz2") != CompressedSerializer(JSONSerializer(), "lzma")
    assert CompressedSerializer(JSONSerializer()) != CompressedSerializer(DefaultSerializer())
