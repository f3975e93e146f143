"""ExecutionHost: what the record keeps of secret inputs, what expressions see of them, and what a loop has handed on."""

from __future__ import annotations

import base64
import pickle
from types import SimpleNamespace

import pytest

from runwright import app
from runwright.errors import SettingError
from runwright.executions.host import SEALED
from runwright.spec import parse_flow_spec

INPUTS = parse_flow_spec("""
id: f
namespace: n
inputs: [{id: pass, type: SECRET}, {id: db.key, type: SECRET}, {id: db.host, type: STRING}, {id: more, type: SECRET, required: false}]
tasks: [{id: t, type: debug.Return}]
""").inputs
VALUES = {"pass": "hush-hush", "db": {"key": "deep-secret", "host": "here"}, "more": None}


@pytest.fixture
def host(runwright_home, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_ENCRYPTION_KEY", base64.b64encode(b"k" * 32).decode())
    return app.execution_host(None)


def situation(outputs):
    return SimpleNamespace(
        variables={"outputs": outputs}, namespace="n", flow_id="f", execution_id="00000000-0000-0000-0000-000000000001"
    )


def test_the_record_keeps_no_secret_input_as_it_is(host):
    kept = host.sealed(INPUTS, VALUES)
    assert [{SEALED}, {SEALED}] == [set(kept["pass"]), set(kept["db"]["key"])]
    assert ("here", None) == (kept["db"]["host"], kept["more"])
    assert not [each for each in ("hush-hush", "deep-secret") if each in str(kept)]
    assert "hush-hush" == VALUES["pass"]


def test_expressions_see_them_as_they_are_and_logs_do_not(host):
    assert VALUES == host.opened(host.sealed(INPUTS, VALUES))
    assert "say ******** and ********" == host.masked("say hush-hush and deep-secret")


def test_which_of_the_values_are_secret(host):
    assert ["hush-hush", "deep-secret"] == host.secrets_in(INPUTS, VALUES)


def test_a_secret_without_a_key_is_refused(runwright_home, monkeypatch):
    monkeypatch.delenv("RUNWRIGHT_ENCRYPTION_KEY", raising=False)
    with pytest.raises(SettingError, match="RUNWRIGHT_ENCRYPTION_KEY"):
        app.execution_host(None).sealed(INPUTS, VALUES)


def test_it_opens_the_same_elsewhere(host):
    kept = host.sealed(INPUTS, VALUES)
    assert VALUES == pickle.loads(pickle.dumps(host)).opened(kept)


def test_what_a_loop_handed_on_is_read_from_the_record_or_its_file(host):
    uri = host.drive.put(
        "kestra:///n/f/executions/00000000-0000-0000-0000-000000000001/tasks/l/r/o.jsonl", b'{"a":1}\nnull\n'
    )
    seen = situation({"l": {"values": [{"a": 1}]}, "m": {"uri": uri}, "n": {"value": 1}})
    read = host.functions(seen)["loopOutputs"]
    assert [{"a": 1}] == read("l") == read({"values": [{"a": 1}]})
    assert [{"a": 1}, None] == read("m")
    for other in ("n", "none", 7):
        with pytest.raises(LookupError, match="is no loop"):
            read(other)
