"""Readers: from the reference on record to the value, through a closed list of adapters."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from runwright.errors import ResultError, ResultSerializationError, ResultUnavailable, SettingError
from runwright.result import Result, ResultRef
from runwright.results import (
    ConstantResult,
    LocalResult,
    MemoryResult,
    PackedResult,
    find_damage,
    memory,
    pack,
    places,
    read_result,
    reader_for,
)


@pytest.fixture(autouse=True)
def forgotten():
    yield
    pack.close_packs()
    memory.clear_memory()


@pytest.fixture(params=["pack", "local", "elsewhere", "memory"])
def ref(request, tmp_path):
    """Return the reference to a value, written below `results` and once in another folder."""
    results = {
        "pack": PackedResult(tmp_path / "results"),
        "local": LocalResult(tmp_path / "results"),
        "elsewhere": LocalResult(tmp_path / "elsewhere"),
        "memory": MemoryResult(),
    }
    return results[request.param].write([1, (2,)], flow_run_id="run").ref


def test_the_value_is_read_by_the_reference_alone(ref, tmp_path):
    assert [1, (2,)] == read_result(ref, tmp_path / "results")


def test_a_reader_knows_where_the_value_is_and_has_not_read_it(ref, tmp_path):
    reader = reader_for(ref, root=tmp_path / "results")

    assert (ref.kind, ref.location, ref, None) == (reader.kind, reader.location, reader.ref, reader.value)
    assert [1, (2,)] == reader.read_ref(ref).value


def test_asking_for_a_reader_makes_no_folder(tmp_path):
    for kind in ("pack", "local"):
        reader_for(ResultRef(kind, "run/x"), root=tmp_path / "results")

    assert [] == list(tmp_path.iterdir())


def test_without_a_root_it_is_the_one_in_home(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_HOME", str(tmp_path))
    refs = [result.write(5, flow_run_id="run").ref for result in (PackedResult(), LocalResult())]

    assert [5, 5] == [read_result(each) for each in refs]


@pytest.mark.parametrize("kind", ["", "ftp", "os.system", "runwright.results.local.LocalResult", "none", "PACK"])
def test_a_kind_that_is_not_on_the_list_is_refused(kind):
    with pytest.raises(
        TypeError,
        match=r"cannot be read from the record alone, as pack, local, memory, constant, inline, s3, gcs, azure can",
    ):
        reader_for(ResultRef(kind, "anywhere"))


def test_a_serializer_that_is_not_on_the_list_is_refused(tmp_path):
    ref = LocalResult(tmp_path, location="a").write(1).ref
    forged = ResultRef(ref.kind, ref.location, "eval", ref.size, ref.checksum)

    with pytest.raises(ResultSerializationError, match="No serializer is named 'eval'"):
        read_result(forged, tmp_path)


@pytest.mark.parametrize("location", ["../x", "/etc/passwd", "run/../../etc/x.pack#0+1"])
def test_a_forged_location_does_not_lead_out_of_the_root(tmp_path, location):
    with pytest.raises(ResultError, match=r"leads out of|cannot be the name"):
        read_result(ResultRef("pack", location, "json"), tmp_path)


def test_what_is_whole_has_no_damage(ref, tmp_path):
    assert find_damage(ref, tmp_path / "results") is None


@pytest.mark.parametrize("ref", ["pack", "local", "elsewhere"], indirect=True)
class TestDamage:
    """What is wrong with stored bytes is said in a line, and no value is made of them."""

    def file_of(self, ref, tmp_path):
        return tmp_path / "results" / ref.location.partition("#")[0]

    def test_a_file_that_is_gone_is_damage(self, ref, tmp_path):
        self.file_of(ref, tmp_path).unlink()

        assert "is gone" in str(find_damage(ref, tmp_path / "results"))

    def test_a_file_that_was_cut_off_is_damage(self, ref, tmp_path):
        file = self.file_of(ref, tmp_path)
        file.write_bytes(file.read_bytes()[:-1])

        assert "is gone" in str(find_damage(ref, tmp_path / "results"))

    def test_a_byte_that_changed_is_damage(self, ref, tmp_path):
        file = self.file_of(ref, tmp_path)
        file.write_bytes(file.read_bytes()[:-1] + b"?")

        assert "is damaged" in str(find_damage(ref, tmp_path / "results"))


def test_what_only_others_can_look_at_is_passed_over(tmp_path):
    assert find_damage(ResultRef("constant", "1"), tmp_path) is None
    assert find_damage(ResultRef("memory", "nowhere"), tmp_path) is None
    assert find_damage(ResultRef("my.module.MyResult", "far away"), tmp_path) is None


class Bomb:
    """Leaves a trace when it is read."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (self.trace,)


class TestPickles:
    """Reading a pickle runs code, so that one can refuse to."""

    @pytest.fixture
    def bomb(self, tmp_path):
        return Bomb(str(tmp_path / "exploded"))

    def test_a_pickle_is_read_by_those_who_trust_it(self, tmp_path):
        assert 1j == read_result(LocalResult(tmp_path).write(1j).ref, tmp_path)

    @pytest.mark.parametrize("serializer", ["cloudpickle", "default", "cloudpickle+zlib", "default+lzma"])
    def test_no_name_of_a_pickle_is_read_by_those_who_do_not(self, tmp_path, bomb, serializer):
        (tmp_path / "a").write_bytes(pickle.dumps(bomb))

        with pytest.raises(ResultError, match="reading it runs code"):
            read_result(ResultRef("local", str(tmp_path / "a"), serializer), tmp_path, allow_pickle=False)
        assert not Path(bomb.trace).exists()

    @pytest.mark.parametrize("serializer", ["json", "json+zlib", ""])
    def test_a_pickle_under_another_name_is_not_read_either(self, tmp_path, bomb, serializer):
        (tmp_path / "a").write_bytes(pickle.dumps(bomb))

        with pytest.raises(ResultSerializationError):
            read_result(ResultRef("local", str(tmp_path / "a"), serializer), tmp_path, allow_pickle=False)
        assert not Path(bomb.trace).exists()

    def test_plain_data_are_read_by_everyone(self, ref, tmp_path):
        assert [1, (2,)] == read_result(ref, tmp_path / "results", allow_pickle=False)


class TestConstants:
    """A constant is where the flow is."""

    def test_it_is_always_there_and_never_written(self):
        constant = ConstantResult(5)

        assert constant.exists("anywhere")
        assert constant is constant.read("anywhere")
        assert not constant.can_store
        with pytest.raises(ValueError, match="cannot be written"):
            constant.write(6)
        assert ConstantResult(5) == constant
        assert ConstantResult(6) != constant

    def test_in_a_reference_the_location_is_the_value(self):
        assert [1, (2,)] == read_result(ResultRef("constant", '[1,{"$tuple":[2]}]'), allow_pickle=False)

    def test_a_location_that_is_no_value_is_refused(self):
        with pytest.raises(ResultSerializationError):
            read_result(ResultRef("constant", "somewhere"))


class TestMemory:
    """Values in this process."""

    def test_a_template_names_the_place(self):
        written = MemoryResult(location="{task_name}").write(5, task_name="t")

        assert "t" == written.location
        assert MemoryResult().exists("{name}", name="t")

    def test_the_value_is_a_copy(self):
        value = [1]
        written = MemoryResult().write(value)
        value.append(2)

        assert [1] == MemoryResult().read(written.location).value

    def test_it_can_be_forgotten(self):
        location = MemoryResult().write(5).location
        memory.clear_memory()

        with pytest.raises(ResultUnavailable, match=location):
            MemoryResult().read(location)


class TestPlaces:
    """Where home is."""

    @pytest.mark.parametrize("unset", [None, ""])
    def test_home_is_in_the_users_home_by_default(self, monkeypatch, tmp_path, unset):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("RUNWRIGHT_HOME", raising=False)
        if unset is not None:
            monkeypatch.setenv("RUNWRIGHT_HOME", unset)

        assert Path("~/.runwright/results").expanduser() == places.results_root()

    def test_a_relative_home_is_made_absolute(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("RUNWRIGHT_HOME", "here/../there")

        assert tmp_path / "there" / "results" == places.results_root()

    def test_a_user_without_a_home_is_told_what_to_set(self, monkeypatch):
        monkeypatch.setenv("RUNWRIGHT_HOME", "~nobody-of-this-name/x")

        with pytest.raises(SettingError, match="set RUNWRIGHT_HOME to an absolute path"):
            places.results_root()


def test_a_bare_result_says_that_it_has_nowhere_to_look():
    with pytest.raises(NotImplementedError, match=r"give the task a result with a storage"):
        Result().read("x")
