"""What every story of the machine has: a world to play in, and the rules checked once more when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .graphs import graph_of
from .world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def play() -> Iterator[Callable[..., World]]:
    """Return `play("a -> b", window=2)`, which opens a world; at the end its log must lead to what its machine knows."""
    worlds: list[World] = []

    def open_world(text: str, *, references: set[str] | None = None, window: int = 256) -> World:
        worlds.append(World(graph_of(text, references=references), window=window))
        return worlds[-1]

    yield open_world
    for world in worlds:
        world.ledger.agree(world.machine)
        world.check_restores()
        _recovers_from_every_prefix(world)


def _recovers_from_every_prefix(world: World) -> None:
    for keep in range(len(world.log) + 1):
        survivor = World(world.graph, window=world.window)
        survivor.log, survivor.at = world.log[:keep], world.at
        survivor.crash()
        survivor.complete()
