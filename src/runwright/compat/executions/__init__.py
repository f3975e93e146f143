"""Executions as their clients know them: documents of executions, task runs, log lines and metrics, built on read from the record."""

from __future__ import annotations

from runwright.compat.executions.documents import ExecutionDocuments, line_document

__all__ = ["ExecutionDocuments", "line_document"]
