"""Readers: from a record's reference to the adapter that reads it. The list is closed: no record can name a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import ResultError
from runwright.results.constant import ConstantResult
from runwright.results.inline import InlineResult
from runwright.results.local import LocalResult
from runwright.results.memory import MemoryResult
from runwright.results.object_store import AzureResult, GCSResult, S3Result
from runwright.results.pack import PackedResult
from runwright.results.serializers import is_data_only

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runwright.result import Result, ResultRef

    Root = Path | str | None

_BY_KIND: dict[str, Callable[[Root, ResultRef], Result]] = {
    PackedResult.kind: lambda root, _: PackedResult(root),
    LocalResult.kind: lambda root, _: LocalResult(root, validate_dir=False),
    MemoryResult.kind: lambda _, __: MemoryResult(),
    ConstantResult.kind: lambda _, __: ConstantResult(),
    InlineResult.kind: lambda _, __: InlineResult(),
    S3Result.kind: lambda _, ref: S3Result(ref.place),
    GCSResult.kind: lambda _, ref: GCSResult(ref.place),
    AzureResult.kind: lambda _, ref: AzureResult(ref.place),
}


def reader_for(ref: ResultRef, *, root: Root = None, own: Result | None = None) -> Result:
    """Return a result that knows where the value is and reads it with `read_ref`; nothing is read yet.

    `root` is the folder of results (default: in Runwright's home). `own` is the task's result: it is preferred where it
    holds the reference, because it has the credentials and the serializer. Raises `TypeError` for kinds not on the list.
    """
    if own is not None and own.holds(ref):
        reader = own.copy()
    else:
        make = _BY_KIND.get(ref.kind)
        if make is None:
            raise TypeError(
                f"A result of kind {ref.kind!r} cannot be read from the record alone, as {', '.join(_BY_KIND)} can. "
                "Read it with the task's own result: result.read_ref(ref)."
            )
        reader = make(root, ref)
    reader.location, reader.ref = ref.location, ref
    return reader


def read_result(ref: ResultRef, root: Root = None, *, allow_pickle: bool = True) -> Any:
    """Return the value that a record's reference points to, checked for damage.

    Loading a pickle runs code: with `allow_pickle` False, one raises `ResultError` instead. Raises `ResultUnavailable`,
    `ResultDamaged`, `ResultSerializationError`, or `TypeError` for a kind that only the task's own result can read.
    """
    reader = reader_for(ref, root=root)
    if not allow_pickle and ref.kind != ConstantResult.kind and not is_data_only(ref.serializer):
        raise ResultError(
            f"The result at {ref.location} is not plain data ({ref.serializer}): reading it runs code. Read it with "
            "allow_pickle=True if you trust whoever can write to that place."
        )
    return reader.read_ref(ref).value


def find_damage(ref: ResultRef, root: Root = None) -> str | None:
    """Return what is wrong with the stored bytes of a reference, None for nothing; no value is made of them.

    Only kinds that keep files on this machine are looked at: for others nothing is said.
    """
    make = _BY_KIND.get(ref.kind)
    reader = make and make(root, ref)
    if not isinstance(reader, PackedResult | LocalResult):
        return None
    try:
        reader.verify(ref)
    except ResultError as error:
        return str(error)
    return None
