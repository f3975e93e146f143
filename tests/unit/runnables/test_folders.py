"""Folders: what is put into a working directory and what is kept of it, and that nothing leads out of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.runnables.conftest import declared

from runwright.errors import FileMissing, RunnableFailed
from runwright.runnables import folders

PLACE = "kestra:///company/team/orders/executions/e1/in.txt"


def content(scope):
    return {path: (scope.folder / path).read_text() for path in folders.paths_in(scope.folder)}


def test_inputs_are_contents_or_uris_by_name(scope):
    scope.drive.put(PLACE, b"given")
    scope.drive.put("kestra:///company/team/_files/lib/a.py", b"shared")
    scope.variables["uri"] = PLACE
    inputs = {
        "a.txt": "text {{ 1 + 1 }}",
        "b/c.json": {"n": [1]},
        "d.txt": "{{ uri }}",
        "e.py": "nsfile:///lib/a.py",
        "f.txt": f"{PLACE}\nis no address",
        "{{ 'g' }}.txt": None,
    }
    folders.put_inputs(scope, inputs)
    expected = {
        "a.txt": "text 2",
        "b/c.json": '{"n":[1]}',
        "d.txt": "given",
        "e.py": "shared",
        "f.txt": f"{PLACE}\nis no address",
        "g.txt": "",
    }
    assert expected == content(scope)


@pytest.mark.parametrize("inputs", [[PLACE], f'["{PLACE}"]', "{{ uris }}"])
def test_a_list_of_uris_keeps_their_names(scope, inputs):
    scope.drive.put(PLACE, b"given")
    scope.variables["uris"] = [PLACE]
    folders.put_inputs(scope, inputs)
    assert {"in.txt": "given"} == content(scope)


@pytest.mark.parametrize("name", ["../a", "a/../../b", "", ".", "/", "a/..", "a\0b", "../folder-beside/a"])
def test_a_name_that_leads_out_is_refused(scope, name):
    with pytest.raises(RunnableFailed, match="leads out of the working directory, or is none"):
        folders.put_inputs(scope, {name: "x"})
    assert {} == content(scope)


def test_a_name_from_the_root_is_one_from_the_folder(scope):
    folders.put_inputs(scope, {"/a/./b.txt": "x"})
    assert {"a/b.txt": "x"} == content(scope)


def test_what_is_no_input_is_told(scope):
    with pytest.raises(RunnableFailed, match=r"A list of input files has URIs"):
        folders.put_inputs(scope, ["a.txt"])
    with pytest.raises(FileMissing):
        folders.put_inputs(scope, {"a": f"{PLACE}.none"})
    with pytest.raises(RunnableFailed, match="inputFiles is neither data nor JSON"):
        folders.put_inputs(scope, "a.txt")


def test_files_of_the_namespace_are_chosen(scope):
    for name in ("a.py", "lib/b.py", "lib/c.txt", "d.txt"):
        scope.drive.put(f"kestra:///company/team/_files/{name}", name.encode())
    keys = "type: shell.Commands\ncommands: ['true']\nnamespaceFiles: {enabled: %s, include: ['**.py', 'd.*'], exclude: ['lib/b*']}"
    folders.put_namespace_files(scope, declared(keys % "false").namespace_files)
    folders.put_namespace_files(scope, None)
    assert {} == content(scope)
    folders.put_namespace_files(scope, declared(keys % "true").namespace_files)
    assert {"a.py": "a.py", "d.txt": "d.txt"} == content(scope)


def test_addresses_in_commands_become_paths_of_copies(scope):
    scope.drive.put(PLACE, b"given")
    text = folders.fetch_named(scope, f"cat {PLACE} '{PLACE}'; echo {PLACE[:10]}")
    path = text.split()[1]
    assert f"cat {path} '{path}'; echo {PLACE[:10]}" == text
    assert "given" == Path(path).read_text()
    assert {} == content(scope), "what was fetched is none of its outputs"


def test_what_patterns_mean_is_kept(scope):
    folders.put_inputs(scope, {"a.txt": "1", "b/c.txt": "2", "d.csv": "3"})
    kept = folders.keep_outputs(scope, ["**.txt"], lambda path: path == "a.txt")
    assert {"b/c.txt": f"{scope.prefix}b/c.txt"} == kept
    assert {f"{scope.prefix}b/c.txt": b"2"} == scope.files
    assert {} == folders.keep_outputs(scope, [])


def test_links_that_lead_out_are_not_kept(scope, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b.txt").write_text("secret")
    folders.put_inputs(scope, {"a.txt": "1"})
    (scope.folder / "inner.txt").symlink_to(scope.folder / "a.txt")
    (scope.folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (scope.folder / "dir").symlink_to(tmp_path / "outside")
    assert ["a.txt", "inner.txt"] == sorted(folders.keep_outputs(scope, ["**"]))


def test_a_scratch_file_is_gone_after_its_block(scope):
    with folders.scratch(scope, "script.sh") as path:
        path.write_text("x")
        assert {} == content(scope)
    assert not path.parent.exists()
