"""Files of a namespace over REST: written, listed, read, moved and deleted; nothing outside the namespace is reached."""

from __future__ import annotations

import pytest

FILES = "/namespaces/company.team/files"


@pytest.fixture
def files(bench):
    for path, content in (("/sql/daily.sql", b"SELECT 1"), ("readme.md", b"Read me")):
        bench.answer("POST", FILES, files={"fileContent": ("x", content)}, params={"path": path})
    return bench


def test_files_are_listed_and_read(files):
    assert ["/readme.md", "/sql/daily.sql"] == files.answer("GET", f"{FILES}/search")
    assert ["/sql/daily.sql"] == files.answer("GET", f"{FILES}/search", params={"q": "DAILY"})
    assert b"SELECT 1" == files.client.get(f"/api/v1/main{FILES}", params={"path": "sql/daily.sql"}).content
    listed = files.answer("GET", f"{FILES}/directory")
    assert [["readme.md", "File", 7], ["sql", "Directory", 0]] == [
        [each["fileName"], each["type"], each["size"]] for each in listed
    ]
    assert "daily.sql" == files.answer("GET", f"{FILES}/directory", params={"path": "/sql"})[0]["fileName"]
    assert 8 == files.answer("GET", f"{FILES}/stats", params={"path": "/sql/daily.sql"})["size"]


def test_files_are_moved_and_deleted(files):
    files.answer("PUT", FILES, 204, params={"from": "/readme.md", "to": "/docs/readme.md"})
    assert ["/docs/readme.md", "/sql/daily.sql"] == files.answer("GET", f"{FILES}/search")
    files.answer("DELETE", FILES, 204, params={"path": "/docs"})
    files.answer("DELETE", FILES, 204, params={"path": "/sql/daily.sql"})
    assert [] == files.answer("GET", f"{FILES}/search")


@pytest.mark.parametrize("path", ["../other/_files/x", "/../../x", "a/../../x", "nothing"])
def test_paths_that_lead_to_no_file_of_the_namespace_are_refused(files, path):
    for rest in ("", "/stats"):
        assert files.client.get(f"/api/v1/main{FILES}{rest}", params={"path": path}).status_code in {404, 422}


@pytest.mark.parametrize(
    ("method", "params"), [("GET", {}), ("DELETE", {}), ("PUT", {"from": "x"}), ("POST", {"path": "x"})]
)
def test_what_is_missing_is_said(files, method, params):
    assert files.answer(method, FILES, 422, params=params)["message"]
