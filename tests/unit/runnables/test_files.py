"""Tasks about whole files, and about the files of namespaces."""

from __future__ import annotations

import pytest

from runwright.errors import FileMissing, RunnableFailed


def test_local_files_are_written_and_kept(run, scope):
    assert {"uris": {}} == run("type: storage.LocalFiles\noutputs: [out/*]").outputs
    run("type: storage.LocalFiles\ninputs: {out/stay.txt: '{{ n }}', gone.txt: x}", n=1)
    uris = run("type: storage.LocalFiles\noutputs: [out/*]").outputs["uris"]
    assert {"out/stay.txt": f"{scope.prefix}out/stay.txt"} == uris
    assert b"1" == scope.files[uris["out/stay.txt"]]


def test_a_text_is_written(run, scope):
    uri = run("type: storage.Write\ncontent: 'é {{ n }}'\nextension: txt", n=1).outputs["uri"]
    assert (f"{scope.prefix}content.txt", "é 1") == (uri, scope.files[uri].decode())
    assert f"{scope.prefix}content" == run("type: storage.Write\ncontent: ''").outputs["uri"]
    with pytest.raises(RunnableFailed, match="has a slash"):
        run("type: storage.Write\ncontent: x\nextension: /../../x")


@pytest.mark.parametrize("files", ["['{{ a }}', '{{ b }}']", "'{{ list }}'", "'{{ map }}'", "'{{ text }}'"])
def test_files_are_joined(run, scope, files):
    a, b = scope.drive.put("kestra:///a", b"one"), scope.drive.put("kestra:///b", b"two")
    keys = f'type: storage.Concat\nfiles: {files}\nseparator: "\\n"\nextension: .csv'
    outputs = run(keys, a=a, b=b, list=[a, b], map={"x": a, "y": b}, text=f'["{a}", "{b}"]').outputs
    assert {"uri": f"{scope.prefix}concat.csv"} == outputs
    assert b"one\ntwo" == scope.files[outputs["uri"]]


def test_one_file_may_be_joined(run, scope):
    uri = run("type: storage.Concat\nfiles: '{{ u }}'", u=scope.drive.put("kestra:///a", b"one")).outputs["uri"]
    assert (f"{scope.prefix}concat.tmp", b"one") == (uri, scope.files[uri])
    with pytest.raises(RunnableFailed, match="files must be the URIs of files"):
        run("type: storage.Concat\nfiles: [1]")


def test_a_file_is_measured_and_deleted(run, scope):
    uri = scope.drive.put("kestra:///a", b"one")
    assert {"size": 3} == run("type: storage.Size\nuri: '{{ u }}'", u=uri).outputs
    for is_there in (True, False):
        assert {"uri": uri, "deleted": is_there} == run("type: storage.Delete\nuri: '{{ u }}'").outputs
    with pytest.raises(FileMissing, match="to delete: check the URI"):
        run("type: storage.Delete\nuri: '{{ u }}'\nerrorOnMissing: true")
    with pytest.raises(FileMissing, match="to measure: check the URI"):
        run("type: storage.Size\nuri: '{{ u }}'")


def test_the_files_of_an_execution_are_purged(run, scope):
    others = ["kestra:///company/team/orders/executions/e2/x", "kestra:///company/team/_files/x"]
    own = [f"kestra:///company/team/orders/executions/e1/{each}" for each in ("inputs/x", "tasks/a/1/y")]
    for uri in (*own, *others):
        scope.drive.put(uri, b"")
    assert {"uris": own} == run("type: storage.PurgeCurrentExecutionFiles").outputs
    assert sorted(others) == sorted(scope.files)


NAMESPACE = "kestra:///company/other/_files/"


def test_files_of_the_working_directory_become_files_of_a_namespace(run, scope):
    (scope.folder / "sub").mkdir()
    (scope.folder / "sub" / "a.sql").write_text("a")
    (scope.folder / "b.txt").write_text("b")
    keys = "type: namespace.UploadFiles\nnamespace: '{{ ns }}'\nfiles: ['**/*.sql']\ndestination: /here"
    assert {"files": {"here/sub/a.sql": f"{NAMESPACE}here/sub/a.sql"}} == run(keys, ns="company.other").outputs
    assert {f"{NAMESPACE}here/sub/a.sql": b"a"} == scope.files


def test_files_on_the_drive_become_files_of_a_namespace(run, scope):
    uri = scope.drive.put("kestra:///x/y.csv", b"y")
    head = "type: namespace.UploadFiles\nnamespace: company.other\n"
    assert ["a/b.csv"] == list(run(f"{head}filesMap: {{a/b.csv: '{{{{ u }}}}'}}", u=uri).outputs["files"])
    assert ["y.csv"] == list(run(f"{head}files: ['{{{{ u }}}}']").outputs["files"])
    assert ["c.csv"] == list(run(f"{head}files: '{{{{ m }}}}'", m={"c.csv": uri}).outputs["files"])
    assert [b"y"] * 4 == list(scope.files.values())


@pytest.mark.parametrize(("conflict", "content"), [("OVERWRITE", b"new"), ("skip", b"old")])
def test_a_file_that_is_there_is_replaced_or_not(run, scope, conflict, content):
    scope.drive.put(f"{NAMESPACE}a.txt", b"old")
    (scope.folder / "a.txt").write_text("new")
    run(f"type: namespace.UploadFiles\nnamespace: company.other\nfiles: [a.txt]\nconflict: {conflict}")
    assert content == scope.files[f"{NAMESPACE}a.txt"]


def test_a_file_that_is_there_may_be_a_failure(run, scope):
    scope.drive.put(f"{NAMESPACE}a.txt", b"old")
    (scope.folder / "a.txt").write_text("new")
    keys = "type: namespace.UploadFiles\nnamespace: company.other\nfiles: [a.txt]\nconflict: "
    with pytest.raises(RunnableFailed, match=r"has a file a\.txt already"):
        run(keys + "ERROR")
    with pytest.raises(RunnableFailed, match="conflict must be one of OVERWRITE, ERROR, SKIP"):
        run(keys + "perhaps")


def test_a_file_cannot_leave_the_namespace(run, scope):
    uri = scope.drive.put("kestra:///x/y.csv", b"y")
    with pytest.raises(RunnableFailed, match="leads out of the namespace"):
        run("type: namespace.UploadFiles\nnamespace: n\nfilesMap: {'../x': '{{ u }}'}", u=uri)
    assert [uri] == list(scope.files)


def test_files_of_a_namespace_are_read_and_deleted(run, scope):
    for name in ("sql/a.sql", "sql/b.sql", "c.txt"):
        scope.drive.put(NAMESPACE + name, name.encode())
    keys = "type: namespace.DownloadFiles\nnamespace: company.other\nfiles: sql/*\ndestination: in/"
    expected = {f"in/sql/{name}.sql": f"{scope.prefix}in/sql/{name}.sql" for name in "ab"}
    assert {"files": expected} == run(keys).outputs
    assert "sql/a.sql" == (scope.folder / "in" / "sql" / "a.sql").read_text()
    outputs = run("type: namespace.DeleteFiles\nnamespace: company.other\nfiles: ['**/b.sql', c.txt]").outputs
    assert {"files": {"c.txt": f"{NAMESPACE}c.txt", "sql/b.sql": f"{NAMESPACE}sql/b.sql"}} == outputs
    assert [f"{NAMESPACE}sql/a.sql"] == [uri for uri in scope.files if uri.startswith(NAMESPACE)]
