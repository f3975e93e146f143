"""Lexer: a template's text as tokens. It knows delimiters, comments, raw text and whitespace control, but no grammar."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from runwright.expressions.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING = re.compile(r"\{[{%#]")
_COMMENT_END = re.compile(r"#\}")
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}")
_END_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_VERBATIM = re.compile(r"\{%-?\s*verbatim\s*(-?)%\}")
_END_VERBATIM = re.compile(r"\{%(-?)\s*endverbatim\s*(-?)%\}")
_SPACE = re.compile(r"\s+")
_ENTRY = re.compile(r"\w+")  # after a dot: `outputs.each.1`
_TOKEN = re.compile(
    r"""(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>\?\?\?|\?\?|\.\.|==|!=|<=|>=|[-+*/%<>=|~?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_CLOSERS = {"{{": re.compile(r"-?\}\}"), "{%": re.compile(r"-?%\}")}


class Token(NamedTuple):
    """A piece of a template: `kind` is text, open, close, number, name, string, sign or end."""

    kind: str
    text: str
    at: int


def tokens_of(source: str) -> list[Token]:
    """Return the tokens of a template, with an `end` at the end; raises `Fault`."""
    return [*_Lexer(source).tokens(), Token("end", "", len(source))]


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.trims_next = False

    def tokens(self) -> Iterator[Token]:
        while self.at < len(self.source):
            opening = _OPENING.search(self.source, self.at)
            if opening is None:
                yield from self._text(len(self.source), trims_end=False)
                self.at = len(self.source)
                return
            yield from self._until(opening)

    def _until(self, opening: re.Match[str]) -> Iterator[Token]:
        start = opening.start()
        if raw := _RAW.match(self.source, start):
            yield from self._text(start, trims_end=False)
            yield from self._raw(raw)
            return
        yield from self._text(start, trims_end=self.source.startswith("-", opening.end()))
        if verbatim := _VERBATIM.match(self.source, start):
            yield from self._verbatim(verbatim)
        elif opening.group() == "{#":
            self._comment(opening)
        else:
            yield from self._expression(opening)

    def _text(self, end: int, *, trims_end: bool) -> Iterator[Token]:
        text = self.source[self.at : end]
        if self.trims_next:
            text, self.trims_next = text.lstrip(), False
        if trims_end:
            text = text.rstrip()
        if text:
            yield Token("text", text, self.at)

    def _raw(self, opening: re.Match[str]) -> Iterator[Token]:
        end = _END_RAW.search(self.source, opening.end())
        if end is None:
            raise Fault("This `raw` is never closed: write {% endraw %} after it.", opening.start())
        if end.start() > opening.end():
            yield Token("text", self.source[opening.end() : end.start()], opening.end())
        self.at = end.end()

    def _verbatim(self, opening: re.Match[str]) -> Iterator[Token]:
        end = _END_VERBATIM.search(self.source, opening.end())
        if end is None:
            raise Fault("This `verbatim` is never closed: write {% endverbatim %} after it.", opening.start())
        self.at, self.trims_next = opening.end(), bool(opening.group(1))
        yield from self._text(end.start(), trims_end=bool(end.group(1)))
        self.at, self.trims_next = end.end(), bool(end.group(2))

    def _comment(self, opening: re.Match[str]) -> None:
        end = _COMMENT_END.search(self.source, opening.end())
        if end is None:
            raise Fault("This comment is never closed: write #} after it.", opening.start())
        self.trims_next = self.source[end.start() - 1] == "-" and end.start() > opening.end()
        self.at = end.end()

    def _expression(self, opening: re.Match[str]) -> Iterator[Token]:
        yield Token("open", opening.group(), opening.start())
        closer = _CLOSERS[opening.group()]
        self.at = opening.end() + self.source.startswith("-", opening.end())
        brackets: list[Token] = []
        previous = ""
        while True:
            self._skip_space()
            if not brackets and (close := closer.match(self.source, self.at)):
                break
            token = self._token(opening, brackets, previous)
            previous = token.text if token.kind == "sign" else ""
            yield token
        yield Token("close", close.group()[-2:], close.start())
        self.at, self.trims_next = close.end(), close.group().startswith("-")

    def _skip_space(self) -> None:
        if space := _SPACE.match(self.source, self.at):
            self.at = space.end()

    def _token(self, opening: re.Match[str], brackets: list[Token], previous: str) -> Token:
        if self.at >= len(self.source):
            wanted = "}}" if opening.group() == "{{" else "%}"
            raise Fault(f"This `{opening.group()}` is never closed: write `{wanted}` after it.", opening.start())
        if previous == "." and (entry := _ENTRY.match(self.source, self.at)):
            self.at = entry.end()
            return Token("name", entry.group(), entry.start())
        found = _TOKEN.match(self.source, self.at)
        if found is None:
            raise Fault(self._what_is_wrong(), self.at)
        self.at = found.end()
        kind = found.lastgroup or "sign"
        token = Token("string" if kind == "text" else kind, found.group(), found.start())
        if kind == "sign":
            _match_brackets(brackets, token)
        return token

    def _what_is_wrong(self) -> str:
        sign = self.source[self.at]
        if sign in "'\"":
            return f"This text is never closed: write {sign} after it."
        return f"{sign!r} has no meaning in an expression."


def _match_brackets(brackets: list[Token], token: Token) -> None:
    """Keep the brackets that are open: a `}` closes a map before it closes the expression."""
    pairs = {")": "(", "]": "[", "}": "{"}
    if token.text in pairs.values():
        brackets.append(token)
    elif token.text in pairs:
        if not brackets or brackets[-1].text != pairs[token.text]:
            raise Fault(f"This `{token.text}` closes nothing.", token.at)
        brackets.pop()
