"""`runwright validate` and `runwright schema`: YAML flows are checked without being run."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

VALID = "id: good\nnamespace: n\ntasks:\n  - {id: t, type: log.Log, message: hi}\n"
INVALID = "id: bad\nnamespace: n\ntaskz: []\ntasks:\n  - {id: t, type: log.Lgo}\n"
WARNED = "id: warned\nnamespace: n\ntasks:\n  - {id: t, type: com.example.Thing}\n"


@pytest.fixture
def flows(tmp_path, monkeypatch):
    """Make a folder with a valid flow and an invalid one deeper down, and stand in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(VALID)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "bad.yml").write_text(INVALID)
    (tmp_path / "notes.txt").write_text("no flow")


def test_a_valid_flow(runwright, flows):
    assert (0, "", "1 flow checked: all valid\n") == runwright("validate", "-f", "good.yaml")


def test_every_problem_is_a_line_that_editors_understand(runwright, flows):
    outcome = runwright("validate", "-f", "more/bad.yml")

    assert 8 == outcome.status
    assert [
        "more/bad.yml:3:1: There is no key 'taskz' here. Did you mean 'tasks'?",
        "more/bad.yml:5:19: There is no type 'log.Lgo' here. Did you mean 'log.Log'?",
    ] == outcome.lines
    assert "1 flow checked: 1 invalid\n" == outcome.err


def test_a_folder_means_all_its_flows(runwright, flows):
    outcome = runwright("validate", ".", "good.yaml")

    assert (8, "3 flows checked: 1 invalid\n") == (outcome.status, outcome.err)


def test_problems_as_data(runwright, flows):
    outcome = runwright("validate", "-f", "more/bad.yml", "--json")

    assert 8 == outcome.status
    assert {
        "file": "more/bad.yml",
        "line": 3,
        "column": 1,
        "path": "taskz",
        "code": "unknown_key",
        "severity": "error",
        "message": "There is no key 'taskz' here. Did you mean 'tasks'?",
    } == outcome.data[0]
    assert [] == runwright("validate", "-f", "good.yaml", "--json").data


def test_a_warning_is_told_and_changes_nothing(runwright, tmp_path):
    (tmp_path / "warned.yaml").write_text(WARNED)
    outcome = runwright("validate", str(tmp_path / "warned.yaml"), "--json")

    assert (0, ["warning"]) == (outcome.status, [row["severity"] for row in outcome.data])


def test_standard_input(runwright, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(INVALID.encode())))
    outcome = runwright("validate", "-f", "-")

    assert 8 == outcome.status
    assert outcome.lines[0].startswith("<stdin>:3:1: ")


@pytest.mark.parametrize(
    ("status", "arguments", "said"),
    [
        (2, [], "Name a YAML flow, a directory with some, or - for standard input."),
        (2, ["-f", "none.yaml"], "none.yaml cannot be read: No such file or directory."),
        (2, ["more/empty"], "more/empty has no YAML flow"),
    ],
)
def test_a_wrong_call(runwright, flows, tmp_path, status, arguments, said):
    (tmp_path / "more" / "empty").mkdir()
    outcome = runwright("validate", *arguments)

    assert status == outcome.status
    assert said in outcome.err


def test_a_hostile_name_moves_no_cursor(runwright, tmp_path):
    (tmp_path / "flow.yaml").write_text(
        'id: a\nnamespace: n\n"\\e[2J\\u202ex": 1\ntasks: [{id: t, type: debug.Return}]\n'
    )
    outcome = runwright("validate", str(tmp_path / "flow.yaml"))

    assert 8 == outcome.status
    assert "\x1b" not in outcome.out
    assert "\u202e" not in outcome.out


def test_the_schema_of_flows(runwright):
    schema = runwright("schema", "flow").data

    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    assert "#/$defs/Task" == schema["properties"]["tasks"]["items"]["$ref"]


def test_yaml_is_loaded_by_those_who_read_it():
    program = "import json, sys\nimport runwright, runwright.spec, runwright.cli.main\nprint(json.dumps('yaml' in sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert json.loads(answer.stdout) is False


def test_an_expression_without_quotes_is_told_what_it_lacks(runwright, tmp_path):
    text = "id: bare\nnamespace: company\ntasks: [{id: a, type: debug.Return, format: {{ inputs.x }}}]\n"
    (tmp_path / "bare.yaml").write_text(text)

    assert 'An expression stands in quotes: "{{ ... }}".' in runwright("validate", str(tmp_path / "bare.yaml")).out


def test_an_expression_that_cannot_be_read_is_warned_of(runwright, tmp_path):
    text = "id: broken\nnamespace: company\ntasks: [{id: a, type: debug.Return, format: '{{ now( }}'}]\n"
    (tmp_path / "broken.yaml").write_text(text)
    outcome = runwright("validate", str(tmp_path / "broken.yaml"))

    assert 0 == outcome.status
    assert "broken.yaml:3:45: warning: This fails when it is rendered: This `}` closes nothing." in outcome.out
