"""The router: finds the route of a request among those whose words stand in the request's path.

The routes keep their order, and each decides itself whether it serves a path. What is left out are those that have other words there:
to ask every route of every surface took longer than many an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.routing import Match, Mount, Router

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    Numbered = tuple[int, BaseRoute]


@dataclass
class _Place:
    """A place in a path: what comes next, and the routes that end here or take whatever comes."""

    words: dict[str, _Place] = field(default_factory=dict)
    anything: list[_Place] = field(default_factory=list)
    ending: list[Numbered] = field(default_factory=list)
    greedy: list[Numbered] = field(default_factory=list)

    def after(self, word: str) -> Iterator[_Place]:
        """Yield the places that a word leads to."""
        if word in self.words:
            yield self.words[word]
        yield from self.anything

    def place_of(self, word: str) -> _Place:
        """Return the place after a word of a route, made when there is none yet."""
        if "{" not in word:
            return self.words.setdefault(word, _Place())
        if not self.anything:
            self.anything.append(_Place())
        return self.anything[0]


class PathRouter(Router):
    """A router over routes that are all known when it is made."""

    def __init__(self, routes: Sequence[BaseRoute], **options: Any) -> None:
        """Sort the routes by the words of their paths; `options` are those of Starlette's router."""
        super().__init__(routes, **options)
        self._root = _Place()
        for number, route in enumerate(self.routes):
            self._add(number, route)

    def _add(self, number: int, route: BaseRoute) -> None:
        place = self._root
        for word in _words_of(getattr(route, "path", "")):
            if ":path}" in word:
                place.greedy.append((number, route))
                return
            place = place.place_of(word)
        (place.greedy if isinstance(route, Mount) else place.ending).append((number, route))

    def candidates(self, path: str) -> list[BaseRoute]:
        """Return the routes that can be for a path, in their order."""
        places, found = [self._root], [*self._root.greedy]
        for word in _words_of(path):
            places = [after for place in places for after in place.after(word)]
            found += [each for place in places for each in place.greedy]
        found += [each for place in places for each in place.ending]
        return [route for _, route in sorted(found, key=_number_of)]

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by the first route that is for it, or else by the first that is for its path and refuses its method."""
        if scope["type"] == "lifespan" or scope.get("root_path"):
            await super().app(scope, receive, send)
            return
        scope.setdefault("router", self)
        refusing: tuple[BaseRoute, Scope] | None = None
        for route in self.candidates(scope["path"]):
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                await _handle(route, child_scope, scope, receive, send)
                return
            if match is Match.PARTIAL and refusing is None:
                refusing = route, child_scope
        if refusing is not None:
            await _handle(*refusing, scope, receive, send)
            return
        await self.default(scope, receive, send)


async def _handle(route: BaseRoute, child_scope: Scope, scope: Scope, receive: Receive, send: Send) -> None:
    scope["route"] = route
    scope.update(child_scope)
    await route.handle(scope, receive, send)


def _words_of(path: str) -> list[str]:
    return path.split("/")[1:]


def _number_of(found: Numbered) -> int:
    return found[0]
