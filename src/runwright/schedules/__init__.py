"""Schedules: the adapters of `runwright.schedule`: clocks that give times, filters that choose, adjustments that move them.

from datetime import timedelta
from runwright import Flow
from runwright.schedules import IntervalSchedule

Flow("hourly", schedule=IntervalSchedule(timedelta(hours=1)))
"""

from __future__ import annotations

from runwright.schedules import adjustments, clocks, filters, schedules
from runwright.schedules.schedules import CronSchedule, IntervalSchedule, RRuleSchedule, Schedule

__all__ = [
    "CronSchedule",
    "IntervalSchedule",
    "RRuleSchedule",
    "Schedule",
    "adjustments",
    "clocks",
    "filters",
    "schedules",
]
