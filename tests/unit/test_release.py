"""Release: which Runwright this is."""

from __future__ import annotations

import importlib.metadata

import pytest

from runwright import release


@pytest.fixture(autouse=True)
def _asked_anew():
    release.version.cache_clear()
    yield
    release.version.cache_clear()


def test_it_is_what_was_installed():
    assert importlib.metadata.version("runwright") == release.version()


def test_code_that_was_never_installed_has_none(monkeypatch):
    def refuse(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", refuse)

    assert None is release.version()
