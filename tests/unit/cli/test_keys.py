"""`runwright server keys` and `runwright server audit`: keys are made, listed and revoked, and who did it is written down."""

from __future__ import annotations

import pytest

from runwright.server.auth import Role
from runwright.server.kept_keys import KeptKeys


def listed(runwright):
    return {each["name"]: each["role"] for each in runwright("server", "keys", "ls", "--json").data}


def test_a_key_is_made_printed_once_and_revoked(runwright, store):
    outcome = runwright("server", "keys", "create", "ada", "--role", "operator", "--expires", "P30D")
    (text,) = outcome.lines
    principal = KeptKeys(store).principal_from_key(text)
    assert principal is not None
    assert ("ada", Role.OPERATOR) == (principal.name, principal.role)
    assert {"ada": "operator"} == listed(runwright)
    assert text not in runwright("server", "keys", "ls", "--json").out
    assert 0 == runwright("server", "keys", "revoke", "ada").status
    assert {} == listed(runwright)
    assert KeptKeys(store).principal_from_key(text) is None


def test_who_made_keys_is_in_the_audit(runwright, store):
    text = runwright("server", "keys", "create", "ada").lines[0]
    runwright("server", "keys", "revoke", "ada")
    entries = runwright("server", "audit", "--json").data
    assert ["keys revoke ada", "keys create ada"] == [each["path"] for each in entries]
    assert all(each["who"] for each in entries)
    assert text not in str(entries)
    assert 1 == len(runwright("server", "audit", "--limit", "1", "--json").data)


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (2, ["create", "admin"]),
        (2, ["create", "a b"]),
        (2, ["create", "ada", "--role", "anyone"]),
        (2, ["create", "ada", "--expires", "soon"]),
        (2, ["create", "ada", "--expires", "PT0S"]),
        (3, ["revoke", "nobody"]),
    ],
)
def test_what_cannot_be_is_refused(runwright, store, status, arguments):
    outcome = runwright("server", "keys", *arguments)
    assert (status, "") == (outcome.status, outcome.out)
    assert {} == listed(runwright)


def test_a_name_is_taken_once(runwright, store):
    runwright("server", "keys", "create", "ada")
    assert 1 == runwright("server", "keys", "create", "ada").status
