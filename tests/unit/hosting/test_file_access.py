"""File access: which files the expressions of an execution may read, and that others are refused without a look."""

from __future__ import annotations

import uuid

import pytest

from runwright.drives.memory import MemoryDrive
from runwright.errors import FileMissing, FilesError
from runwright.hosting.file_access import MOST_READ, FileAccess, Place

OWN = "kestra:///company/team/orders/executions/e1/"
RELATIVE = "kestra:///company/team/parent/executions/e0/"
FILES = "kestra:///company/team/_files/"


@pytest.fixture
def drive():
    drive = MemoryDrive(uuid.uuid4().hex)
    drive.put(f"{OWN}tasks/t/r/out.txt", b"own")
    drive.put(f"{RELATIVE}inputs/i/in.txt", b"parent's")
    drive.put(f"{FILES}docs/read.me", b"the namespace's")
    drive.put("kestra:///company/team/orders/executions/e2/secret.txt", b"another's")
    drive.put("kestra:///company/other/_files/secret.txt", b"another's")
    return drive


@pytest.fixture
def access(drive):
    relatives = [Place("company.team", "parent", "e0")]
    return FileAccess(lambda: drive, Place("company.team", "orders", "e1"), lambda: relatives)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("own", f"{OWN}tasks/t/r/out.txt"),
        ("parent's", f"{RELATIVE}inputs/i/in.txt"),
        ("the namespace's", f"{FILES}docs/read.me"),
        ("the namespace's", "docs/read.me"),
        ("the namespace's", "/docs/read.me"),
        ("the namespace's", "nsfile:///docs/read.me"),
    ],
)
def test_what_belongs_to_it_is_read(access, text, address):
    assert text == access.read(address)


@pytest.mark.parametrize(
    "address",
    [
        "kestra:///company/team/orders/executions/e2/secret.txt",
        "kestra:///company/team/orders/executions/e1/../e2/secret.txt",
        "kestra:///company/team/orders/executions/e10/secret.txt",
        "kestra:///company/other/_files/secret.txt",
        "kestra:///company/team/_files/../../other/_files/secret.txt",
        "nsfile:///../../other/_files/secret.txt",
        "../../other/_files/secret.txt",
        "/../../other/_files/secret.txt",
        "docs//../../read.me",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "https://example.com/x",
        "nsfile:///https://example.com/x",
        "",
        None,
        7,
    ],
)
def test_what_does_not_is_refused_without_a_look(access, address):
    """Whether it is there or not: nothing is opened."""
    access._open_drive = None
    with pytest.raises(FilesError):
        access.uri_of(address)


def test_an_address_is_taken_as_it_stands(access):
    """What a browser would decode is the name of a folder here, and it is below what may be read."""
    assert access.find(f"{OWN}%2e%2e/e2/secret.txt") is None


def test_a_file_that_is_not_there_is_missing_and_not_refused(access):
    assert access.find("docs/none") is None
    with pytest.raises(FileMissing, match="There is no file kestra:///company/team/_files/docs/none"):
        access.require("docs/none")


def test_what_is_too_long_or_no_text_is_not_read(access, drive):
    drive.put(f"{FILES}most", b"x" * MOST_READ)
    drive.put(f"{FILES}more", b"x" * (MOST_READ + 1))
    drive.put(f"{FILES}bytes", b"\xff\xfe")
    assert MOST_READ == len(access.read("most"))
    with pytest.raises(FilesError, match=f"an expression reads at most {MOST_READ}"):
        access.read("more")
    with pytest.raises(FilesError, match="no text in UTF-8"):
        access.read("bytes")
