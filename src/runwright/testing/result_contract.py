"""ResultContract: what every result that stores values has to do, as tests. Subclass it and give it a result of yours.

class TestMyResult(ResultContract):
    def make(self, folder, serializer=None):
        return MyResult(folder, serializer=serializer)

    def tamper(self, result, ref, change):
        path = Path(ref.location)
        data = change(path.read_bytes())
        path.unlink() if data is None else path.write_bytes(data)
"""

from __future__ import annotations

import pickle
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from runwright.errors import ResultDamaged, ResultSerializationError, ResultUnavailable
from runwright.results.serializers import CloudpickleSerializer, CompressedSerializer, JSONSerializer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runwright.result import Result, ResultRef, Serializer

PLAIN: list[Any] = [
    True, 0, -(10**40), 2.5, float("inf"), "", "snow ☃ and \x00", b"\x00\xff", [], [1, [2, [3]]], (1, (2,)),
    {"a": {"b": [None]}}, {1: "one", (2, 3): "pair"}, {"$tuple": [1]}, {1, (2,)}, frozenset({3}), date(2026, 1, 2),
    datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), timedelta(days=-1, microseconds=1), Decimal("1.10"), UUID(int=7),
]  # fmt: skip
"""Values that come back without a pickle."""

PICKLED: list[Any] = [Fraction(1, 3), 1j, range(3), bytearray(b"ab")]
"""Values that need one."""

LENGTHS: list[tuple[int | None, Any]] = [
    (3, [1, 2, 3]), (2, (1, 2)), (0, []), (4, "four"), (1, {"a": 1}), (2, range(2)), (None, {1, 2}), (None, 5),
    (None, None),
]  # fmt: skip
"""How many task runs a value gives when it is mapped over, None where it cannot be."""

UNSTORABLE: list[Any] = [threading.Lock(), (each for each in ()), {"deep": [threading.Lock()]}]
"""Values that nothing can store."""

THREADS = 4
EACH = 25


class ResultContract:
    """Subclass it as `Test...`, and say how to make the result and how to get at its bytes."""

    def make(self, folder: Path, serializer: Serializer | None = None) -> Result:
        """Return a result that stores below `folder`; two made with the same folder find each other's values."""
        raise NotImplementedError

    def tamper(self, result: Result, ref: ResultRef, change: Callable[[bytes], bytes | None]) -> None:
        """Replace the stored bytes by what `change` makes of them, None for nothing at all."""
        raise NotImplementedError

    @pytest.fixture
    def result(self, tmp_path: Path) -> Result:
        """Return the result under test."""
        return self.make(tmp_path)

    @pytest.mark.parametrize("value", [*PLAIN, *PICKLED], ids=repr)
    def test_a_value_comes_back_as_it_was(self, result: Result, tmp_path: Path, value: Any) -> None:
        """Whoever has the reference or the location reads an equal value of the same type."""
        written = result.write(value, flow_run_id="run")
        elsewhere = self.make(tmp_path)

        assert (value, type(value)) == (written.value, type(written.value))
        for read in (elsewhere.read_ref(ref_of(written)), elsewhere.read(written.location or "")):
            assert (value, type(value)) == (read.value, type(read.value))

    @pytest.mark.parametrize("serializer", [
        JSONSerializer(), CloudpickleSerializer(), CompressedSerializer(JSONSerializer(), "lzma"),
    ], ids=lambda serializer: serializer.name)  # fmt: skip
    def test_the_reference_names_the_serializer_so_that_others_can_read(
        self, tmp_path: Path, serializer: Serializer
    ) -> None:
        """A result with other settings reads what this one wrote."""
        ref = ref_of(self.make(tmp_path, serializer).write([1, (2,)], flow_run_id="run"))

        assert serializer.name == ref.serializer
        assert [1, (2,)] == self.make(tmp_path).read_ref(ref).value

    @pytest.mark.parametrize(("expected", "value"), [("json", {"a": (1,)}), ("cloudpickle", 1j)])
    def test_without_a_serializer_the_reference_names_the_one_that_was_taken(
        self, result: Result, expected: str, value: Any
    ) -> None:
        """Plain data are kept as JSON, and only the rest as pickles."""
        assert expected == ref_of(result.write(value, flow_run_id="run")).serializer

    @pytest.mark.parametrize(("expected", "value"), LENGTHS, ids=repr)
    def test_the_reference_says_how_many_can_be_mapped_over(
        self, result: Result, expected: int | None, value: Any
    ) -> None:
        """The flow runner maps over a value without loading it."""
        assert expected == ref_of(result.write(value, flow_run_id="run")).length

    def test_the_reference_proves_the_bytes(self, result: Result) -> None:
        """Size and checksum are those of the stored bytes."""
        written = result.write({"a": 1}, flow_run_id="run")
        ref = ref_of(written)

        assert (result.kind, written.location) == (ref.kind, ref.location)
        assert (7, blake2b(b'{"a":1}', digest_size=8).hexdigest()) == (ref.size, ref.checksum)

    def test_what_is_read_can_be_recorded_again(self, result: Result) -> None:
        """A Cached state refers to the value as the Success did that wrote it."""
        written = result.write([1, 2], flow_run_id="run")

        assert written.ref == result.read_ref(ref_of(written)).ref == result.read(written.location or "").ref

    def test_writing_leaves_the_template_as_it_was(self, result: Result) -> None:
        """One result serves all runs of its task."""
        written = result.write(1, flow_run_id="run")

        assert (None, None, None) == (result.value, result.location, result.ref)
        assert written is not result
        assert type(result) is type(written)

    def test_values_do_not_overwrite_each_other(self, result: Result) -> None:
        """Without a template every value has a place of its own."""
        refs = [ref_of(result.write(number, flow_run_id="run")) for number in range(10)]

        assert list(range(10)) == [result.read_ref(ref).value for ref in refs]

    def test_inputs_may_have_any_name(self, result: Result) -> None:
        """The context holds the inputs of a task, whatever people call them."""
        written = result.write(1, flow_run_id="run", value=2, location="3", self=4, context=5)

        assert 1 == result.read_ref(ref_of(written)).value
        assert result.exists(written.location or "", value=2, location="3", self=4)

    def test_it_travels_to_other_processes(self, result: Result) -> None:
        """A pickled result reads and writes where the first one does."""
        written = result.write("from here", flow_run_id="run")

        assert "from here" == pickle.loads(pickle.dumps(written)).read_ref(ref_of(written)).value  # noqa: S301  our own pickle

    def test_equal_settings_make_equal_results(self, result: Result, tmp_path: Path) -> None:
        """Results are compared by type and settings."""
        assert result == self.make(tmp_path)
        assert result == result.copy()
        assert result != self.make(tmp_path, JSONSerializer())

    def test_threads_write_side_by_side(self, result: Result) -> None:
        """No value is lost or mixed with another."""
        refs: dict[int, ResultRef] = {}

        def write(first: int) -> None:
            for number in range(first, first + EACH):
                refs[number] = ref_of(result.write([number] * (number % 7), flow_run_id="run"))

        threads = [threading.Thread(target=write, args=(first,)) for first in range(0, THREADS * EACH, EACH)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert list(range(THREADS * EACH)) == sorted(refs)
        assert all([number] * (number % 7) == result.read_ref(ref).value for number, ref in refs.items())

    @pytest.mark.parametrize("value", UNSTORABLE, ids=["lock", "generator", "inside"])
    def test_what_cannot_be_stored_is_refused(self, result: Result, value: Any) -> None:
        """The task run fails with a message that names what cannot be kept."""
        with pytest.raises(ResultSerializationError, match=r"lock|generator"):
            result.write(value, flow_run_id="run")

    def test_what_is_gone_is_unavailable(self, result: Result) -> None:
        """The error says where the value was and what to do."""
        ref = ref_of(result.write([1, 2, 3], flow_run_id="run"))
        assert result.exists(ref.location)

        self.tamper(result, ref, lambda _: None)

        assert not result.exists(ref.location)
        with pytest.raises(ResultUnavailable, match="Restore it, or run the task again") as error:
            result.read_ref(ref)
        assert ref.location in str(error.value)

    @pytest.mark.parametrize("kept", [1, 5, 8])
    def test_what_is_cut_short_is_unavailable(self, result: Result, kept: int) -> None:
        """Half a value is no value."""
        ref = ref_of(result.write("ten bytes", flow_run_id="run"))

        self.tamper(result, ref, lambda data: data[:kept])

        with pytest.raises(ResultUnavailable):
            result.read_ref(ref)

    @pytest.mark.parametrize("bit", [0, 17, 55])
    def test_one_changed_bit_is_damage(self, result: Result, bit: int) -> None:
        """A value that changed is never taken for the one that was written."""
        ref = ref_of(result.write("seven", flow_run_id="run"))

        self.tamper(result, ref, lambda data: flipped(data, bit))

        with pytest.raises(ResultDamaged, match="not those that were written") as error:
            result.read_ref(ref)
        assert ref.location in str(error.value)


def ref_of(written: Result) -> ResultRef:
    """Return the reference that `write` left."""
    assert written.ref is not None
    return written.ref


def flipped(data: bytes, bit: int) -> bytes:
    """Return the bytes with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
