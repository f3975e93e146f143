"""Serializers give values back, name themselves for the record, and turn every failure into one readable error."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import pickle
import re
import socket
import subprocess
import sys
import threading
import zlib

import pytest
from hypothesis import given, settings, strategies as st

from runwright.errors import ResultSerializationError
from runwright.results import serializers
from runwright.results.serializers import (
    DEFAULT,
    CloudpickleSerializer,
    CompressedSerializer,
    DefaultSerializer,
    JSONSerializer,
    PickleSerializer,
    deserialize_with,
    is_data_only,
    name_of_data,
    serialize_with,
    serializer_named,
)

LIBRARIES = {"zlib": zlib, "gzip": gzip, "bz2": bz2, "lzma": lzma}


class RaisesWhenPickled:
    def __reduce__(self):
        raise OSError("no pickle today")


class RecursesWhenPickled:
    def __reduce__(self):
        return RecursesWhenPickled, (RecursesWhenPickled(),)


class RaisesWhenRead:
    def __reduce__(self):
        return int, ("not a number",)


class Hostile:
    """Raises whatever is asked of it, and cannot be pickled."""

    def __init__(self):
        self.lock = threading.Lock()

    def refuse(self, *_):
        raise RuntimeError("refused")

    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = refuse


class Unnamed:
    """A serializer of a user that keeps to less than the contract."""

    name = "unnamed"

    def serialize(self, value):
        return {"known": b"known"}[value]

    def deserialize(self, data):
        return {b"known": "known"}[data]


def cyclic():
    endless = []
    endless.append(endless)
    return endless


def deep():
    value = threading.Lock()
    for _ in range(5000):
        value = [value]
    return value


UNPICKLABLE = {
    "lock": threading.Lock,
    "generator": lambda: (each for each in ()),
    "socket": socket.socket,
    "raises": RaisesWhenPickled,
    "recurses": RecursesWhenPickled,
    "hostile": Hostile,
    "deep": deep,
    "frame": sys._getframe,
}


@pytest.fixture(params=UNPICKLABLE)
def unpicklable(request):
    value = UNPICKLABLE[request.param]()
    yield value
    if isinstance(value, socket.socket):
        value.close()


@pytest.mark.parametrize("serializer", [
    JSONSerializer(), CloudpickleSerializer(), DefaultSerializer(), CompressedSerializer(JSONSerializer(), "lzma"),
], ids=lambda each: each.name)  # fmt: skip
def test_no_value_gets_past_the_one_error(serializer, unpicklable):
    with pytest.raises(ResultSerializationError, match="The result"):
        serializer.serialize(unpicklable)


@pytest.mark.parametrize(("expected", "value"), [
    ("result['rows'][1] is a complex", {"rows": [1, 1j]}),
    ("result is nested more than 100 levels deep, or contains itself", cyclic()),
])  # fmt: skip
def test_json_says_what_it_cannot_keep_and_where(expected, value):
    with pytest.raises(ResultSerializationError) as error:
        JSONSerializer().serialize(value)

    where = "[0]" * 100 if "contains itself" in expected else ""
    assert expected.replace("result ", f"result{where} ", 1) in str(error.value)
    assert "CloudpickleSerializer()" in str(error.value)


def test_the_default_says_why_neither_way_worked():
    with pytest.raises(ResultSerializationError) as error:
        DEFAULT.serialize({"rows": (each for each in ())})

    assert "a dict, cannot be pickled" in str(error.value)
    assert "result['rows'] is a generator" in str(error.value)
    assert "checkpoint=False" in str(error.value)


def test_a_value_that_cannot_even_be_shown_is_named_by_its_type():
    with pytest.raises(ResultSerializationError, match="The result, a Hostile, cannot be pickled"):
        DEFAULT.serialize(Hostile())


def test_a_pickle_that_raises_when_it_is_read_is_an_error_to_read():
    data = DEFAULT.serialize(RaisesWhenRead())

    with pytest.raises(ResultSerializationError, match="ValueError: invalid literal"):
        DEFAULT.deserialize(data)


@settings(max_examples=200)
@given(st.binary())
def test_bytes_that_nobody_wrote_raise_the_one_error(data):
    for serializer in (JSONSerializer(), CompressedSerializer(JSONSerializer(), "zlib")):
        try:
            serializer.deserialize(data)
        except ResultSerializationError as error:
            assert "cannot be read back" in str(error)  # noqa: PT017  some bytes are JSON by chance


@pytest.mark.parametrize("value", [cyclic(), lambda: 5, {"a": {1j}}], ids=["cyclic", "lambda", "set"])
def test_what_json_cannot_keep_is_pickled(value):
    name, data = DEFAULT.serialize_named(value)
    back = DEFAULT.deserialize(data)

    assert "cloudpickle" == name
    assert type(value) is type(back)
    if callable(value):
        assert value() == back()


def test_what_json_keeps_is_not_pickled():
    assert ("json", b'{"$tuple":[1,"a"]}') == DEFAULT.serialize_named((1, "a"))
    assert (1, "a") == DEFAULT.deserialize(b'{"$tuple":[1,"a"]}')


def test_base64_of_a_pickle_is_read_too():
    assert {"a": 1j} == PickleSerializer().deserialize(base64.b64encode(pickle.dumps({"a": 1j}, 4)))


@pytest.mark.parametrize("format_", LIBRARIES)
def test_compressed_values_are_in_the_format_that_is_named(format_):
    serializer = CompressedSerializer(JSONSerializer(), format_)

    assert b'"aaaa"' == LIBRARIES[format_].decompress(serializer.serialize("aaaa"))
    assert "aaaa" == serializer.deserialize(LIBRARIES[format_].compress(b'"aaaa"'))
    assert f"json+{format_}" == serializer.name


def test_equal_values_compress_to_equal_bytes():
    """The time would be in the header of gzip; a checksum must not depend on it."""
    assert b"\x00\x00\x00\x00" == CompressedSerializer(JSONSerializer(), "gzip").serialize(1)[4:8]


def test_an_unknown_format_is_refused_when_it_is_chosen():
    with pytest.raises(ValueError, match="'rar': choose one of zlib, gzip, bz2, lzma"):
        CompressedSerializer(JSONSerializer(), format="rar")


def test_compression_keeps_track_of_what_the_default_took():
    serializer = CompressedSerializer(DEFAULT)

    assert ["json+zlib", "cloudpickle+zlib"] == [serializer.serialize_named(value)[0] for value in (1, 1j)]
    assert [1, 1j] == [serializer.deserialize(serializer.serialize(value)) for value in (1, 1j)]


def test_equality_is_by_type_and_settings():
    assert JSONSerializer() == JSONSerializer()
    assert JSONSerializer() != CloudpickleSerializer()
    assert PickleSerializer() == CloudpickleSerializer()
    assert CompressedSerializer(JSONSerializer()) == CompressedSerializer(JSONSerializer(), format="zlib")
    assert CompressedSerializer(JSONSerializer()) != CompressedSerializer(CloudpickleSerializer())
    assert CompressedSerializer(JSONSerializer()) != CompressedSerializer(JSONSerializer(), "gzip")
    assert 2 == len({JSONSerializer(), JSONSerializer(), CompressedSerializer(DEFAULT), CompressedSerializer(DEFAULT)})


@pytest.mark.parametrize("inner", ["json", "cloudpickle", "default"])
@pytest.mark.parametrize("format_", ["", "+zlib", "+gzip", "+bz2", "+lzma"])
def test_every_serializer_is_found_by_its_own_name(inner, format_):
    found = serializer_named(inner + format_)

    assert inner + format_ == found.name
    assert [1, (2,)] == found.deserialize(found.serialize([1, (2,)]))
    assert (inner == "json") == is_data_only(found.name)


@pytest.mark.parametrize("name", ["", "eval", "os.system", "json+rar", "json+zlib+zlib", "JSON", "json2", "pickle"])
def test_a_name_that_is_not_on_the_list_is_refused(name):
    for ask in (serializer_named, is_data_only):
        with pytest.raises(ResultSerializationError, match=re.escape(f"No serializer is named {name!r}")):
            ask(name)


class TestSerializersOfUsers:
    """They are used by the contract, whatever they raise."""

    def test_bytes_and_name_are_taken_from_it(self):
        assert ("unnamed", b"known") == serialize_with(Unnamed(), "known")
        assert "known" == deserialize_with(Unnamed(), "unnamed", b"known")

    def test_what_it_raises_becomes_the_one_error(self):
        with pytest.raises(ResultSerializationError, match="a str, cannot be stored with Unnamed: KeyError: 'other'"):
            serialize_with(Unnamed(), "other")
        with pytest.raises(ResultSerializationError, match="as bytes of Unnamed: KeyError"):
            deserialize_with(Unnamed(), "unnamed", b"other")

    def test_a_listed_name_is_read_by_the_listed_serializer(self):
        assert 5 == deserialize_with(Unnamed(), "json", b"5")

    def test_a_name_of_someone_else_is_refused(self):
        with pytest.raises(ResultSerializationError, match="No serializer is named 'unnamed'"):
            deserialize_with(DEFAULT, "unnamed", b"known")

    def test_without_a_name_it_is_the_one_to_read(self):
        assert "known" == deserialize_with(Unnamed(), "", b"known")
        assert ["unnamed", "json", "cloudpickle"] == [
            name_of_data(*each) for each in ((Unnamed(), b"known"), (DEFAULT, b"5"), (DEFAULT, pickle.dumps(5)))
        ]


def test_a_long_message_is_cut():
    class Verbose:
        def __reduce__(self):
            raise ValueError("x" * 1_000_000)

    with pytest.raises(ResultSerializationError) as error:
        DEFAULT.serialize(Verbose())

    assert 3000 > len(str(error.value))


def test_cloudpickle_is_loaded_by_those_who_need_it():
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from runwright.results import *\n"
        "serializer = serializer_named('default')\n"
        "serializer.deserialize(serializer.serialize([1, (2,)]))\n"
        "assert 'cloudpickle' not in sys.modules\n"
        "serializer.serialize(1j)\n"
        "assert 'cloudpickle' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_no_message_ends_in_two_full_stops():
    with pytest.raises(ResultSerializationError) as error:
        serializers.CloudpickleSerializer().serialize(RaisesWhenPickled())

    assert not re.search(r"\.\.|: \.", str(error.value))
