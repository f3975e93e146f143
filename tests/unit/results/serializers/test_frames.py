"""PandasSerializer: data frames in files that other programs read."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from runwright.errors import MissingExtra, ResultError, ResultSerializationError
from runwright.results import CompressedSerializer, LocalResult, PandasSerializer, read_result

FRAME = pd.DataFrame({"name": ["a", "b"], "size": [1, 2]})


@pytest.mark.parametrize("serializer", [
    PandasSerializer("csv", deserialize_kwargs={"index_col": 0}),
    PandasSerializer("json"),
    PandasSerializer("pickle"),
    CompressedSerializer(PandasSerializer("csv", {"index_col": 0}), "gzip"),
], ids=lambda serializer: serializer.name)  # fmt: skip
def test_a_frame_comes_back(serializer, tmp_path):
    written = LocalResult(tmp_path, serializer=serializer).write(FRAME)

    pd.testing.assert_frame_equal(FRAME, LocalResult(tmp_path, serializer=serializer).read_ref(written.ref).value)


def test_arguments_go_to_pandas():
    serializer = PandasSerializer("csv", serialize_kwargs={"index": False, "sep": ";"}, deserialize_kwargs={"sep": ";"})

    assert b"name;size\na;1\nb;2\n" == serializer.serialize(FRAME)
    pd.testing.assert_frame_equal(FRAME, serializer.deserialize(b"name;size\na;1\nb;2\n"))


def test_settings_are_compared():
    assert PandasSerializer("csv") == PandasSerializer("csv")
    assert PandasSerializer("csv") != PandasSerializer("json")
    assert PandasSerializer("csv") != PandasSerializer("csv", serialize_kwargs={"index": False})


def test_a_file_type_that_pandas_does_not_know_is_refused():
    with pytest.raises(ValueError, match=r"'word' is no file type for data frames: choose one of csv, excel"):
        PandasSerializer("word")


def test_what_is_no_frame_is_refused():
    with pytest.raises(ResultSerializationError, match="a list, cannot be stored by PandasSerializer"):
        PandasSerializer("csv").serialize([1])


def test_what_pandas_refuses_is_told():
    with pytest.raises(ResultSerializationError, match="Check serialize_kwargs"):
        PandasSerializer("csv", serialize_kwargs={"no_such": 1}).serialize(FRAME)
    with pytest.raises(ResultSerializationError, match="cannot be read back as a json file"):
        PandasSerializer("json").deserialize(b"{")


def test_the_record_alone_reads_it_but_a_pickle_only_for_those_who_trust_it(tmp_path):
    table = LocalResult(tmp_path, serializer=PandasSerializer("json")).write(FRAME).ref
    pickled = LocalResult(tmp_path, serializer=PandasSerializer("pickle")).write(FRAME).ref

    assert ("pandas-json", 2) == (table.serializer, table.length)
    pd.testing.assert_frame_equal(FRAME, read_result(table, tmp_path, allow_pickle=False))
    with pytest.raises(ResultError, match="reading it runs code"):
        read_result(pickled, tmp_path, allow_pickle=False)


def test_without_the_extra_it_says_which_one(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(MissingExtra, match=r"needs the extra runwright\[pandas\]"):
        LocalResult(tmp_path, serializer=PandasSerializer("csv")).write(FRAME)
