"""Times: the nominal times of schedules, and what expressions see of one. Whether it is time is the scheduler's business."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from runwright.clock import from_datetime, to_datetime
from runwright.schedules.clocks import CronClock, DatesClock
from runwright.spec.moments import parse_moment
from runwright.spec.triggers import Schedule, ScheduleOnDates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.schedules.clocks import Clock

    Timed = Schedule | ScheduleOnDates

_WITH_SECONDS = 6
_SPANS = (
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=32),
    timedelta(days=367),
    timedelta(days=9 * 366),
)


class Times:
    """The nominal times of one trigger, in nanoseconds."""

    def __init__(self, trigger: Timed) -> None:
        """Raise `FlowError` for an expression that is none of cron after all."""
        self.zone = ZoneInfo(trigger.timezone)
        self.declared = declared_by(trigger)
        self._clock = self._clock_of(trigger)

    def after(self, at: int) -> Iterator[int]:
        """Yield those later than a time, in order."""
        for event in self._clock.events(to_datetime(at)):
            yield from_datetime(event.start_time)

    def next_after(self, at: int) -> int | None:
        """Return the first later than a time, None when there is none."""
        return next(self.after(at), None)

    def last_before(self, at: int, floor: int = 0) -> int | None:
        """Return the last before a time and later than `floor`, None when there is none."""
        moment = to_datetime(at)
        for span in _SPANS:
            found = None
            for each in self.after(max(floor, from_datetime(moment - span))):
                if each >= at:
                    break
                found = each
            if found is not None:
                return found
        return None

    def variables(self, at: int) -> dict[str, Any]:
        """Return what expressions see as `trigger` for one of the times: `date`, and `next` and `previous` around it."""
        around = {"next": self.next_after(at), "previous": self.last_before(at)}
        return {
            "date": self.text(at),
            **{name: self.text(each) for name, each in around.items() if each is not None},
        }

    def text(self, at: int) -> str:
        """Return a time as texts show it, in the time zone of the trigger."""
        moment = to_datetime(at).astimezone(self.zone)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _clock_of(self, trigger: Timed) -> Clock:
        if isinstance(trigger, Schedule):
            return CronClock(_seconds_last(trigger.cron), datetime(1970, 1, 1, tzinfo=self.zone))
        return DatesClock([self._moment(text) for text in trigger.dates])

    def _moment(self, text: str) -> datetime:
        """Return the moment of a text, in the trigger's zone where it names no offset."""
        naive = datetime.fromisoformat(text)
        return parse_moment(text) if naive.tzinfo is not None else naive.replace(tzinfo=self.zone)


def declared_by(trigger: Timed) -> str:
    """Return a text that changes when the times of a trigger do."""
    what = trigger.cron if isinstance(trigger, Schedule) else ",".join(trigger.dates)
    return f"{what} {trigger.timezone}"


def _seconds_last(cron: str) -> str:
    """Return an expression as schedules read it: flows have the seconds first."""
    fields = cron.split()
    if len(fields) == _WITH_SECONDS:
        fields = [*fields[1:], fields[0]]
    return " ".join(fields)
