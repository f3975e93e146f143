"""A table fits the terminal: what tells runs apart stays, and what is cut off is cut where it matters least."""

from __future__ import annotations

import pytest

from runwright.cli.rows import TASK_RUN_COLUMNS
from runwright.cli.session import Session
from runwright.cli.table import fitted, print_table

COLUMNS = [column for column in TASK_RUN_COLUMNS if not column.wide]
ROWS = [
    {
        "state": "Failed",
        "path": "a-flow/brisk-otter/count_definitions-1[17]",
        "run_count": 1,
        "start_time": None,
        "duration": 0.25,
        "state_message": "a long text " * 20,
    }
]


class Terminal(Session):
    """A session of a person at a terminal without colours."""

    @property
    def is_interactive(self):
        return True

    @property
    def is_colored(self):
        return False


@pytest.mark.parametrize("width", [70, 80, 100, 200])
def test_states_numbers_and_indexes_stay(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(COLUMNS, ROWS, Terminal())

    title, line = capsys.readouterr().out.splitlines()
    assert line.startswith("\u2717 Failed  ")
    assert "count_definitions-1[17]  " in line
    assert ["STATE", "TASK", "RUN", "ATT", "STARTED", "DURATION", "MESSAGE"] == title.split()
    assert len(line.rstrip()) <= width


def test_the_last_text_gives_way_first_and_never_all_of_it():
    widths = [8, 42, 3, 7, 8, 240]

    assert widths == fitted(widths, COLUMNS, 500)
    assert [8, 42, 3, 7, 8, 122] == fitted(widths, COLUMNS, 200)
    assert [8, 36, 3, 7, 8, 8] == fitted(widths, COLUMNS, 80)
    assert [8, 8, 3, 7, 8, 8] == fitted(widths, COLUMNS, 10)
