"""Backend: the objects that users look at runs with. They read the record and never write to it.

Where no `record` is given, the configured one is read (`RUNWRIGHT_RECORD`, else the one in Runwright's home).
"""

from runwright.backend.flow import FlowView
from runwright.backend.flow_run import FlowRunView
from runwright.backend.flow_run_log import FlowRunLog, watch_flow_run
from runwright.backend.task_run import TaskRunView

__all__ = ["FlowRunLog", "FlowRunView", "FlowView", "TaskRunView", "watch_flow_run"]
