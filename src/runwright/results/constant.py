"""ConstantResult: a value that is part of the flow itself. Nothing is stored, and nothing can be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self

from runwright.result import Result
from runwright.results.serializers import JSONSerializer

if TYPE_CHECKING:
    from runwright.result import ResultRef


class ConstantResult(Result):
    """Hold a constant. In a reference of kind `constant` the location is the value itself, as JSON."""

    kind = "constant"
    default_serializer = None

    def __init__(self, value: Any = None) -> None:
        """Hold `value`."""
        super().__init__(value)

    def write(self, value: Any, /, **context: Any) -> NoReturn:
        """Refuse with `ValueError`: a constant never changes."""
        raise ValueError("A ConstantResult cannot be written: it is part of the flow. Give the task another result.")

    def read(self, location: str) -> Self:
        """Return itself: a constant is nowhere else."""
        return self

    def read_ref(self, ref: ResultRef) -> Result:
        """Return a result with the value that is written in the reference; raises `ResultSerializationError`."""
        value = JSONSerializer().deserialize(ref.location.encode("utf-8", "surrogatepass"))
        return self.stored(value, ref)

    def exists(self, location: str, /, **context: Any) -> bool:
        """Return True: a constant is always there."""
        return True

    @property
    def can_store(self) -> bool:
        """Return False: there is nothing to write."""
        return False
