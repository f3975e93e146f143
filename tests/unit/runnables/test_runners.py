"""Runners: where programs run, and how a container is asked for: with a program `docker` that writes down what it was told."""

from __future__ import annotations

import json
import sys

import pytest

from runwright.errors import RunnableFailed

DOCKER = "io.kestra.plugin.scripts.runner.docker.Docker"
SAYS = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["TOLD"], "a") as told:
    told.write(json.dumps([sys.argv[1:], os.environ.get("WORD"), os.environ.get("SECRET_KEY")]) + "\\n")
sys.exit(int(os.environ.get("STATUS", 0)))
"""


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Put a program on the path that writes its arguments and two variables down; returns how to read them."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(SAYS)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.setenv("SECRET_KEY", "hidden")
    return lambda: [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]


def container(more="", runner=DOCKER):
    return f"type: shell.Commands\ntaskRunner: {{type: {runner}{more}}}\nenv: {{WORD: told}}\ncommands: ['echo hello']"


def test_a_container_runs_the_commands_in_the_same_folder(run, scope, docker):
    outcome = run(container())
    ((arguments, word, secret),) = docker()
    folder = str(scope.folder)
    assert ["run", "--rm", "--init", "--name"] == arguments[:4]
    assert ["--volume", f"{folder}:{folder}", "--workdir", folder] == arguments[5:9]
    assert ("ubuntu", True) == (arguments[arguments.index("--entrypoint") + 2], "WORD" in arguments)
    assert ("told", None) == (word, secret), "values do not stand on the command line, secrets stay here"
    assert "told" not in arguments
    assert {"type": DOCKER} == outcome.outputs["taskRunner"]


@pytest.mark.parametrize(
    ("image", "keys"),
    [
        ("python:3", "type: python.Script\nscript: pass\ntaskRunner: {type: runner.docker.Docker}"),
        ("mine", f"{container()}\ncontainerImage: mine"),
        ("mine", container(", image: mine")),
        ("mine", "type: shell.Commands\nrunner: DOCKER\ndocker: {image: mine}\ncommands: ['true']"),
    ],
)
def test_an_image_is_named_or_that_of_its_family(run, docker, image, keys):
    run(keys)
    ((arguments, *_),) = docker()
    assert image == arguments[arguments.index("--entrypoint") + 2]


def test_options_of_the_container(run, docker):
    run(container(", user: '1000', networkMode: host, pullPolicy: NEVER, volumes: ['/a:/b', '/c:/d']"))
    ((arguments, *_),) = docker()
    wanted = "--user 1000 --network host --pull never --volume /a:/b --volume /c:/d"
    assert wanted in " ".join(arguments)


def test_a_container_that_does_not_start_is_told(run, docker, monkeypatch):
    monkeypatch.setenv("STATUS", "125")
    with pytest.raises(RunnableFailed, match="`docker` could not start a container of 'ubuntu'"):
        run(container())


def test_a_container_is_removed_when_its_task_is_to_stop(run, scope, docker, tmp_path):
    (tmp_path / "bin" / "docker").write_text(
        SAYS.replace("sys.exit", "__import__('time').sleep(900 if sys.argv[1] == 'run' else 0); sys.exit")
    )
    scope.stopping.set()
    with pytest.raises(RunnableFailed):
        run(container())
    told = docker() if (tmp_path / "told").exists() else []
    assert ["rm", "--force"] == told[-1][0][:2]
    assert told[-1][0][2].startswith("runwright-")


def test_without_docker_there_are_no_containers(run, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunnableFailed, match="no program `docker` on this machine"):
        run(container())


def test_a_runner_that_there_is_not_is_told(run):
    with pytest.raises(RunnableFailed, match=r"There is no task runner 'com\.example\.Kubernetes' here"):
        run(container(runner="com.example.Kubernetes"))


def test_programs_here_have_the_environment_without_secrets(run, scope, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hidden")
    monkeypatch.setenv("RUNWRIGHT_ENCRYPTION_KEY", "hidden")
    monkeypatch.setenv("PLAIN", "seen")
    run("type: shell.Commands\ncommands: ['echo $PLAIN $SECRET_KEY$RUNWRIGHT_ENCRYPTION_KEY.']")
    assert [("INFO", "seen .")] == scope.lines.seen
