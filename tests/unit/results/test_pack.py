"""Packs: many small values in one file for each flow run and process; large ones get their own."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

import pytest

from runwright.errors import ResultDamaged, ResultError, ResultSerializationError, ResultUnavailable
from runwright.results import JSONSerializer, PackedResult, pack, pack_file
from runwright.results.pack import FlowRunPacks
from runwright.results.pack_file import PackRecord, scan_pack

HEADER = 20


@pytest.fixture(autouse=True)
def closed():
    yield
    pack.close_packs()


@pytest.fixture
def packed(tmp_path):
    """Return a result whose root does not exist yet."""
    return PackedResult(tmp_path / "results")


def files_below(root):
    return sorted(path for path in Path(root).rglob("*") if path.is_file())


def the_pack(packed):
    (path,) = files_below(packed.root)
    return path


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


class TestWriting:
    """What costs what, and where it goes."""

    def test_a_thousand_small_values_cost_one_file(self, packed):
        refs = [packed.write(number, flow_run_id="run").ref for number in range(1000)]

        assert 1 == len(files_below(packed.root))
        assert list(range(1000)) == [packed.read_ref(ref).value for ref in refs]

    def test_every_flow_run_has_its_own(self, packed):
        for flow_run in ("a", "b"):
            packed.write(1, flow_run_id=flow_run)
            packed.write(2, flow_run_id=flow_run)

        assert ["a", "b"] == [path.parent.name for path in files_below(packed.root)]

    def test_the_location_is_the_place_in_the_pack(self, packed):
        packed.write("first", flow_run_id="run")
        location = packed.write("second", flow_run_id="run").location

        assert re.fullmatch(rf"run/{os.getpid()}-[0-9a-f]{{12}}\.pack#27\+8", location)

    def test_outside_of_a_flow_run_values_have_a_place_too(self, packed):
        written = packed.write(5)

        assert written.location.startswith("outside-of-flow-runs/")
        assert 5 == packed.read(written.location).value

    def test_the_bytes_are_in_the_file_when_write_returns(self, packed):
        packed.write("here", flow_run_id="run")

        assert the_pack(packed).read_bytes().endswith(b'"here"')

    def test_only_the_owner_may_look(self, packed):
        packed.write(1, flow_run_id="run")
        packed.write("x" * pack.LARGE, flow_run_id="run")

        assert [0o600, 0o600] == [mode(path) for path in files_below(packed.root)]
        assert [0o700, 0o700] == [mode(folder) for folder in (Path(packed.root), Path(packed.root, "run"))]

    def test_a_large_value_gets_a_file_of_its_own_beside_the_pack(self, packed):
        fits, large = "x" * (pack.LARGE - 2), "x" * (pack.LARGE - 1)
        small_ref, large_ref = (packed.write(value, flow_run_id="run").ref for value in (fits, large))

        assert 2 == len(files_below(packed.root))
        assert [fits, large] == [packed.read_ref(ref).value for ref in (small_ref, large_ref)]
        assert [(PackRecord(0, pack.LARGE + 1, "whole"),)] == [
            tuple(scan_pack(Path(packed.root, large_ref.location.partition("#")[0])))
        ]

    def test_the_root_is_where_the_environment_says_at_that_moment(self, tmp_path, monkeypatch):
        anywhere = PackedResult()
        for home in ("one", "two"):
            monkeypatch.setenv("RUNWRIGHT_HOME", str(tmp_path / home))
            location = anywhere.write(home, flow_run_id="run").location
            assert home == PackedResult(tmp_path / home / "results").read(location).value

    def test_a_value_that_cannot_be_stored_leaves_no_file(self, packed):
        with pytest.raises(ResultSerializationError):
            packed.write((each for each in ()), flow_run_id="run")

        assert [] == files_below(packed.root)

    def test_closing_starts_a_new_file_and_keeps_the_old_one(self, packed):
        refs = [packed.write("before", flow_run_id="run").ref]
        pack.close_packs()
        refs.append(packed.write("after", flow_run_id="run").ref)

        assert 2 == len(files_below(packed.root))
        assert ["before", "after"] == [packed.read_ref(ref).value for ref in refs]

    def test_the_number_of_open_packs_is_limited(self, packed, monkeypatch):
        monkeypatch.setattr(pack, "OPEN_LIMIT", 3)
        refs = [packed.write(number, flow_run_id=f"run{number}").ref for number in range(10)]

        assert 3 >= len(pack._open.by_owner)
        assert list(range(10)) == [packed.read_ref(ref).value for ref in refs]

    @pytest.mark.parametrize("owner", ["..", "../x", "a/b", "/abs", "a\x00b", ".hidden", "-x", "x" * 201, "é"])
    def test_an_owner_that_is_no_name_is_refused(self, packed, owner):
        for value in (1, "x" * pack.LARGE):
            with pytest.raises(ResultError, match="cannot be the name of a folder"):
                packed.write(value, flow_run_id=owner)

        assert [] == files_below(Path(packed.root).parent)


class TestTrouble:
    """What the system refuses, and what comes from outside in the middle of it."""

    def test_a_full_disk_leaves_the_pack_as_it_was(self, packed, monkeypatch):
        first = packed.write("first", flow_run_id="run").ref
        with monkeypatch.context() as full:
            full.setattr(pack_file.os, "write", half_then_full(os.write))
            with pytest.raises(ResultError, match=r"No space left on device\. Free some space"):
                packed.write("second", flow_run_id="run")
        third = packed.write("third", flow_run_id="run").ref

        assert ["whole", "whole"] == [record.condition for record in scan_pack(the_pack(packed))]
        assert ["first", "third"] == [packed.read_ref(ref).value for ref in (first, third)]

    def test_a_disk_that_takes_little_at_once_gets_everything(self, packed, monkeypatch):
        write = os.write
        monkeypatch.setattr(pack_file.os, "write", lambda descriptor, data: write(descriptor, bytes(data[:7])))
        written = packed.write("in small pieces", flow_run_id="run")

        assert "in small pieces" == packed.read_ref(written.ref).value

    def test_an_exception_from_outside_costs_the_pack_and_no_value(self, packed, monkeypatch):
        """Ctrl-C may come after the bytes and before they are counted: nobody may rely on the place of what follows."""
        first = packed.write("first", flow_run_id="run").ref
        with monkeypatch.context() as interrupted:
            interrupted.setattr(pack_file, "hit", raises(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                packed.write("second", flow_run_id="run")
        third = packed.write("third", flow_run_id="run").ref

        assert 2 == len(files_below(packed.root))
        assert ["first", "third"] == [packed.read_ref(ref).value for ref in (first, third)]

    def test_a_large_value_that_was_cut_off_leaves_no_file(self, packed, monkeypatch):
        monkeypatch.setattr(pack_file.os, "write", half_then_full(os.write))
        with pytest.raises(ResultError, match="No space left on device"):
            packed.write("x" * pack.LARGE, flow_run_id="run")

        assert [] == files_below(packed.root)

    def test_a_root_that_is_a_file_is_told(self, tmp_path):
        (tmp_path / "results").write_text("a file")

        with pytest.raises(ResultError, match="could not be written to"):
            PackedResult(tmp_path / "results").write(1, flow_run_id="run")

    def test_a_folder_in_the_place_of_the_pack_is_no_result(self, packed):
        location = packed.write(1, flow_run_id="run").location
        path = the_pack(packed)
        path.unlink()
        path.mkdir()

        with pytest.raises(ResultUnavailable, match=re.escape(location)):
            packed.read(location)


class TestReading:
    """Nothing but what was written is ever read."""

    @pytest.mark.parametrize("location", [
        "../other/1-ab.pack#0+1", "run/../../x.pack#0+1", "/etc/passwd", "/etc/x.pack#0+1", "..", "../x", "a/../../x",
        "run/x.pack#0+1\n/../../../etc/passwd", "", "a\x00b",
    ])  # fmt: skip
    def test_a_location_does_not_lead_out_of_the_root(self, packed, location):
        with pytest.raises(ResultError, match=r"leads out of|cannot be the name") as refused:
            packed.read(location)
        assert not isinstance(refused.value, ResultUnavailable)

    @pytest.mark.parametrize("location", [
        "run/1-ab.pack#0+1", "run/1-ab.pack#-1+5", "run/1-ab.pack#0+999999999999999999999", "run/1-ab.pack", "run", "a b?%2f",
    ])  # fmt: skip
    def test_a_place_that_holds_nothing_is_unavailable(self, packed, location):
        packed.write(1, flow_run_id="run")

        assert not packed.exists(location)
        with pytest.raises(ResultUnavailable, match="is gone"):
            packed.read(location)

    @pytest.mark.parametrize(("error", "place"), [
        (ResultUnavailable, "#0+99"), (ResultUnavailable, "#999999999999999999+2"), (ResultUnavailable, "#0+999999999999999999"),
        (ResultDamaged, "#1+2"), (ResultDamaged, "#0+1"), (ResultDamaged, "#22+1"),
    ])  # fmt: skip
    def test_a_place_beside_the_record_is_not_taken_for_it(self, packed, error, place):
        packed.write(10, flow_run_id="run")
        location = packed.write(20, flow_run_id="run").location.partition("#")[0] + place

        with pytest.raises(error):
            packed.read(location)
        assert not packed.exists(location)

    def test_no_changed_bit_of_a_record_goes_unseen(self, packed):
        packed.write("before", flow_run_id="run")
        ref = packed.write("me", flow_run_id="run").ref
        path = the_pack(packed)
        content = path.read_bytes()
        start = len(content) - HEADER - 4

        for bit in range(start * 8, len(content) * 8):
            path.write_bytes(flipped(content, bit))
            with pytest.raises((ResultDamaged, ResultUnavailable)):
                packed.read(ref.location)

        path.write_bytes(content)
        assert "me" == packed.read_ref(ref).value

    def test_another_whole_record_in_its_place_is_damage(self, packed):
        """The pack alone cannot tell; the reference on record can."""
        ref = packed.write("mine", flow_run_id="run").ref
        path = the_pack(packed)
        pack.close_packs()
        other = packed.write("evil", flow_run_id="run").ref
        path.write_bytes(Path(packed.root, other.location.partition("#")[0]).read_bytes())

        assert "evil" == packed.read(ref.location).value
        with pytest.raises(ResultDamaged):
            packed.read_ref(ref)


class TestHeldBack:
    """A process that flushes before it records where a value is makes one write of many."""

    @pytest.fixture(autouse=True)
    def held(self):
        own = FlowRunPacks()
        own.hold_back("run")
        yield
        own.close()

    def test_values_are_in_the_file_after_the_flush_and_not_before(self, packed):
        packed.write("a", flow_run_id="run")
        packed.write("b", flow_run_id="run")
        assert b"" == the_pack(packed).read_bytes()

        pack.flush_packs()

        assert ["whole", "whole"] == [record.condition for record in scan_pack(the_pack(packed))]

    def test_whoever_reads_finds_what_is_held(self, packed):
        written = packed.write("here", flow_run_id="run")

        assert packed.exists(written.location)
        assert "here" == packed.read_ref(written.ref).value

    def test_so_much_is_held_and_no_more(self, packed, monkeypatch):
        monkeypatch.setattr(pack_file, "MOST_HELD", 60)

        packed.write("a" * 20, flow_run_id="run")
        assert 0 == the_pack(packed).stat().st_size
        packed.write("b" * 20, flow_run_id="run")
        assert 84 == the_pack(packed).stat().st_size

    def test_a_full_disk_loses_nothing_that_is_held(self, packed, monkeypatch):
        refs = [packed.write(value, flow_run_id="run").ref for value in ("a", "b")]
        monkeypatch.setattr(pack_file, "write_all", half_and_full)

        with pytest.raises(ResultError, match="Free some space"):
            pack.flush_packs()
        assert b"" == the_pack(packed).read_bytes()
        monkeypatch.undo()
        pack.flush_packs()

        assert ["a", "b"] == [packed.read_ref(ref).value for ref in refs]

    def test_a_pack_that_cannot_be_written_keeps_no_other_open(self, packed, monkeypatch):
        for root in ("a", "b", "c"):
            PackedResult(Path(packed.root, root)).write(root, flow_run_id="run")
        files = list(pack._open.by_owner.values())
        monkeypatch.setattr(pack_file, "write_all", half_and_full)

        with pytest.raises(ResultError):
            pack.close_packs()

        assert [None, None, None] == [each._descriptor for each in files]


class TestScanning:
    """A pack tells what it holds without the record."""

    def test_it_finds_every_record_in_order(self, packed):
        for value in ("a", "bb", ""):
            packed.write(value, flow_run_id="run")

        assert [PackRecord(0, 3, "whole"), PackRecord(23, 4, "whole"), PackRecord(47, 2, "whole")] == list(
            scan_pack(the_pack(packed))
        )

    def test_wherever_a_power_failure_tears_the_last_record_the_others_are_whole(self, packed):
        first = packed.write("first", flow_run_id="run").ref
        last = packed.write("last", flow_run_id="run").ref
        path = the_pack(packed)
        content = path.read_bytes()

        for end in range(len(content) - 1, 27, -1):
            path.write_bytes(content[:end])
            assert [PackRecord(0, 7, "whole"), PackRecord(27, end - 27, "torn")] == list(scan_pack(path))
            assert "first" == packed.read_ref(first).value
            with pytest.raises(ResultUnavailable):
                packed.read_ref(last)

        path.write_bytes(content[:27])
        assert [PackRecord(0, 7, "whole")] == list(scan_pack(path))

    def test_it_goes_on_behind_a_damaged_record(self, packed):
        for value in ("a", "b"):
            packed.write(value, flow_run_id="run")
        path = the_pack(packed)
        path.write_bytes(flipped(path.read_bytes(), 21 * 8))

        assert ["damaged", "whole"] == [record.condition for record in scan_pack(path)]

    def test_what_is_no_pack_is_torn_from_the_start(self, tmp_path):
        (tmp_path / "other").write_text("something else entirely, and long enough")

        assert [PackRecord(0, 40, "torn")] == list(scan_pack(tmp_path / "other"))

    def test_a_pack_that_is_missing_is_unavailable(self, tmp_path):
        with pytest.raises(ResultUnavailable):
            list(scan_pack(tmp_path / "missing.pack"))


class TestNamed:
    """With a location of one's own, as a task's target, the default result keeps a file of that name."""

    def test_the_template_is_filled_in(self, tmp_path):
        named = PackedResult(tmp_path, JSONSerializer(), location="{flow_run_name}/{x}.json")
        written = named.write([1], flow_run_name="blue", x=5, flow_run_id="run")

        assert "blue/5.json" == written.location
        assert "[1]" == (tmp_path / "blue" / "5.json").read_text()
        assert named.exists("{flow_run_name}/{x}.json", flow_run_name="blue", x=5)
        assert not named.exists("{flow_run_name}/{x}.json", flow_run_name="blue", x=6)

    def test_a_function_names_it_too(self, tmp_path):
        named = PackedResult(tmp_path, location=lambda **context: f"{context['x']}.result")

        assert "7.result" == named.write(7, x=7).location

    def test_what_was_packed_can_be_packed_again(self, packed):
        written = packed.write(1, flow_run_id="run")

        assert 2 == packed.read_ref(written.write(2, flow_run_id="run").ref).value
        assert 1 == len(files_below(packed.root))

    @pytest.mark.parametrize("evil", ["../../x", "/runwright-evil", "a/../../../x", "x\x00", ".."])
    def test_inputs_do_not_lead_out_of_the_root(self, tmp_path, evil):
        named = PackedResult(tmp_path / "results", location="{x}")

        with pytest.raises(ResultError, match=r"leads out of|cannot be the name"):
            named.write(1, x=evil)
        with pytest.raises(ResultError, match=r"leads out of|cannot be the name"):
            named.exists("{x}", x=evil)
        assert [] == files_below(tmp_path)


def flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def half_then_full(write):
    """Return a disk with room for half of what it is given, once."""
    left = [None]

    def refuse_in_the_end(descriptor, data):
        if left:
            left.clear()
            return write(descriptor, bytes(data[: len(data) // 2]))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return refuse_in_the_end


def half_and_full(descriptor, data):
    """Be a disk with room for half of what it is given."""
    os.write(descriptor, bytes(data[: len(data) // 2]))
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def raises(error):
    def hit(name):
        raise error

    return hit
