"""The gate of the executors' contract: Running is reported before a body comes to it, which may be after it was opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.testing import executor_poison as poison
from runwright.testing.executor_contract import Gate

if TYPE_CHECKING:
    from pathlib import Path


def test_a_body_that_comes_to_an_open_gate_goes_on(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    gate.open()

    assert [b".", b"."] == [poison.wait_for(gate.path), poison.wait_for(gate.path)]
    gate.close()
