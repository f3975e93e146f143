"""Retries: how often and when something that failed is tried again."""

from typing import Annotated, Any, ClassVar

from runwright.spec.elements import Named, OneOf, Variant, camel_case
from runwright.spec.findings import Findings, Path
from runwright.spec.key_types import Boolean, Decimal, Duration, Positive, TypeName
from runwright.spec.kinds import Choice
from runwright.spec.nodes import Mapping

BEHAVIORS = ("RETRY_FAILED_TASK", "CREATE_NEW_EXECUTION")


class Retry(Variant, frozen=True, kw_only=True):
    """What all retries say: when to give up, and what a retry begins anew."""

    type: Annotated[TypeName, "How the waiting time develops: `constant`, `exponential` or `random`."]
    max_attempts: Annotated[
        Positive | None, "How many attempts there are in all, the first one included.", Named(also=("maxAttempt",))
    ] = None
    max_duration: Annotated[Duration | None, "No attempt begins later than this after the first one began."] = None
    warning_on_retry: Annotated[Boolean, "A success that is not the first attempt ends as WARNING."] = False
    behavior: Annotated[str, Choice(*BEHAVIORS), "What is tried again: the task, or the whole execution."] = BEHAVIORS[
        0
    ]

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say which times contradict each other, and that a retry without a limit never gives up."""
        first = "min_interval" if "min_interval" in values else "interval"
        for limit in ("max_interval", "max_duration"):
            if first in values and limit in values and values[limit] <= values[first]:
                names = camel_case(limit), camel_case(first)
                findings.add(node, (*path, names[0]), "invalid_value", f"{names[0]!r} must be more than {names[1]!r}.")
        if not {"maxAttempts", "maxAttempt", "maxDuration"} & set(node.entries):
            message = "This retry never gives up: set maxAttempts or maxDuration."
            findings.warn(node, path, "endless_retry", message)


class ConstantRetry(Retry, frozen=True, kw_only=True):
    """Waits the same time before each attempt."""

    names: ClassVar = ("constant",)

    interval: Annotated[Duration, "The time between the end of an attempt and the next."]


class ExponentialRetry(Retry, frozen=True, kw_only=True):
    """Waits longer before each attempt."""

    names: ClassVar = ("exponential",)

    interval: Annotated[Duration, "The time before the second attempt."]
    max_interval: Annotated[Duration | None, "The longest time between two attempts."] = None
    delay_factor: Annotated[Decimal, "How many times as long each wait is as the one before."] = 2


class RandomRetry(Retry, frozen=True, kw_only=True):
    """Waits a random time before each attempt."""

    names: ClassVar = ("random",)

    min_interval: Annotated[Duration, "The shortest time between two attempts."]
    max_interval: Annotated[Duration, "The longest time between two attempts."]


RETRIES: dict[str, type[Variant]] = {
    name: each for each in (ConstantRetry, ExponentialRetry, RandomRetry) for name in each.names
}
AnyRetry = Annotated[Retry, OneOf("a retry", "Retry", RETRIES)]
