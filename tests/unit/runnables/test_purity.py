"""Purity: which tasks need no commit before what follows them, because nobody sees what is lost of them."""

from __future__ import annotations

import pytest
from tests.unit.runnables.conftest import declared

from runwright.runnables.purity import is_pure


@pytest.mark.parametrize(
    "keys",
    [
        "type: debug.Return\nformat: '{{ inputs.a }}'",
        "type: log.Log\nmessage: ['{{ now() }}', 'a secret of ours']",
        "type: output.OutputValues\nvalues: {a: {b: ['{{ uuid() }}']}}",
        "type: execution.Fail",
        "type: execution.Labels\nlabels: {a: b}",
    ],
)
def test_what_only_renders_is_pure(keys):
    assert is_pure(declared(keys))


@pytest.mark.parametrize(
    "keys",
    [
        "type: debug.Return\nformat: \"{{ kv('a') }}\"",
        "type: debug.Return\nformat: \"{{ secret ('a') }}\"",
        "type: debug.Return\nformat: '{{ render(inputs.a) }}'",
        "type: log.Log\nmessage: ['fine', \"{{ read('a') }}\"]",
        "type: output.OutputValues\nvalues: {a: {b: [\"{{ fileSize('a') }}\"]}}",
        "type: output.OutputValues\nvalues: {\"{{ kv('a') }}\": b}",
        "type: debug.Return\nformat: a\nrunIf: \"{{ kv('a') }}\"",
        "type: shell.Commands\ncommands: ['true']",
        "type: kv.Set\nkey: a\nvalue: b",
    ],
)
def test_what_asks_or_does_is_not(keys):
    assert not is_pure(declared(keys))
