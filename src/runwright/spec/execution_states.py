"""Execution states: the words for the states of executions that a flow may name."""

from typing import Annotated

from runwright.spec.kinds import Choice, ListOf

EXECUTION_STATES = (
    "CREATED", "QUEUED", "RUNNING", "PAUSED", "RETRYING", "RESTARTED", "KILLING", "SUCCESS", "WARNING", "FAILED", "KILLED",
    "CANCELLED", "RETRIED", "SKIPPED", "SUBMITTED", "BREAKPOINT",
)  # fmt: skip
STATE = Choice(*EXECUTION_STATES, also={"CANCELED": "CANCELLED"})
States = Annotated[tuple[str, ...], ListOf(STATE)]
