"""What no execution can make of files: to read, write or delete what is neither its own nor handed to it."""

from __future__ import annotations

import io
import tarfile

import pytest
from tests.integration.executions import declared, latest, run

from runwright import app
from runwright.errors import FilesError, InputError
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.runner import ExecutionRunner
from runwright.testing.drive_contract import content

MAKE = "  - {id: make, type: storage.LocalFiles, inputs: {a.txt: secret}, outputs: ['a.txt']}\n"


@pytest.fixture(autouse=True)
def record_place(runwright_home):
    """Keep the record in the home of the test: what is reached is the same on every store."""


@pytest.fixture
def victim():
    """Return the URI of a file of an execution in a namespace beside that of the tests."""
    ExecutionRunner(DeclaredFlow.from_text(f"id: make\nnamespace: tests2\ntasks:\n{MAKE}")).start()
    return latest("tests2/make").outputs["make"]["uris"]["a.txt"]


@pytest.fixture
def outside(tmp_path):
    """Return a folder of this machine with a file that is nobody's business."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "passwd").write_text("secret")
    return folder


def disguised(uri):
    """Return ways to write the address of a file so that it might be taken for one that is allowed."""
    path = uri.removeprefix("kestra:///")
    return {
        "as it is": uri,
        "through the own namespace": f"kestra:///tests/_files/../../{path}",
        "through the own executions": f"kestra:///tests/main/executions/../../../{path}",
        "encoded": f"kestra:///tests/_files/%2e%2e/%2e%2e/{path}",
        "encoded slashes": f"kestra:///tests%2f_files%2f..%2f..%2f{path.replace('/', '%2f')}",
        "another case": f"KESTRA:///{path}",
        "a host": f"kestra://localhost/{path}",
        "slashes": f"kestra:////{path}",
        "dots": f"kestra:///./{path}",
        "a new line before": f"\n{uri}",
        "nul": f"{uri}\x00.txt",
        "a backslash": f"kestra:///tests/_files/..\\..\\{path}",
        "of the namespace": f"nsfile:///../../{path}",
    }


TASKS = {
    "measured": "{id: t, type: storage.Size, uri: '{{ inputs.uri }}'}",
    "joined": "{id: t, type: storage.Concat, files: ['{{ inputs.uri }}']}",
    "reversed": "{id: t, type: storage.Reverse, from: '{{ inputs.uri }}'}",
    "deleted": "{id: t, type: storage.Delete, uri: '{{ inputs.uri }}'}",
    "put in a folder": "{id: t, type: storage.LocalFiles, inputs: {copy: '{{ inputs.uri }}'}, outputs: [copy]}",
    "put in a folder by its name": "{id: t, type: storage.LocalFiles, inputs: ['{{ inputs.uri }}'], outputs: ['**']}",
    "uploaded": "{id: t, type: namespace.UploadFiles, namespace: tests, filesMap: {copy: '{{ inputs.uri }}'}}",
    "read": "{id: t, type: debug.Return, format: '{{ read(inputs.uri) }}'}",
    "found": "{id: t, type: debug.Return, format: '{{ fileExists(inputs.uri) }}'}",
    "addressed": "{id: t, type: debug.Return, format: '{{ fileSize(fileURI(inputs.uri)) }}'}",
    "named in a command": "{id: t, type: shell.Commands, commands: ['cat \"{{ inputs.uri }}\"']}",
    "cut": "{id: t, type: flow.ForEachItem, items: '{{ inputs.uri }}', namespace: tests, flowId: child, batch: {rows: 1}}",
}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_no_way_to_write_its_address_reaches_a_file_of_others(victim, task):
    for how, address in disguised(victim).items():
        ended = run(f"  - {task}\n", "inputs: [{id: uri, type: STRING}]", {"uri": address})
        seen = f"{ended.outputs} {ended.logs}"
        assert ("secret" in content_of(ended), "secret" in seen) == (False, False), how
    assert b"secret" == content(app.execution_host().drive, victim)


def content_of(ended):
    """Return all that an execution has on the drive, and its namespace."""
    drive = app.execution_host().drive
    place = f"kestra:///tests/main/executions/{ended.row.id}/"
    found = [info.uri for prefix in (place, "kestra:///tests/_files/") for info in drive.list(prefix)]
    return b"".join(content(drive, uri) for uri in found).decode()


@pytest.mark.parametrize("address", ["/etc/passwd", "file:///etc/passwd", "kestra:///a;id", "../a", "kestra:///a/../b"])
def test_what_is_no_stored_file_is_no_file_input_of_an_execution_or_a_child(address):
    takes = "inputs: [{id: file, type: FILE}]"
    with pytest.raises(InputError, match="must be the address of a stored file"):
        run("  - {id: t, type: debug.Return, format: x}", takes, {"file": address})
    child = declared("  - {id: t, type: debug.Return, format: x}", takes, "child")
    ExecutionRunner(child).start({"file": "kestra:///tests/_files/a"})
    ended = run(f"  - {{id: s, type: flow.Subflow, namespace: tests, flowId: child, inputs: {{file: {address!r}}}}}")
    assert ["s FAILED"] == ended.states


def folder_of(*tasks):
    return "  - id: folder\n    type: flow.WorkingDirectory\n    tasks:\n" + "".join(
        f"      - {task}\n" for task in tasks
    )


LINKS = {
    "a file": "ln -s {outside}/passwd link",
    "a folder": "ln -s {outside} link",
    "a link to a link": "ln -s {outside} one && ln -s one link",
    "a folder above": "ln -s ../../../../../../../../../.. link",
    "a folder of the drive": "ln -s {home}/files link",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_link_in_a_working_directory_leads_nowhere(outside, runwright_home, link):
    command = link.format(outside=outside, home=runwright_home)
    make = f"{{id: make, type: shell.Commands, commands: ['{command}']}}"
    keep = "{id: keep, type: storage.LocalFiles, outputs: ['**', link, 'link/**']}"
    ended = run(folder_of(make, keep))
    assert {} == ended.outputs["keep"]["uris"]

    for name in ("link", "link/passwd", "link/new"):
        write = f"{{id: write, type: storage.LocalFiles, inputs: {{{name}: mine}}}}"
        assert "FAILED" == run(folder_of(make, write)).state
    assert (["passwd"], "secret") == ([each.name for each in outside.iterdir()], (outside / "passwd").read_text())


def test_an_archive_that_is_handed_over_leads_nowhere(outside):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        link = tarfile.TarInfo("data")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        archive.addfile(link)
    uri = app.execution_host().drive.put("kestra:///tests/_files/evil.tar", packed.getvalue())
    unpack = f"{{id: unpack, type: shell.Commands, inputFiles: {{a.tar: '{uri}'}}, commands: ['tar xf a.tar']}}"
    write = "{id: write, type: storage.LocalFiles, inputs: {data/new: mine}, outputs: ['data/**']}"
    kept = "{id: kept, type: shell.Commands, commands: ['true'], outputFiles: ['data/**']}"

    ended = run(folder_of(unpack, kept, write))

    assert ["folder FAILED", "unpack SUCCESS", "kept SUCCESS", "write FAILED"] == ended.states
    assert {} == ended.outputs["kept"]["outputFiles"]
    assert ["passwd"] == [each.name for each in outside.iterdir()]


NAMES = ["../x", "a/../../x", "/../x", "..", ".", "x" * 300, "a\\x00b"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_an_input_file_stays_in_the_folder(name):
    task = f'{{id: t, type: storage.LocalFiles, inputs: {{"{name}": mine}}, outputs: ["**"]}}'
    ended = run(f"  - {task}")
    assert "FAILED" == ended.state


@pytest.mark.parametrize("name", ["a\\nb", "%2e%2e%2fx", "a b", "-rf", "$(id)"])
def test_a_strange_name_is_a_name(name):
    ended = run(f"  - {{id: t, type: storage.LocalFiles, inputs: {{\"{name}\": mine}}, outputs: ['**']}}")
    if "\\n" in name:
        assert ("FAILED", True) == (ended.state, "control character" in str(ended.task_runs[0].message))
    else:
        assert [name] == [*ended.outputs["t"]["uris"]]


def test_a_namespace_cannot_stand_in_the_place_of_what_another_keeps(victim):
    """The states of the flows of `tests` are in a folder where those of a namespace `tests._states` would be."""
    for namespace in ("tests._states", "tests.main._cache", "tests._files"):
        flow = DeclaredFlow.from_text(f"id: make\nnamespace: {namespace}\ntasks:\n{MAKE}")
        ExecutionRunner(flow).start()
        assert "FAILED" == latest(f"{namespace}/make").state
    drive = ExecutionRunner(declared(MAKE)).recalled(run(MAKE).row).scope_outside().drive
    with pytest.raises(FilesError):
        drive.open(victim)
