from __future__ import annotations

import pytest

from runwright.drives import memory, open_drive
from runwright.errors import FileMissing, FilesError
from runwright.hosting.namespace_files import NamespaceFiles
from runwright.testing.drive_contract import content


@pytest.fixture
def drive():
    yield open_drive("memory://namespace-files")
    memory.clear_memory()


@pytest.fixture
def files(drive):
    return NamespaceFiles(drive, "company.team")


def test_a_file_of_a_namespace_has_its_place_on_the_drive(drive, files):
    assert "kestra:///company/team/_files/scripts/a.py" == files.put("/scripts/a.py", b"print()")
    assert b"print()" == content(drive, "kestra:///company/team/_files/scripts/a.py")
    with files.open("scripts/a.py") as file:
        assert b"print()" == file.read()


def test_what_is_known_of_a_file(files):
    files.put("scripts/a.py", b"print()")

    found = files.find("/scripts/a.py")

    assert ("scripts/a.py", "kestra:///company/team/_files/scripts/a.py", 7) == found[:3]
    assert files.find("scripts") is None
    with pytest.raises(FileMissing):
        files.open("nope")


def test_namespaces_do_not_share_files(drive, files):
    NamespaceFiles(drive, "company").put("team/a", b"1")
    NamespaceFiles(drive, "company.team.sub").put("a", b"2")
    files.put("a", b"3")

    assert ["a"] == [each.path for each in files.list()]
    assert ["team/a"] == [each.path for each in NamespaceFiles(drive, "company").list()]


@pytest.mark.parametrize(
    ("include", "exclude", "folder", "expected"),
    [
        (None, None, "", ["a.py", "data/b.csv", "data/deep/c.csv", "data/deep/d.py"]),
        (["*.py"], None, "", ["a.py"]),
        (["**/*.py"], None, "", ["a.py", "data/deep/d.py"]),
        (["/a.py", "data/*"], None, "", ["a.py", "data/b.csv"]),
        (["data/**"], ["**/*.py"], "", ["data/b.csv", "data/deep/c.csv"]),
        (["**/c.csv"], [], "", ["data/deep/c.csv"]),
        (None, ["**"], "", []),
        ([], None, "", []),
        ("data/deep/?.csv", None, "", ["data/deep/c.csv"]),
        (None, None, "/data/deep/", ["data/deep/c.csv", "data/deep/d.py"]),
        (None, None, "dat", []),
    ],
)
def test_a_list_takes_what_patterns_say(files, include, exclude, folder, expected):
    for path in ("a.py", "data/b.csv", "data/deep/c.csv", "data/deep/d.py"):
        files.put(path, b"")

    assert expected == [each.path for each in files.list(include, exclude, folder=folder)]


def test_a_folder_is_deleted_with_all_that_is_in_it(files):
    for path in ("a", "x/1", "x/y/2", "xy/3"):
        files.put(path, b"")

    assert 2 == files.delete_folder("/x")
    assert ["a", "xy/3"] == [each.path for each in files.list()]
    assert files.delete("a")
    assert not files.delete("a")
    assert 1 == files.delete_folder("")


@pytest.mark.parametrize("path", ["../../other/_files/a", "a/../../b", "", "/", "a//b", "a\\b", "a/", "./a"])
def test_no_path_leads_out_of_the_namespace(files, path):
    for use in (
        lambda: files.put(path, b""),
        *(lambda each=each: each(path) for each in (files.open, files.find, files.delete)),
    ):
        with pytest.raises(FilesError):
            use()
    with pytest.raises(FilesError):
        list(files.list(folder="../other"))


@pytest.mark.parametrize(
    "namespace", ["", ".", "a..b", "a.", ".a", "a/b", "a._files", "_files", "a._states", "a.b._cache"]
)
def test_a_namespace_that_would_share_the_place_of_another_has_none(drive, namespace):
    with pytest.raises(FilesError, match="has no place for files"):
        NamespaceFiles(drive, namespace)
