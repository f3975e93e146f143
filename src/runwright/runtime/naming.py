"""Naming: the names that flow runs get when nobody gives them one, two words that can be said and remembered."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

_QUALITIES = (
    "amber ancient bold brave bright brisk calm candid clever coral cosmic crisp daring eager early fair fast fine fond "
    "free fresh gentle glad golden grand green happy hardy honest humble jolly keen kind lively lucid lucky merry mild "
    "modest neat noble patient placid polite proud quick quiet rapid ready royal rustic sharp shiny silent silver smart "
    "steady still sunny swift tidy true vivid warm wise witty young"
).split()
_CREATURES = (
    "ant badger bat bear beaver bee bison bobcat camel cat cobra condor coyote crab crane crow deer dolphin dove duck eagle "
    "elk falcon ferret finch fox frog gecko goat goose hare hawk heron hornet horse ibex jackal jay koala lark lemur lion "
    "llama lynx magpie marten mole moose moth mouse newt otter owl panda panther parrot pelican perch pigeon pony puffin "
    "quail rabbit raven robin salmon seal shark sparrow squid stork swan tapir tiger toad trout turtle viper walrus weasel "
    "whale wolf wombat wren yak zebra"
).split()


def run_name(flow_run: UUID) -> str:
    """Return a name such as `brisk-otter`, always the same for the same id."""
    number = int.from_bytes(blake2b(flow_run.bytes, digest_size=8).digest(), "big")
    quality = _QUALITIES[number % len(_QUALITIES)]
    return f"{quality}-{_CREATURES[number // len(_QUALITIES) % len(_CREATURES)]}"
