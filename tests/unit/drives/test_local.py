from __future__ import annotations

import io
import os
import stat
from typing import Any

import pytest

from runwright import drives
from runwright.drives.local import LocalDrive
from runwright.errors import FileMissing, FilesError
from runwright.testing.drive_contract import content

FILE = "kestra:///company/flow/a.txt"


def url_of(place):
    drive: Any = drives.open_drive(place)
    return drive.url


def names_in(folder):
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


@pytest.fixture
def drive(folder):
    return LocalDrive(folder)


def test_nothing_is_made_before_a_file_is_written(drive, folder):
    assert [] == list(drive.list("kestra:///"))
    assert not folder.exists()

    drive.put(FILE, b"1")

    assert b"1" == (folder / "company" / "flow" / "a.txt").read_bytes()


def test_files_are_for_the_owner_alone(drive, folder):
    drive.put(FILE, b"1")

    assert 0o600 == stat.S_IMODE((folder / "company/flow/a.txt").stat().st_mode)
    assert {0o700} == {stat.S_IMODE(each.stat().st_mode) for each in (folder / "company", folder / "company" / "flow")}


def test_a_file_appears_whole(drive, folder):
    class Watched(io.BytesIO):
        def read(self, size=-1):
            seen.append((folder / "company/flow/a.txt").exists())
            return super().read(size)

    seen = []
    drive.put(FILE, Watched(b"x" * 3_000_000))

    assert {False} == set(seen)
    assert [] == names_in(folder / ".drafts")


def test_a_write_that_fails_leaves_nothing_behind(drive, folder):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive.put(FILE, Broken())

    assert [] == names_in(folder / ".drafts")
    assert drive.find(FILE) is None


def test_what_killed_processes_left_behind_goes_after_a_day(drive, folder):
    drafts = folder / ".drafts"
    drafts.mkdir(parents=True)
    for name in ("abandoned", "under-way"):
        (drafts / name).write_bytes(b"half")
    os.utime(drafts / "abandoned", (1, 1))

    drive.put(FILE, b"1")

    assert ["under-way"] == names_in(drafts)


def test_a_link_to_a_file_is_no_file(drive, folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (folder / "company/flow").mkdir(parents=True)
    (folder / "company/flow/a.txt").symlink_to(tmp_path / "secret")

    with pytest.raises(FileMissing):
        drive.open(FILE)
    assert drive.find(FILE) is None
    assert not drive.delete(FILE)
    assert [] == list(drive.list("kestra:///"))


def test_writing_in_the_place_of_a_link_leaves_its_target_alone(drive, folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (folder / "company/flow").mkdir(parents=True)
    (folder / "company/flow/a.txt").symlink_to(tmp_path / "secret")

    drive.put(FILE, b"mine")

    assert "secret" == (tmp_path / "secret").read_text()
    assert b"mine" == content(drive, FILE)


def test_a_link_to_a_folder_leads_nowhere(drive, folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("secret")
    (folder / "company").mkdir(parents=True)
    (folder / "company/flow").symlink_to(outside)

    with pytest.raises(FileMissing):
        drive.open(FILE)
    assert drive.find(FILE) is None
    assert [] == list(drive.list("kestra:///"))
    assert [] == list(drive.list("kestra:///company/flow/"))
    for uri in (FILE, "kestra:///company/flow/new/b.txt"):
        with pytest.raises(FilesError, match="a folder in its path is a link"):
            drive.put(uri, b"mine")
    assert ["a.txt"] == names_in(outside)


def test_the_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "files").symlink_to(tmp_path / "real")
    drive = LocalDrive(tmp_path / "files")

    drive.put(FILE, b"1")

    assert b"1" == content(drive, FILE)
    assert [FILE] == [info.uri for info in drive.list("kestra:///")]
    assert drive.delete(FILE)


def test_a_pipe_is_no_file_and_holds_nobody_up(drive, folder):
    (folder / "company/flow").mkdir(parents=True)
    os.mkfifo(folder / "company/flow/a.txt")

    with pytest.raises(FileMissing):
        drive.open(FILE)
    assert drive.find(FILE) is None
    assert [] == list(drive.list("kestra:///"))


def test_a_name_that_is_no_text_is_passed_over(drive, folder):
    drive.put(FILE, b"1")
    os.close(os.open(os.fsencode(folder) + b"/company/flow/\xff", os.O_CREAT))

    assert [FILE] == [info.uri for info in drive.list("kestra:///")]


@pytest.mark.parametrize("uri", ["kestra:///company", f"{FILE}/more"])
def test_files_and_folders_do_not_take_each_others_place(drive, uri):
    drive.put(FILE, b"1")

    with pytest.raises(FilesError, match="choose another name"):
        drive.put(uri, b"2")
    assert b"1" == content(drive, FILE)


def test_empty_folders_go_with_their_last_file(drive, folder):
    drive.put(FILE, b"1")
    drive.put("kestra:///company/b.txt", b"2")

    drive.delete(FILE)
    assert ["b.txt"] == names_in(folder / "company")

    drive.delete("kestra:///company/b.txt")
    assert [".drafts"] == names_in(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_explained(drive, folder):
    folder.mkdir()
    folder.chmod(0o500)

    with pytest.raises(FilesError, match="RUNWRIGHT_DRIVE"):
        drive.put(FILE, b"1")


def test_drives_by_their_urls(tmp_path):
    assert f"file://{tmp_path}" == url_of(f"file://{tmp_path}")
    assert f"file://{tmp_path}" == url_of(str(tmp_path))
    assert "memory://x" == url_of("memory://x")
    assert ["s3://bucket/a/b/", "gs://bucket/", "az://container/"] == [
        url_of(url) for url in ("s3://bucket/a/b", "gs://bucket", "az://container/")
    ]


@pytest.mark.parametrize("url", ["ftp://host/path", "s3://", "file://host/path", "://", "http://x"])
def test_what_is_no_place_for_files_is_refused(url):
    with pytest.raises(FilesError, match="give a folder"):
        url_of(url)
