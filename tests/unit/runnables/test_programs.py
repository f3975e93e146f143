"""Tasks that run commands and scripts."""

from __future__ import annotations

import os
import sys
import threading
import zipfile

import pytest

from runwright.errors import FileMissing, RunnableFailed
from runwright.runnables.programs import LONGEST_ARGUMENT


def test_commands_run_one_after_the_other(run, scope):
    outcome = run("type: shell.Commands\ncommands:\n  - cd /\n  - 'echo {{ n }}; pwd'", n=1)
    assert [("INFO", "1"), ("INFO", "/")] == scope.lines.seen
    assert "Success" == outcome.state
    expected = {
        "vars": {},
        "exitCode": 0,
        "outputFiles": {},
        "taskRunner": {"type": "io.kestra.plugin.core.runner.Process"},
    }
    assert expected == outcome.outputs


def test_what_a_program_says_becomes_outputs_and_metrics(run, scope):
    keys = """
type: shell.Script
script: |
  echo '::{"outputs": {"count": 3}}::'
  echo 'and ::{"metrics": [{"name": "rows", "type": "counter", "value": 3}]}::'
"""
    assert {"count": 3} == run(keys).outputs["vars"]
    assert [("rows", 3.0, "counter", {})] == scope.numbers
    assert [] == scope.lines.seen


def test_a_failure_hands_on_what_there_is(run):
    keys = "type: shell.Commands\noutputFiles: '*.txt'\ncommands: ['echo ::{\\\"outputs\\\":{\\\"a\\\":1}}::', echo x > x.txt, exit 3]"
    with pytest.raises(RunnableFailed, match="Command failed with exit code 3") as raised:
        run(keys)
    outputs = raised.value.outputs or {}
    assert (3, ["x.txt"]) == (outputs["exitCode"], list(outputs["outputFiles"]))


def test_the_first_failure_ends_the_commands_unless_it_may_not(run, scope):
    with pytest.raises(RunnableFailed, match="exit code 1"):
        run("type: shell.Commands\ncommands: ['false', echo on]")
    assert [] == scope.lines.seen
    run("type: shell.Commands\nfailFast: false\ncommands: ['false', echo on]")
    assert [("INFO", "on")] == scope.lines.seen


@pytest.mark.parametrize(
    ("keys", "state"), [("", "Warning"), ("warningOnStdErr: true", "Warning"), ("warningOnStdErr: false", "Success")]
)
def test_standard_error_makes_a_warning(run, scope, keys, state):
    outcome = run(f"type: shell.Commands\ncommands: echo oh >&2\n{keys}")
    assert state == outcome.state
    assert [("ERROR", "oh")] == scope.lines.seen


def test_what_is_said_on_standard_error_makes_no_warning(run):
    keys = 'type: shell.Script\nscript: |\n  echo \'::{"outputs":{"a":1}}::\' >&2'
    outcome = run(keys)
    assert ("Success", {"a": 1}) == (outcome.state, outcome.outputs["vars"])


def test_commands_run_before(run, scope):
    run("type: shell.Commands\nbeforeCommands: [a=1, 'b={{ n }}']\ncommands: echo $a $b", n=2)
    assert [("INFO", "1 2")] == scope.lines.seen


def test_another_program_may_read_the_commands(run, scope):
    keys = f"type: shell.Commands\ninterpreter: ['{sys.executable}', -c]\ncommands: ['import sys', 'print(sys.argv)']"
    run(keys)
    run(f"type: shell.Commands\ninterpreter: '{sys.executable} -c'\ncommands: 'print(2)'")
    assert [("INFO", "['-c']"), ("INFO", "2")] == scope.lines.seen


def test_an_interpreter_that_is_not_there_is_told(run):
    with pytest.raises(RunnableFailed, match="'/no/such' did not start"):
        run("type: shell.Commands\ninterpreter: [/no/such, -c]\ncommands: x")
    with pytest.raises(RunnableFailed, match="interpreter must be a program"):
        run("type: shell.Commands\ninterpreter: '{{ i }}'\ncommands: x", i="")


def test_a_long_script_runs_too(run, scope):
    run("type: shell.Script\nscript: '{{ text }}'", text="# " + "x" * LONGEST_ARGUMENT + "\necho end")
    assert [("INFO", "end")] == scope.lines.seen
    with pytest.raises(RunnableFailed, match="longer than 100000 bytes"):
        run("type: shell.Script\nscript: '{{ text }}'\ninterpreter: [/bin/sh]", text="x" * 200_000)


def test_variables_are_declared_or_inherited_but_for_secrets(run, scope, monkeypatch):
    monkeypatch.setenv("THEIRS", "t")
    monkeypatch.setenv("SECRET_KEY", "s")
    monkeypatch.setenv("RUNWRIGHT_ENCRYPTION_KEY", "e")
    run(
        "type: shell.Commands\nenv: {N: '{{ n }}', B: true}\ncommands: echo $THEIRS $N $B [$SECRET_KEY$RUNWRIGHT_ENCRYPTION_KEY]",
        n=1,
    )
    run("type: shell.Commands\nenv: '{{ e }}'\ncommands: echo $A", e={"A": "x"})
    assert [("INFO", "t 1 true []"), ("INFO", "x")] == scope.lines.seen


def test_input_files_are_there(run, scope):
    uri = scope.drive.put("kestra:///other/data.csv", b"1,2\n")
    keys = """
type: shell.Commands
inputFiles:
  "{{ name }}.txt": "n is {{ n }} in {{ workingDir }}"
  sub/data.csv: "{{ uri }}"
  data.json: {a: "{{ n }}"}
commands: cat in.txt sub/data.csv data.json
"""
    run(keys, name="in", n=1, uri=uri)
    assert f'n is 1 in {scope.folder}1,2\n{{"a":1}}' == "\n".join(text for _, text in scope.lines.seen)


def test_input_files_may_be_a_list_or_come_from_an_expression(run, scope):
    uri = scope.drive.put("kestra:///other/data.csv", b"1,2\n")
    scope.drive.put("kestra:///company/team/_files/sql/q.sql", b"select\n")
    run("type: shell.Commands\ninputFiles: ['{{ uri }}', 'nsfile:///sql/q.sql']\ncommands: cat data.csv q.sql", uri=uri)
    run("type: shell.Commands\ninputFiles: '{{ files }}'\ncommands: cat x.txt", files={"x.txt": "x"})
    run("type: shell.Commands\ninputFiles: '{{ text }}'\ncommands: cat y.txt", text='{"y.txt": "y"}')
    assert ["1,2", "select", "x", "y"] == [text for _, text in scope.lines.seen]


@pytest.mark.parametrize("name", ["../x", "/../x", "a/../../x", ".", "", "/"])
def test_input_files_cannot_leave_the_folder(run, name):
    with pytest.raises(RunnableFailed, match="leads out of the working directory"):
        run("type: shell.Commands\ninputFiles: {'{{ name }}': x}\ncommands: x", name=name)


def test_wrong_input_files_are_told(run):
    with pytest.raises(RunnableFailed, match="A list of input files has URIs"):
        run("type: shell.Commands\ninputFiles: [a.txt]\ncommands: x")
    with pytest.raises(RunnableFailed, match="inputFiles is neither data nor JSON"):
        run("type: shell.Commands\ninputFiles: hello\ncommands: x")


def test_files_that_commands_name_are_fetched(run, scope):
    uri = scope.drive.put("kestra:///other/my-data.csv", b"1,2\n")
    outputs = run(
        "type: shell.Script\nscript: |\n  cat '{{ u }}' {{ u }} \"{{ u }}\"\noutputFiles: '**'", u=uri
    ).outputs
    assert [("INFO", "1,2")] * 3 == scope.lines.seen
    assert {} == outputs["outputFiles"]
    with pytest.raises(FileMissing):
        run("type: shell.Commands\ncommands: cat kestra:///no/such")


def test_output_files_are_kept(run, scope):
    keys = """
type: shell.Commands
outputFiles: ["*.txt", "{{ folder }}/**"]
commands:
  - mkdir -p out/deep other; echo a > a.txt; echo b > b.csv; echo c > out/deep/c; echo d > other/d.txt
  - ln -s /etc/passwd link.txt; ln -s a.txt alias.txt; ln -s / out/root
"""
    files = run(keys, folder="out").outputs["outputFiles"]
    assert ["a.txt", "alias.txt", "out/deep/c"] == list(files)
    assert (scope.prefix + "out/deep/c", b"c\n") == (files["out/deep/c"], scope.files[files["out/deep/c"]])


def test_what_is_written_to_the_output_folder_is_kept(run, scope):
    files = run("type: shell.Commands\ncommands: echo x > {{ outputDir }}/x.txt").outputs["outputFiles"]
    assert {"x.txt": b"x\n"} == {name: scope.files[uri] for name, uri in files.items()}


def test_files_of_the_namespace_are_there(run, scope):
    for name in ("a.sql", "sub/b.sql", "sub/c.txt", "ignore/d.sql"):
        scope.drive.put(f"kestra:///company/team/_files/{name}", name.encode() + b"\n")
    run(
        "type: shell.Commands\nnamespaceFiles: {include: '**/*.sql', exclude: [/ignore/**]}\ncommands: find . -name '*.*' -type f | sort"
    )
    assert ["./a.sql", "./sub/b.sql"] == [text for _, text in scope.lines.seen]


def test_a_task_that_is_to_stop_ends_its_program(run, scope):
    class Stopping(threading.Event):
        def is_set(self):
            return any(text == "ready" for _, text in scope.lines.seen)

    scope.stopping = Stopping()
    with pytest.raises(RunnableFailed, match="The program was ended, because the task was to stop") as raised:
        run("type: shell.Commands\ncommands: echo ready; sleep 100")
    assert {"exitCode": 143}.items() <= (raised.value.outputs or {}).items()


def test_a_python_script_finds_modules_beside_it(run, scope):
    keys = """
type: python.Script
inputFiles: {side.py: "n = {{ n }}"}
outputFiles: ["*.py"]
script: |
  import json, side, sys
  print("::" + json.dumps({"outputs": {"n": side.n, "python": sys.executable}}) + "::")
"""
    outputs = run(keys, n=3).outputs
    assert {"n": 3, "python": sys.executable} == outputs["vars"]
    assert ["side.py"] == list(outputs["outputFiles"])


def test_a_traceback_fails_a_python_script(run, scope):
    with pytest.raises(RunnableFailed, match="exit code 1"):
        run("type: python.Script\nscript: raise ValueError('why')")
    assert ("ERROR", "ValueError: why") == scope.lines.seen[-1]


def test_python_commands_find_python(run, scope):
    run("type: python.Commands\ncommands: python -c 'import sys; print(sys.executable)'")
    assert os.path.realpath(sys.executable) == os.path.realpath(scope.lines.seen[0][1])


def test_a_python_that_is_not_there_is_told(run):
    with pytest.raises(RunnableFailed, match=r"There is no Python '2\.1' on this machine"):
        run("type: python.Script\npythonVersion: '2.1'\nscript: x")


@pytest.fixture
def wheel(scope):
    """Return the name of a package in the working directory that pip can install without asking anybody."""
    name, info = "tiny-1.0-py3-none-any.whl", "tiny-1.0.dist-info"
    with zipfile.ZipFile(scope.folder / name, "w") as file:
        file.writestr("tiny.py", "size = 'tiny'\n")
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return f"./{name}"


def test_packages_are_installed_once(run, scope, wheel, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    keys = f"type: python.Script\ndependencies: ['{wheel}']\nscript: import tiny; print(tiny.size)"
    for _ in range(2):
        run(keys)
    installing = f"Installing packages for Python: {wheel}"
    assert [installing, "tiny", "tiny"] == [text for _, text in scope.lines.seen]


def test_packages_that_cannot_be_installed_are_told(run, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "python9.9").write_text("#!/bin/sh\necho no room >&2; exit 1\n")
    (tmp_path / "python9.9").chmod(0o755)
    with pytest.raises(RunnableFailed, match=r"could not be installed\. Check `dependencies`:\nno room"):
        run("type: python.Script\npythonVersion: '9.9'\ndependencies: [x]\nscript: x")


DOCKER = """#!/bin/sh
# Stands in for a container engine, which needs rights that tests have not: runs the command here, and says how it was called.
echo "$@" >> "$DOCKER_CALLS"
[ "$1" = run ] || exit 0
while [ "$1" != --entrypoint ]; do shift; done
program=$2; shift 3; exec "$program" "$@"
"""


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Return the file that has the calls of a stand-in for docker."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_a_container_is_asked_for(run, scope, calls):
    keys = """
type: shell.Commands
containerImage: alpine
taskRunner: {type: io.kestra.plugin.scripts.runner.docker.Docker, networkMode: host, pullPolicy: NEVER, volumes: [/a:/b]}
env: {TOKEN: hidden}
commands: echo $TOKEN
"""
    outputs = run(keys).outputs
    assert [("INFO", "hidden")] == scope.lines.seen
    assert {"type": "io.kestra.plugin.scripts.runner.docker.Docker"} == outputs["taskRunner"]
    call = calls.read_text()
    for part in (
        f"--volume {scope.folder}:{scope.folder}",
        "--env TOKEN",
        "--network host",
        "--pull never",
        "/a:/b",
        "/bin/sh alpine -c",
    ):
        assert part in call
    assert "hidden" not in call


def test_a_container_is_removed_when_the_task_is_to_stop(run, scope, calls):
    class Stopping(threading.Event):
        def is_set(self):
            return any(text == "ready" for _, text in scope.lines.seen)

    scope.stopping = Stopping()
    with pytest.raises(RunnableFailed, match="was ended"):
        run("type: python.Script\nrunner: DOCKER\nbeforeCommands: [echo ready, sleep 100]\nscript: x")
    made, removed = calls.read_text().split("rm --force ")
    assert f"--name {removed.strip()} " in made
    assert " python:3 " in made


def test_a_container_that_does_not_start_is_told(run, scope, calls):
    (calls.parent / "bin" / "docker").write_text("#!/bin/sh\necho no daemon >&2; exit 125\n")
    with pytest.raises(RunnableFailed, match="`docker` could not start a container of 'ubuntu': the log says why"):
        run("type: shell.Commands\nrunner: DOCKER\ncommands: x")
    assert [("ERROR", "no daemon")] == scope.lines.seen


def test_a_container_without_docker_is_told(run, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunnableFailed, match="there is no program `docker` on this machine"):
        run("type: shell.Commands\nrunner: DOCKER\ncommands: x")


def test_other_runners_are_told(run):
    with pytest.raises(RunnableFailed, match="There is no task runner 'somewhere else'"):
        run("type: shell.Commands\ntaskRunner: {type: somewhere else}\ncommands: x")
