"""JSON Schema: sound by the rules of its draft, and of one mind with the loader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from runwright.spec import examine
from runwright.spec.elements import table_of
from runwright.spec.findings import Findings
from runwright.spec.flow_spec import FlowSpec
from runwright.spec.json_schema import flow_schema
from runwright.spec.load import load
from runwright.spec.nodes import plain_data
from runwright.spec.tasks import ALL_TYPES

FLOWS = Path(__file__).parent / "flows"


@pytest.fixture(scope="module")
def schema():
    return json.loads(json.dumps(flow_schema()))


@pytest.fixture(scope="module")
def validator(schema):
    return Draft202012Validator(schema)


def data_of(text):
    return plain_data(load(text, Findings("flow.yaml")))


def test_it_obeys_its_draft(schema):
    Draft202012Validator.check_schema(schema)
    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]


def test_every_reference_leads_somewhere(schema):
    text = json.dumps(schema)

    named = {part.partition('"')[0].partition("/")[0] for part in text.split('"#/$defs/')[1:]}

    assert set(schema["$defs"]) == named


def test_it_has_every_key_and_every_type(schema):
    assert {key.name for key in table_of(FlowSpec).keys} <= set(schema["properties"])
    for task_type in ALL_TYPES:
        assert {key.name for key in table_of(task_type).keys} <= set(schema["$defs"][task_type.__name__]["properties"])


@pytest.mark.parametrize("file", sorted(FLOWS.iterdir()), ids=lambda file: file.name)
def test_what_the_loader_takes_it_takes(validator, file):
    assert [] == [f"{error.json_path}: {error.message}" for error in validator.iter_errors(data_of(file.read_text()))]


def test_a_type_of_another_plugin_may_have_any_keys(validator):
    data = {
        "id": "f",
        "namespace": "n",
        "tasks": [{"id": "t", "type": "com.example.warehouse.Query", "sql": "SELECT 1"}],
    }

    assert validator.is_valid(data)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "-x"},
        {"tasks": []},
        {"taskz": []},
        {"tasks": [{"id": "t", "type": "log.Lgo"}]},
        {"tasks": [{"id": "t", "type": "io.kestra.plugin.core.log.Lgo"}]},
        {"tasks": [{"id": "t", "type": "log.Log"}]},
        {"tasks": [{"id": "t", "type": "log.Log", "message": "x", "mesage": "y"}]},
        {"tasks": [{"id": "t", "type": "flow.Sleep", "duration": "5 minutes"}]},
        {"inputs": [{"id": "x", "type": "STRNG"}]},
        {"inputs": [{"type": "STRING"}]},
        {"concurrency": {"limit": 0}},
        {"triggers": [{"id": "t", "type": "trigger.Schedule"}]},
        {"retry": {"type": "constant"}},
    ],
    ids=json.dumps,
)
def test_what_it_refuses_the_loader_refuses(validator, change):
    data = {"id": "f", "namespace": "n", "tasks": [{"id": "t", "type": "log.Log", "message": "x"}], **change}

    assert not validator.is_valid(data)
    assert examine(json.dumps(data)).spec is None
