"""The document of a task run is the same whatever was made before it."""

from __future__ import annotations

from contextlib import closing

import msgspec
import pytest
from tests.unit.backend.recorded import EXTRACT, FETCH, LOAD, PARSE, RecordedRun

from runwright.compat.run_documents import RunDocuments
from runwright.compat.run_models import Model
from runwright.result import ResultRef
from runwright.stores import open_store
from runwright.views import TaskRunFilter

REF = msgspec.to_builtins(ResultRef("pack", "run/pack#0+3", "json", 3, "00", 1))


@pytest.fixture
def record():
    """Give a record of two flow runs with maps over maps, whose children ended alike and otherwise."""
    with closing(open_store("memory://")) as record:
        for name in ("first", "second"):
            run = RecordedRun(record, name).start().succeed(EXTRACT).expand(FETCH, 5, 6).expand(PARSE, 11, 6)
            run.succeed(5, 6, result=REF).succeed(7).put(8, "Running").put(8, "Failed", message="No.")
            run.put(9, "Running").put(9, "Failed", error={"type": "E"}).put(10, "Running").put(
                10, "Retrying", due=run.at
            )
            run.put(10, "Running").put(10, "Success").put(11, "Running", name="its own").put(11, "Success")
            run.succeed(12, 13, 14).put(15, "Running").put(15, "Cached", cache_key="k", expires=run.at)
            run.put(16, "Running").put(FETCH, "Mapped").put(LOAD, "TriggerFailed").commit()
        yield record


@pytest.mark.parametrize("oldest_first", [False, True])
def test_those_that_are_like_others_have_words_of_their_own(record, oldest_first, monkeypatch):
    rows = record.task_runs(TaskRunFilter(oldest_first=oldest_first))
    apart = RunDocuments(record)
    expected = [apart.task_run_by_itself(row) for row in rows]
    documents, alike, like = RunDocuments(record), [], Model.like
    monkeypatch.setattr(Model, "like", lambda *given: alike.append(given) or like(*given))

    assert expected == [msgspec.json.decode(msgspec.json.encode(documents.task_run(row))) for row in rows]
    assert 14 <= len(alike) < len(rows) - 10
    assert {"Success", "Failed"} == {row.kind.name for _, row, _ in alike}
    assert {None, "No."} <= {row.message if row.kind.name == "Failed" else None for _, row, _ in alike}
    assert len(rows) == len({document["id"] for document in expected})
    upstream = {document["task_inputs"]["page"][0]["id"] for document in expected if "page" in document["task_inputs"]}
    assert 12 <= len(upstream)
