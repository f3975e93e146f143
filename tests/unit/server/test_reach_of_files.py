"""What somebody who speaks to the server cannot make it read, write or delete: files of other executions, namespaces and folders."""

from __future__ import annotations

import pytest
from tests.unit.server.executions import MAIN

from runwright import app
from runwright.testing.drive_contract import content

NO_FILES = {
    "a path": "/etc/passwd",
    "a path that climbs": "../../../etc/passwd",
    "a URI of this machine": "file:///etc/passwd",
    "a host": "kestra://host/company/team/a",
    "an address that climbs": "kestra:///company/team/_files/../../_files/a",
    "an address that ends above": "kestra:///company/team/..",
    "a command": "kestra:///a;rm -rf $HOME",
    "a command in quotes": "kestra:///a$(id)",
    "two words": "kestra:///a -rf /x",
    "two lines": "kestra:///a\nb",
    "no name": "kestra:///",
    "nul": "kestra:///a\x00b",
    "a file of the namespace that climbs": "nsfile:///../../a",
    "text": "Dear Ann",
}
CLIMBING = {
    "above": "{own}/../{other}/inputs/letter/x.txt",
    "above, percent-encoded": "{own}/%2e%2e/{other}/inputs/letter/x.txt",
    "above, encoded twice": "{own}/%252e%252e/{other}/inputs/letter/x.txt",
    "a backslash": "{own}\\..\\{other}\\inputs\\letter\\x.txt",
    "an id that begins so": "{own}0/x",
    "another scheme": "file:///etc/passwd",
    "no scheme": "/company/team/greet/executions/{other}/inputs/letter/x.txt",
    "another case": "KESTRA:///company/team/greet/executions/{other}/inputs/letter/x.txt",
    "a host": "kestra://host/company/team/greet/executions/{other}/inputs/letter/x.txt",
    "another execution": "kestra:///company/team/greet/executions/{other}/inputs/letter/x.txt",
    "files of the namespace": "kestra:///company/team/_files/x",
    "nul": "{own}/\x00",
    "a new line": "{own}/a\nb",
    "a long name": "{own}/" + "x" * 300,
    "a long path": "{own}" + "/x" * 3_000,
    "half a character": "{own}/\ud800",
    "an empty name": "{own}//inputs",
}


@pytest.mark.parametrize("address", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_stored_file_is_not_taken_for_one(bench, address):
    form = {"name": (None, "Ann"), "letter": (None, address)}

    told = bench.answer("POST", "/executions/company.team/greet", 422, files=form)["message"]

    assert "must be the address of a stored file" in told
    assert [[], 0] == bench.find()


def test_a_stored_file_of_before_is(bench):
    first = bench.create("greet", files={"name": (None, "Ann"), "letter": ("x.txt", b"Dear Ann")})
    uri = bench.answer("GET", f"/executions/{first}")["inputs"]["letter"]

    second = bench.create("greet", files={"name": (None, "Ann"), "letter": (None, uri)})

    assert uri == bench.answer("GET", f"/executions/{second}")["inputs"]["letter"]
    assert "none of this" in bench.answer("GET", f"/executions/{second}/file", 422, params={"path": uri})["message"]


@pytest.mark.parametrize(
    "name", ["../../x.txt", "a;rm -rf ~.txt", "$(id).txt", "a\nb.txt", "", "it's `id`.txt", "x" * 900]
)
def test_the_name_of_an_upload_is_one_word_in_its_own_folder(bench, name):
    execution = bench.create("greet", files={"name": (None, "Ann"), "letter": (name or "x", b"Dear Ann")})

    uri = bench.answer("GET", f"/executions/{execution}")["inputs"]["letter"]
    own, _, kept = uri.rpartition("/")
    assert f"kestra:///company/team/greet/executions/{execution}/inputs/letter" == own
    assert set() == set(kept) & set(" \n/\\;$()`'\"")


def test_a_request_that_is_refused_leaves_no_file(bench):
    bench.answer("POST", "/executions/company.team/greet", 422, files={"letter": ("x.txt", b"Dear Ann")})
    bench.create("greet", files={"name": (None, "Ann"), "unknown": ("y.txt", b"Dear Ben")})

    assert [] == list(app.execution_host(bench.record.url).drive.list("kestra:///"))


@pytest.mark.parametrize("rest", ["", "/metas", "/preview"])
@pytest.mark.parametrize("path", CLIMBING.values(), ids=CLIMBING)
def test_an_execution_hands_out_no_file_but_its_own(bench, rest, path):
    other = bench.create("greet", files={"name": (None, "A"), "letter": ("x.txt", b"secret")})
    execution = bench.create("greet", files={"name": (None, "A"), "letter": ("x.txt", b"own")})
    own = f"kestra:///company/team/greet/executions/{execution}"
    asked = path.format(own=own, other=other)
    query = {"path": asked.encode("utf-8", "surrogatepass")}

    answer = bench.client.get(f"{MAIN}/executions/{execution}/file{rest}", params=query)

    assert answer.status_code in {404, 422}, answer.text
    assert b"secret" not in answer.content


def test_a_tenant_that_is_none_has_no_files(bench):
    execution = bench.create("greet", files={"name": (None, "A"), "letter": ("x.txt", b"own")})
    uri = bench.answer("GET", f"/executions/{execution}")["inputs"]["letter"]

    answer = bench.client.get(f"/api/v1/other/executions/{execution}/file", params={"path": uri})

    assert 404 == answer.status_code


NO_PATHS = [
    "../other/_files/x",
    "a/../../../other/_files/x",
    "/../../other/_files/x",
    "..",
    "a\x00b",
    "a\nb",
    "a\\..\\b",
    "x" * 300,
    "x/" * 600 + "x",
    "./x",
    "a//b",
]


@pytest.mark.parametrize("path", NO_PATHS)
def test_files_of_a_namespace_are_written_and_read_below_it_only(bench, path):
    for base in ("other", "company"):
        bench.answer("POST", f"/namespaces/{base}/files", files={"fileContent": ("x", b"secret")}, params={"path": "x"})
    at = f"{MAIN}/namespaces/company.team/files"
    before = kept(bench)

    answers = [
        bench.client.get(at, params={"path": path}),
        bench.client.get(f"{at}/stats", params={"path": path}),
        bench.client.delete(at, params={"path": path}),
        bench.client.post(at, params={"path": path}, files={"fileContent": ("x", b"mine")}),
        bench.client.put(at, params={"from": path, "to": "stolen"}),
    ]

    assert [] == [answer.text for answer in answers if answer.status_code not in {404, 422}]
    assert before == kept(bench)


@pytest.mark.parametrize("path", ["%2e%2e/other/_files/x", "..%2f..%2fother"])
def test_what_is_encoded_once_more_is_a_name_and_climbs_nowhere(bench, path):
    bench.answer("POST", "/namespaces/company/files", files={"fileContent": ("x", b"mine")}, params={"path": path})

    assert [f"kestra:///company/_files/{path}"] == [*kept(bench)]


@pytest.mark.parametrize(
    "namespace", ["company..team", "_files", "company._files", "company._states", "company.flow._cache"]
)
def test_a_namespace_that_would_be_a_folder_of_another_has_no_files(bench, namespace):
    bench.answer("GET", f"/namespaces/{namespace}/files/search", 422)


def kept(bench):
    drive = app.execution_host(bench.record.url).drive
    return {each.uri: content(drive, each.uri) for each in drive.list("kestra:///")}
