"""Runs every Python block of README and docs, each page in a home of its own; later blocks see what earlier ones defined."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[2]


def _open_home(namespace: dict[str, Any]) -> None:
    namespace["_home"] = TemporaryDirectory()
    namespace["_before"] = os.environ.get("RUNWRIGHT_HOME")
    os.environ["RUNWRIGHT_HOME"] = namespace["_home"].name


def _close_home(namespace: dict[str, Any]) -> None:
    from runwright import app

    app.close_records()
    if namespace["_before"] is None:
        del os.environ["RUNWRIGHT_HOME"]
    else:
        os.environ["RUNWRIGHT_HOME"] = namespace["_before"]
    namespace["_home"].cleanup()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    path=str(ROOT),
    patterns=["README.md", "docs/*.md"],
    setup=_open_home,
    teardown=_close_home,
).pytest()
