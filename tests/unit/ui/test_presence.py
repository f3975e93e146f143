"""A record whose file is moved, deleted or replaced while it is shown: every page says so, and what to do."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from tests.ui.test_every_page import LISTS

from runwright.stores import open_store
from runwright.ui.presence import Presence


@pytest.fixture
def store(tmp_path, runwright_home):
    """Return a record that is a file."""
    with closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store:
        yield store


@pytest.fixture
def file(store, runs):
    return Path(store.url.removeprefix("sqlite:///"))


@pytest.mark.parametrize("page", LISTS)
def test_every_page_says_that_the_file_is_gone(ask, file, page):
    assert "was moved or deleted" not in ask(page).text

    file.rename(file.with_suffix(".kept"))

    answer = ask(page)
    assert 200 == answer.status
    assert "was moved or deleted" in answer.text
    assert "start it again when the file is back" in answer.text


def test_a_file_that_is_back_is_no_trouble_and_another_one_is(ask, file):
    kept = file.rename(file.with_suffix(".kept"))
    kept.rename(file)
    assert "was moved" not in ask("/task-runs").text

    file.rename(kept)
    with closing(open_store(f"sqlite:///{file}")):
        assert "Another file has taken the place of this record" in ask("/task-runs").text


def test_a_record_without_a_file_is_always_there():
    assert ["", ""] == [Presence(url).trouble() for url in ("memory://", "postgresql://host/record")]
