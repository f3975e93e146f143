"""LocalResult: a file for each value, under the name that people chose, and nowhere else."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

import pytest

from runwright.errors import ResultDamaged, ResultError, ResultSerializationError, ResultUnavailable
from runwright.results import JSONSerializer, LocalResult, files


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return Runwright's home, which does not exist yet."""
    monkeypatch.setenv("RUNWRIGHT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def files_below(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


class TestFolders:
    """Where relative locations are."""

    def test_without_a_folder_values_go_to_the_results_in_home(self, home):
        written = LocalResult().write(1)

        assert home / "results" == Path(written.location).parent

    @pytest.mark.parametrize("inside", ["", "mine", "results", "a/b"])
    def test_any_folder_in_home_means_the_results_in_home(self, home, inside):
        assert str(home / "results") == LocalResult(home / inside).dir

    def test_a_folder_with_a_similar_name_is_not_in_home(self, home):
        assert f"{home}-of-others" == LocalResult(f"{home}-of-others").dir

    def test_home_is_looked_up_when_it_is_needed(self, home, monkeypatch, tmp_path):
        local = LocalResult()
        monkeypatch.setenv("RUNWRIGHT_HOME", str(tmp_path / "moved"))

        assert tmp_path / "moved" / "results" == Path(local.write(1).location).parent

    def test_a_folder_is_made_when_it_is_chosen(self, home, tmp_path):
        local = LocalResult(dir=str(tmp_path / "a" / "b"))

        assert (tmp_path / "a" / "b").is_dir()
        assert str(tmp_path / "a" / "b") == local.dir

    def test_a_folder_for_another_machine_is_taken_as_it_is(self, home, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        local = LocalResult(dir="there", validate_dir=False)

        assert "there" == local.dir
        assert not (tmp_path / "there").exists()
        assert str(tmp_path / "there" / "x") == LocalResult("there", False, location="x").write(1).location

    def test_a_tilde_is_the_home_of_the_user(self, home, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))

        assert str(tmp_path / "mine") == LocalResult("~/mine").dir

    def test_a_folder_that_cannot_be_made_is_told(self, home, tmp_path):
        (tmp_path / "file").write_text("")

        with pytest.raises(ResultError, match=re.escape(f"could not be written to {tmp_path}/file/x")):
            LocalResult(tmp_path / "file" / "x")


class TestLocations:
    """Templates are filled in when a value is written; then the location is final, and absolute."""

    def test_the_default_is_a_new_name_with_the_time(self, home):
        one, two = LocalResult().write(1), LocalResult().write(2)

        assert one.location is not None
        assert re.search(r"/result-\d{4}-\d\d-\d\dt\d\d-\d\d-\d\d-\d{6}-[0-9a-f]{8}$", one.location)
        assert one.location != two.location

    def test_a_template_is_filled_in_and_its_folders_are_made(self, home, tmp_path):
        local = LocalResult(tmp_path, location="{flow}/{date}/{task_name}.json")
        written = local.write([1], flow="f", date="2026-01-02", task_name="t", unused=object())

        assert str(tmp_path / "f" / "2026-01-02" / "t.json") == written.location
        assert "[1]" == Path(written.location).read_text()
        assert "{flow}/{date}/{task_name}.json" == local.location

    def test_a_function_names_it_too(self, home, tmp_path):
        local = LocalResult(tmp_path, location=lambda **context: f"{context['x']}.json")

        assert str(tmp_path / "5.json") == local.write(1, x=5).location

    def test_exists_fills_in_what_it_is_given_itself(self, home, tmp_path):
        local = LocalResult(tmp_path, location="ignored")
        LocalResult(tmp_path, location="a/5").write(1)

        assert local.exists("a/{x}", x=5)
        assert local.exists(str(tmp_path / "a" / "{x}"), x=5)
        assert not local.exists("a/{x}", x=6)
        assert not local.exists("a")

    def test_a_formatted_result_knows_where_it_will_be(self, home, tmp_path):
        aimed = LocalResult(tmp_path, location="{x}.json").format(x=5)

        assert str(tmp_path / "5.json") == aimed.location
        assert aimed.location == aimed.write(1).location

    def test_it_is_read_by_the_absolute_and_the_relative_location(self, home, tmp_path):
        local = LocalResult(tmp_path, location="a.json")
        written = local.write(5)

        assert [5, 5] == [local.read(location).value for location in ("a.json", written.location)]
        assert written.location == local.read("a.json").location
        assert 5 == LocalResult(tmp_path / "elsewhere").read(written.location).value

    def test_an_absolute_template_may_be_anywhere(self, home, tmp_path):
        local = LocalResult(tmp_path / "dir", location=str(tmp_path / "else" / "{x}"))

        assert str(tmp_path / "else" / "5") == local.write(1, x=5).location

    def test_a_name_may_be_as_strange_as_the_system_takes_it(self, home, tmp_path):
        local = LocalResult(tmp_path, location="{x}")

        for name in ("a b?%2f&.json", "..a", "a..", "snow ☃", "new\nline", "\udc80"):
            assert name == local.read_ref(local.write(name, x=name).ref).value

    @pytest.mark.parametrize("evil", ["../x", "a/../../x", "/etc/runwright-evil", "..", ".", "", "a\x00b", "x/../y"])
    def test_inputs_do_not_lead_out_of_the_folder(self, home, tmp_path, evil):
        local = LocalResult(tmp_path / "dir", location="{x}")

        for ask in (lambda: local.write(1, x=evil), lambda: local.exists("{x}", x=evil), lambda: local.format(x=evil)):
            with pytest.raises(ResultError, match=r"leads out of|cannot be the name"):
                ask()
        assert [] == files_below(tmp_path)

    def test_inputs_do_not_climb_out_of_an_absolute_template(self, home, tmp_path):
        with pytest.raises(ResultError, match="cannot be the name"):
            LocalResult(location=f"{tmp_path}/kept/{{x}}").write(1, x="../../x")

    def test_a_name_that_is_too_long_is_told(self, home, tmp_path):
        with pytest.raises(ResultError, match=r"File name too long. Choose a shorter location"):
            LocalResult(tmp_path, location="x" * 1025).write(1)


class TestFiles:
    """A file is there whole or not at all."""

    def test_only_the_owner_may_look(self, home, tmp_path):
        written = LocalResult(tmp_path / "dir", location="a/b").write(1)

        assert 0o600 == stat.S_IMODE(Path(written.location).stat().st_mode)
        assert [0o700, 0o700] == [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("dir", "dir/a")]

    def test_a_second_value_replaces_the_first(self, home, tmp_path):
        local = LocalResult(tmp_path, location="a.json")
        first, second = local.write("first"), local.write("second")

        assert "second" == local.read_ref(second.ref).value
        with pytest.raises(ResultDamaged):
            local.read_ref(first.ref)
        assert [tmp_path / "a.json"] == files_below(tmp_path)

    def test_a_full_disk_leaves_the_old_value(self, home, tmp_path, monkeypatch):
        local = LocalResult(tmp_path, location="a.json")
        first = local.write("first")
        monkeypatch.setattr(files, "write_all", fails_with(errno.ENOSPC))

        with pytest.raises(ResultError, match=r"a.json: No space left on device. Free some space"):
            local.write("second")
        assert "first" == local.read_ref(first.ref).value
        assert [tmp_path / "a.json"] == files_below(tmp_path)

    def test_a_place_that_is_taken_by_a_folder_is_told(self, home, tmp_path):
        (tmp_path / "a" / "b").mkdir(parents=True)

        with pytest.raises(ResultError, match="could not be written"):
            LocalResult(tmp_path, location="a").write(1)
        assert [] == files_below(tmp_path)

    def test_a_value_that_cannot_be_stored_leaves_nothing(self, home, tmp_path):
        with pytest.raises(ResultSerializationError):
            LocalResult(tmp_path, location="a/b").write(each for each in ())

        assert [] == list(tmp_path.iterdir())

    def test_a_file_of_others_is_read_by_the_serializer_one_has(self, home, tmp_path):
        (tmp_path / "a.json").write_text(' {"by": "hand"}\n')

        assert {"by": "hand"} == LocalResult(tmp_path, serializer=JSONSerializer()).read("a.json").value
        assert {"by": "hand"} == LocalResult(tmp_path).read("a.json").value

    def test_a_file_of_others_that_is_no_result_is_told(self, home, tmp_path):
        (tmp_path / "a.json").write_text("hello")

        with pytest.raises(ResultSerializationError, match="cannot be read back as JSON"):
            LocalResult(tmp_path).read("a.json")

    def test_an_empty_file_is_damage(self, home, tmp_path):
        (tmp_path / "a.json").touch()

        with pytest.raises(ResultDamaged, match=re.escape(str(tmp_path / "a.json"))):
            LocalResult(tmp_path).read("a.json")

    @pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
    def test_what_is_no_file_is_unavailable_at_once(self, home, tmp_path, make):
        make(tmp_path / "a")

        with pytest.raises((ResultUnavailable, ResultDamaged)):
            LocalResult(tmp_path).read("a")


def test_equality_is_by_folder_location_and_serializer(home, tmp_path):
    assert LocalResult(tmp_path, location="a") == LocalResult(str(tmp_path), location="a")
    assert LocalResult(tmp_path, location="a") != LocalResult(tmp_path, location="b")
    assert LocalResult(tmp_path) != LocalResult()
    assert LocalResult(tmp_path, serializer=JSONSerializer()) == LocalResult(tmp_path, serializer=JSONSerializer())


def fails_with(number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    return fail
