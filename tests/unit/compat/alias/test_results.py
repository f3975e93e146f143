"""Results under the alias: pickles, in files that are called as the original called them, in its home."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("alias")


@pytest.mark.parametrize("kind", ["Result", "LocalResult"])
def test_the_serializer_is_that_of_pickles(kind):
    from prefect.engine import result, results
    from prefect.engine.serializers import PickleSerializer

    made = (getattr(results, kind, None) or getattr(result, kind))()
    assert PickleSerializer() == made.serializer


def test_what_is_written_is_a_pickle_of_a_documented_name(tmp_path):
    from prefect.engine.results import LocalResult

    path = Path(LocalResult(dir=str(tmp_path)).write({"a": 1}).location)
    assert path.name.startswith("prefect-result-")
    assert {"a": 1} == pickle.loads(path.read_bytes())


def test_a_location_that_nobody_chose_ends_as_documented():
    from prefect.engine.result import Result

    assert Result().format().location.endswith(".prefect_result")


def test_results_that_are_written_nowhere_have_no_serializer():
    from prefect.engine.result import NoResult, NoResultType
    from prefect.engine.results import ConstantResult

    assert NoResultType() == NoResult
    assert ConstantResult(3).serializer is None


def test_home_dir_is_where_results_are(tmp_path):
    import prefect
    from prefect.engine.results import LocalResult
    from prefect.utilities.configuration import set_temporary_config

    with set_temporary_config({"home_dir": str(tmp_path)}):
        assert str(tmp_path / "results") == LocalResult().dir
        assert str(tmp_path / "results") == LocalResult(dir=prefect.config.home_dir).dir


def test_a_datetime_parameter_keeps_datetimes():
    from prefect import Flow
    from prefect.core.parameter import DateTimeParameter
    from prefect.engine.serializers import DateTimeSerializer
    from prefect.utilities.configuration import set_temporary_config

    moment = DateTimeParameter("moment")
    assert DateTimeSerializer() == moment.result.serializer
    flow = Flow("f", tasks=[moment])
    with set_temporary_config({"flows.checkpointing": True}):
        state = flow.run(moment="2026-01-02")
    assert datetime(2026, 1, 2, tzinfo=UTC) == state.result[moment].result
    assert "2026-01-02T00:00:00+00:00" == state.result[moment]._result.location


def test_own_results_are_as_before_once_the_alias_is_gone():
    from runwright.compat.prefect import uninstall
    from runwright.result import Result
    from runwright.results import LocalResult

    uninstall()
    assert Result().serializer is None
    assert LocalResult().default_location().startswith("result-")
