"""DriveContract: what every drive must do, as tests.

class TestMyDrive(DriveContract):
    @pytest.fixture
    def drive(self, tmp_path):
        return MyDrive(tmp_path)
"""

from __future__ import annotations

import io
import pickle
import threading
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

from runwright.errors import FileMissing, FilesError

if TYPE_CHECKING:
    from runwright.drive import Drive

FILE = "kestra:///company/team/flow/executions/1a/tasks/get/2b/data.json"

NAMES = [
    "plain.txt", "with space.txt", "snow \u2603.csv", "%2e%2e", "a%2Fb", "100%", "what?", "#1", "a&b=c", "~", "..txt", "x..",
    ".hidden", "-rf", "C:", "a:b", "con", "$HOME", "`id`", "'quoted'", "[1]*", "\u202etxt.exe", "n" * 255,
]  # fmt: skip
"""Names that a file may have, however they look."""

REFUSED = [
    "", "/etc/passwd", "file:///etc/passwd", "kestra://", "kestra:///", "kestra://host/a", "KESTRA:///a", "s3://bucket/a",
    "kestra:////etc/passwd", "kestra:///..", "kestra:///../a", "kestra:///a/../../b", "kestra:///a/..", "kestra:///a/./b",
    "kestra:///a//b", "kestra:///a/", "kestra:///a\\..\\b", "kestra:///a\x00b", "kestra:///a\nb", "kestra:///a\x7f",
    "kestra:///.drafts/a", "kestra:///.", "kestra:///" + "n" * 256, "kestra:///" + "d/" * 600 + "a", "kestra:///lone\ud800",
]  # fmt: skip
"""What is no URI of a file, for any drive."""

REFUSED_PREFIXES = ["", "kestra://", "/etc", "kestra:///a/../b", "kestra:///a//b", "kestra:///../", "kestra:///a\\b"]

THREADS = 4


def content(drive: Drive, uri: str) -> bytes:
    """Return the bytes of a file."""
    with drive.open(uri) as file:
        return file.read()


class DriveContract:
    """Subclass it as `Test...`, and give the fixture `drive`."""

    @pytest.mark.parametrize("data", [b"", b"text", b"\x00\xff\r\n", b"0123456789" * 500_000], ids=len)
    def test_bytes_come_back_as_they_were(self, drive: Drive, data: bytes) -> None:
        """Whether they are given at once or as a file."""
        assert drive.put(FILE, data) == FILE
        assert data == content(drive, FILE)
        assert FILE == drive.put(FILE, io.BytesIO(data))
        assert data == content(drive, FILE)

    def test_what_is_known_of_a_file(self, drive: Drive) -> None:
        """Its size in bytes, and a time in nanoseconds."""
        drive.put(FILE, b"four")
        info = drive.find(FILE)
        assert info is not None
        assert (FILE, 4) == (info.uri, info.size)
        assert 1_700_000_000 * 10**9 < info.updated < 1 << 62

    def test_a_file_can_be_read_from_any_place(self, drive: Drive) -> None:
        """As others that are open."""
        drive.put(FILE, b"one\ntwo\n")
        with drive.open(FILE) as file:
            assert list(file) == [b"one\n", b"two\n"]
            file.seek(4)
            assert file.read(3) == b"two"

    def test_a_file_that_is_written_again_is_the_new_one(self, drive: Drive) -> None:
        """Whoever reads the old one goes on with it."""
        drive.put(FILE, b"old and long")
        with drive.open(FILE) as file:
            drive.put(FILE, b"new")
            assert file.read() == b"old and long"
        assert content(drive, FILE) == b"new"

    def test_what_is_not_there(self, drive: Drive) -> None:
        """Opening says so; looking and deleting are no errors."""
        with pytest.raises(FileMissing, match="check the URI"):
            drive.open(FILE)
        assert drive.find(FILE) is None
        assert not drive.delete(FILE)
        assert list(drive.list("kestra:///")) == []

    def test_a_folder_is_no_file(self, drive: Drive) -> None:
        """Nor is the beginning of a name."""
        drive.put(FILE, b"1")
        for uri in (FILE.rpartition("/")[0], FILE[:-1]):
            assert drive.find(uri) is None
            assert not drive.delete(uri)
            with pytest.raises(FileMissing):
                drive.open(uri)
        assert content(drive, FILE) == b"1"

    def test_what_is_below_a_file_is_not_there(self, drive: Drive) -> None:
        """A file is no folder."""
        drive.put(FILE, b"1")
        assert drive.find(f"{FILE}/more") is None
        assert list(drive.list(f"{FILE}/")) == []

    def test_a_deleted_file_is_gone(self, drive: Drive) -> None:
        """Its neighbours stay."""
        drive.put(FILE, b"1")
        drive.put(f"{FILE}.bak", b"2")
        assert drive.delete(FILE)
        assert drive.find(FILE) is None
        assert content(drive, f"{FILE}.bak") == b"2"
        drive.put(FILE, b"3")
        assert content(drive, FILE) == b"3"

    def test_a_list_is_in_the_order_of_its_uris(self, drive: Drive) -> None:
        """By code point, folders or not."""
        names = ["a", "a-b", "a.b", "a/b", "a/c/d", "aB", "b", "\u2603", "B"]
        uris = [f"kestra:///x/{name}" for name in names if name != "a"]
        for uri in uris:
            drive.put(uri, b"")
        assert sorted(uris) == [info.uri for info in drive.list("kestra:///")]
        assert sorted(uris) == [info.uri for info in drive.list("kestra:///x/")]

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("", ["a/b/1", "a/b/2", "a/bc/3", "d"]),
            ("a/b", ["a/b/1", "a/b/2", "a/bc/3"]),
            ("a/b/", ["a/b/1", "a/b/2"]),
            ("a/b/1", ["a/b/1"]),
            ("a/b/1/", []),
            ("d", ["d"]),
            ("no", []),
            ("no/such/", []),
        ],
    )
    def test_a_prefix_is_the_beginning_of_uris(self, drive: Drive, prefix: str, expected: list[str]) -> None:
        """With a slash at its end it is a folder."""
        for name in ("a/b/1", "a/b/2", "a/bc/3", "d"):
            drive.put(f"kestra:///x/{name}", name.encode())
        found = list(drive.list(f"kestra:///x/{prefix}"))
        assert [f"kestra:///x/{name}" for name in expected] == [info.uri for info in found]
        assert [len(name) for name in expected] == [info.size for info in found]

    @pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
    def test_a_name_is_taken_as_it_is_written(self, drive: Drive, name: str) -> None:
        """Nothing in it is decoded or corrected."""
        uri = f"kestra:///x/{name}"
        drive.put(uri, b"1")
        assert content(drive, uri) == b"1"
        assert [uri] == [info.uri for info in drive.list("kestra:///x/")]
        assert drive.delete(uri)
        assert list(drive.list("kestra:///")) == []

    @pytest.mark.parametrize("uri", REFUSED, ids=lambda uri: ascii(uri)[:30])
    def test_what_is_no_uri_of_a_file_is_refused(self, drive: Drive, uri: str) -> None:
        """For every operation, and in a line that can be read."""
        for operation in (
            lambda: drive.put(uri, b"1"),
            *(lambda each=each: each(uri) for each in (drive.open, drive.find, drive.delete)),
        ):
            with pytest.raises(FilesError) as error:
                operation()
            assert not isinstance(error.value, FileMissing)
            assert len(str(error.value)) < 500
            assert str(error.value).isprintable()
        assert list(drive.list("kestra:///")) == []

    @pytest.mark.parametrize("prefix", REFUSED_PREFIXES, ids=ascii)
    def test_what_is_no_beginning_of_uris_is_refused(self, drive: Drive, prefix: str) -> None:
        """A list leads out of a drive as little as a file does."""
        with pytest.raises(FilesError):
            list(drive.list(prefix))

    def test_a_file_that_cannot_be_read_to_its_end_is_not_written(self, drive: Drive) -> None:
        """What was there stays."""
        drive.put(FILE, b"old")
        with pytest.raises((OSError, FilesError), match="the disk failed"):
            drive.put(FILE, cast("BinaryIO", Broken()))
        assert content(drive, FILE) == b"old"
        assert [FILE] == [info.uri for info in drive.list("kestra:///")]

    def test_it_travels_to_other_processes(self, drive: Drive) -> None:
        """A pickled drive reads what the first one wrote."""
        drive.put(FILE, b"from here")
        assert content(pickle.loads(pickle.dumps(drive)), FILE) == b"from here"  # noqa: S301  our own pickle

    def test_threads_write_side_by_side(self, drive: Drive) -> None:
        """Of several files under one URI, one is there as a whole."""

        def write(number: int) -> None:
            drive.put(f"{FILE}.{number}", bytes([number]) * 1_000)
            drive.put(FILE, bytes([number]) * 100_000)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [bytes([number]) * 1_000 for number in range(THREADS)] == [
            content(drive, f"{FILE}.{number}") for number in range(THREADS)
        ]
        data = content(drive, FILE)
        assert data == data[:1] * 100_000


class Broken(io.RawIOBase):
    """A file whose disk fails half-way."""

    def __init__(self) -> None:
        """Give one chunk."""
        self.chunks = [b"new and " * 1_000]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.chunks:
            return self.chunks.pop()
        raise OSError("the disk failed")
