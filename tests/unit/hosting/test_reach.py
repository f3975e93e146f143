"""What the tasks of an execution reach of a drive."""

from __future__ import annotations

import uuid

import pytest

from runwright.drives.memory import MemoryDrive
from runwright.errors import FileForbidden, FilesError
from runwright.hosting.file_access import Place
from runwright.hosting.reach import Reach

OTHER = "01a22368-3d1b-7a51-9a4e-000000000000"
RELATIVE = Place("elsewhere", "parent", "9z")
REACHED = [
    "kestra:///company/team/report/executions/1a2b/tasks/t/file",
    f"kestra:///company/team/other/executions/{OTHER}/tasks/t/file",
    "kestra:///company/team/_files/sql/daily.sql",
    "kestra:///company/team/_states/report/default.json",
    "kestra:///company/team/report/_cache/task.zip",
    "kestra:///elsewhere/parent/executions/9z/inputs/letter/a.txt",
]
REFUSED = [
    "kestra:///company/team/report/executions/other/file",
    f"kestra:///company/team/inner/report/executions/{OTHER}/file",
    f"kestra:///company/report/executions/{OTHER}/file",
    f"kestra:///company/teams/report/executions/{OTHER}/file",
    "kestra:///company/team/inner/_files/a",
    f"kestra:///company/team/report/executions/{OTHER}/executions/{OTHER}/tasks/t/file",
    f"kestra:///company/team/report/executions/{OTHER}/_files/a",
    f"kestra:///company/team/report/executions/{OTHER}/report/_cache/a.zip",
    "kestra:///company/_files/a",
    "kestra:///elsewhere/parent/executions/9za/file",
    "kestra:///elsewhere/_files/a",
    "kestra:///file",
]


@pytest.fixture
def drive():
    return MemoryDrive(uuid.uuid4().hex)


def reach(drive, asked=None, named=None):
    def relatives():
        if asked is not None:
            asked.append(1)
        return [RELATIVE]

    return Reach(drive, Place("company.team", "report", "1a2b"), relatives, named)


@pytest.mark.parametrize("uri", REACHED)
def test_what_is_around_an_execution_is_reached(drive, uri):
    seen = reach(drive)
    assert uri == seen.put(uri, b"text")
    assert (b"text", 4, [uri]) == (seen.open(uri).read(), seen.find(uri).size, [each.uri for each in seen.list(uri)])
    assert seen.delete(uri)
    assert drive.find(uri) is None


@pytest.mark.parametrize("uri", REFUSED)
def test_what_belongs_to_others_is_refused(drive, uri):
    drive.put(uri, b"text")
    seen = reach(drive)
    for use in (seen.open, seen.find, seen.delete, seen.list, lambda uri: seen.put(uri, b"mine")):
        with pytest.raises(FileForbidden, match="Hand it over as an input or output"):
            use(uri)
    assert b"text" == drive.open(uri).read()


@pytest.mark.parametrize(
    "uri", ["kestra:///company/team/_files/../../_files/a", "kestra:///company/team/_files//a", "/etc/passwd", ""]
)
def test_an_address_that_leads_elsewhere_is_none(drive, uri):
    with pytest.raises(FilesError):
        reach(drive).open(uri)


@pytest.mark.parametrize(
    "prefix", ["kestra:///", "kestra:///company/", "kestra:///company/team/", "kestra:///elsewhere/parent/"]
)
def test_a_list_of_more_than_that_is_refused(drive, prefix):
    with pytest.raises(FileForbidden):
        reach(drive).list(prefix)


def test_the_shared_files_of_a_namespace_that_is_named_are_reached(drive):
    seen = reach(drive, named="elsewhere")
    seen.put("kestra:///elsewhere/_files/a", b"x")
    assert ["kestra:///elsewhere/_files/a"] == [each.uri for each in seen.list("kestra:///elsewhere/_files/")]
    with pytest.raises(FileForbidden):
        seen.open(f"kestra:///elsewhere/other/executions/{OTHER}/file")


@pytest.mark.parametrize("namespace", ["elsewhere._states", "../company", "", "a/b"])
def test_a_namespace_that_has_no_place_is_not_reached(drive, namespace):
    with pytest.raises(FilesError, match="has no place for files"):
        reach(drive, named=namespace)


def test_relatives_are_looked_for_once_and_only_when_that_decides(drive):
    asked = []
    seen = reach(drive, asked)
    seen.find(REACHED[0])
    assert [] == asked
    seen.find(REACHED[-1])
    seen.find(REACHED[-1])
    assert [1] == asked
