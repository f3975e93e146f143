"""The alias, installed for one test and taken back after it."""

from __future__ import annotations

import pytest


@pytest.fixture
def alias(runwright_home):
    from runwright.compat.prefect import configuration, install, uninstall

    before = configuration.config.copy()
    install()
    yield
    uninstall()
    with configuration.set_temporary_config({}):
        pass
    dict.update(configuration.config, before)
