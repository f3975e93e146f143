"""Following: whoever follows a flow run is woken by its events and by no others, by those of one commit but once."""

from __future__ import annotations

import asyncio

from runwright.server.context import ServerContext, ServerOptions
from runwright.server.following import changes
from runwright.testing.scribe import Scribe


def follow(record, flow_run, *steps):
    """Return how often a follower is told something, when each step happens after it was told of the one before."""

    async def told():
        context, number = ServerContext(record, ServerOptions(poll_seconds=0.01)), 0
        waiting = list(steps)
        async for _ in changes(context, flow_run):
            number += 1
            if not waiting:
                context.stop()
            else:
                waiting.pop(0)()
        return number

    return asyncio.run(asyncio.wait_for(told(), 30))


def test_a_follower_is_told_at_once_and_of_each_change(record, scribe):
    scribe.commit()

    assert 1 == follow(record, scribe.flow_run)
    assert 3 == follow(record, scribe.flow_run, lambda: scribe.run(1).commit(), lambda: scribe.run(2).commit())


def test_a_follower_is_not_told_of_others(record, scribe):
    scribe.commit()
    other = Scribe(record).start()
    other.commit()

    def change():
        other.run(1).commit()
        scribe.run(1).commit()

    assert 2 == follow(record, scribe.flow_run, change)
