"""JSON query parser: a jq expression as functions from a value to values. What it can call is in `json_query_functions`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from runwright.errors import did_you_mean
from runwright.expressions.faults import Fault
from runwright.expressions.json_query_functions import FUNCTIONS
from runwright.expressions.json_query_parts import (
    Query,
    alternated,
    bound,
    chosen,
    collected,
    combined,
    constant,
    each_of,
    identity,
    object_query,
    part,
    piped,
    recursive,
    reduced,
    sliced,
    text_query,
    tried,
    variable,
)

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<field>\.[A-Za-z_]\w*)
    |(?P<variable>\$[A-Za-z_]\w*)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<text>")
    |(?P<sign>\?//|//|\.\.|==|!=|<=|>=|[-+*/%<>=|,.:;?()\[\]{}]))""",
    re.VERBOSE | re.ASCII,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}
_BINDS = {
    "//": 3,
    "or": 4,
    "and": 5,
    "==": 6,
    "!=": 6,
    "<": 6,
    "<=": 6,
    ">": 6,
    ">=": 6,
    "+": 7,
    "-": 7,
    "*": 8,
    "/": 8,
    "%": 8,
}
_WORDS = {"true": True, "false": False, "null": None}
_LONGEST = 4_096
_DEEPEST = 50


class _Token(NamedTuple):
    kind: str
    text: str
    value: Any = None


@lru_cache(maxsize=512)
def query_of(text: str) -> Query:
    """Return the function of a jq expression; raises `Fault`."""
    if len(text) > _LONGEST:
        raise Fault(f"A jq expression has {_LONGEST} characters at most.")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.token = _Token("", "")
        self._advance()

    def whole(self) -> Query:
        query = self._pipe() if self.token.kind else identity
        if self.token.kind:
            raise self._wrong()
        return query

    # ---------------------------------------------------------------------------------------------------- tokens

    def _wrong(self) -> Fault:
        seen = f"at `{self.token.text}`" if self.token.kind else "at its end"
        return Fault(f"The jq expression `{self.text[:60]}` cannot be read {seen}.")

    def _advance(self) -> _Token:
        before = self.token
        if not self.text[self.at :].strip():
            self.token, self.at = _Token("", ""), len(self.text)
            return before
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise Fault(f"The jq expression `{self.text[:60]}` cannot be read at {self.at + 1}.")
        self.at = found.end()
        kind = found.lastgroup or "sign"
        self.token = _Token("text", '"', self._text()) if kind == "text" else _Token(kind, found[kind])
        return before

    def _text(self) -> list[str | Query]:
        r"""Return the pieces of a text after its quote: texts, and queries in `\\(...)`."""
        pieces: list[str | Query] = [""]
        while True:
            sign = self.text[self.at : self.at + 1]
            self.at += 1
            if not sign:
                raise Fault("A text in the jq expression is never closed.")
            if sign == '"':
                return pieces
            piece = self._escaped() if sign == "\\" else sign
            if isinstance(piece, str) and isinstance(pieces[-1], str):
                pieces[-1] += piece
            else:
                pieces.append(piece)

    def _escaped(self) -> str | Query:
        sign = self.text[self.at : self.at + 1]
        self.at += 1
        if sign == "(":
            return self._inner_query()
        if sign == "u" and re.fullmatch("[0-9a-fA-F]{4}", self.text[self.at : self.at + 4]):
            self.at += 4
            return chr(int(self.text[self.at - 4 : self.at], 16))
        if sign not in _ESCAPES:
            raise Fault(f"In the jq expression `\\{sign}` has no meaning.")
        return _ESCAPES[sign]

    def _inner_query(self) -> Query:
        outer = self.token
        self._advance()
        query = self._pipe()
        if self.token.text != ")":
            raise self._wrong()
        self.token = outer
        return query

    def _is_next(self, *texts: str) -> bool:
        return self.token.kind in {"sign", "name"} and self.token.text in texts

    def _skip(self, text: str) -> bool:
        if self._is_next(text):
            self._advance()
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._skip(text):
            raise self._wrong()

    # --------------------------------------------------------------------------------------------------- grammar

    def _pipe(self) -> Query:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Fault(f"A jq expression nests {_DEEPEST} levels deep at most.")
        query = self._bound_or_comma()
        self.depth -= 1
        return query

    def _bound_or_comma(self) -> Query:
        left = self._comma()
        if self._skip("as"):
            name = self._variable()
            self._expect("|")
            return bound(left, name, self._pipe())
        return piped(left, self._pipe()) if self._skip("|") else left

    def _variable(self) -> str:
        if self.token.kind != "variable":
            raise self._wrong()
        return self._advance().text

    def _comma(self) -> Query:
        queries = [self._operation(0)]
        while self._skip(","):
            queries.append(self._operation(0))
        return queries[0] if len(queries) == 1 else alternated(queries)

    def _operation(self, binds: int) -> Query:
        left = self._postfix()
        while self.token.kind in {"sign", "name"} and _BINDS.get(self.token.text, -1) >= binds:
            sign = self._advance().text
            right = self._operation(_BINDS[sign] + (sign != "//"))
            left = combined(sign, left, right)
        return left

    def _postfix(self) -> Query:
        query = self._term()
        while True:
            if self.token.kind == "field":
                query = part(query, constant(self._advance().text[1:]))
            elif self._is_next("[") or self._is_next("."):
                query = self._after_dot(query)
            elif self._skip("?"):
                query = tried(query, None)
            else:
                return query

    def _after_dot(self, query: Query) -> Query:
        if self._skip("."):
            if self.token.kind == "text":
                return part(query, text_query(self._advance().value))
            if not self._is_next("["):
                raise self._wrong()
        return self._bracket(query)

    def _bracket(self, query: Query) -> Query:
        self._expect("[")
        if self._skip("]"):
            return each_of(query)
        start = None if self._is_next(":") else self._pipe()
        if not self._skip(":"):
            self._expect("]")
            return part(query, start or identity)
        end = None if self._is_next("]") else self._pipe()
        self._expect("]")
        return sliced(query, start or constant(None), end or constant(None))

    def _term(self) -> Query:
        token = self.token
        if token.kind == "number":
            return constant(_number(self._advance().text))
        if token.kind == "text":
            return text_query(self._advance().value)
        if token.kind == "field":
            return part(identity, constant(self._advance().text[1:]))
        if token.kind == "variable":
            return variable(self._advance().text)
        return self._named() if token.kind == "name" else self._sign()

    def _sign(self) -> Query:
        sign = self._advance().text
        if sign == "..":
            return recursive
        if sign == ".":
            is_quoted = self.token.kind == "text"
            return part(identity, text_query(self._advance().value)) if is_quoted else identity
        if sign == "-":
            return combined("-", constant(0), self._postfix())
        if sign == "(":
            query = self._pipe()
            self._expect(")")
            return query
        if sign == "[":
            query = alternated([]) if self._is_next("]") else self._pipe()
            self._expect("]")
            return collected(query)
        if sign == "{":
            return self._object()
        raise self._wrong()

    def _named(self) -> Query:
        name = self._advance().text
        special = {"if": self._if, "try": self._try, "reduce": self._reduce}.get(name)
        if special is not None:
            return special()
        if name in _WORDS:
            return constant(_WORDS[name])
        arguments: list[Query] = []
        if self._skip("("):
            arguments.append(self._pipe())
            while self._skip(";"):
                arguments.append(self._pipe())
            self._expect(")")
        function = FUNCTIONS.get((name, len(arguments)))
        if function is None:
            near = did_you_mean(name, {known for known, _ in FUNCTIONS})
            raise Fault(f"jq has no function `{name}` of {len(arguments)} arguments here.{near}")
        return lambda value, scope: function(value, scope, *arguments)

    def _if(self) -> Query:
        condition = self._pipe()
        self._expect("then")
        then = self._pipe()
        if self._skip("elif"):
            return chosen(condition, then, self._if())
        otherwise = self._pipe() if self._skip("else") else identity
        self._expect("end")
        return chosen(condition, then, otherwise)

    def _try(self) -> Query:
        query = self._postfix()
        return tried(query, self._postfix() if self._skip("catch") else None)

    def _reduce(self) -> Query:
        source = self._postfix()
        self._expect("as")
        name = self._variable()
        self._expect("(")
        start = self._pipe()
        self._expect(";")
        update = self._pipe()
        self._expect(")")
        return reduced(source, name, start, update)

    def _object(self) -> Query:
        pairs: list[tuple[Query, Query]] = []
        while not self._is_next("}"):
            pairs.append(self._pair())
            if not self._skip(","):
                break
        self._expect("}")
        return object_query(pairs)

    def _pair(self) -> tuple[Query, Query]:
        token = self._advance()
        if token.text == "(":
            key = self._pipe()
            self._expect(")")
        elif token.kind == "variable":
            return constant(token.text[1:]), variable(token.text)
        elif token.kind in {"name", "text"}:
            key = text_query(token.value) if token.kind == "text" else constant(token.text)
        else:
            raise self._wrong()
        if self._skip(":"):
            return key, self._operation(0)
        return key, part(identity, key)


def _number(text: str) -> int | float:
    return int(text) if text.isdecimal() and len(text) < 60 else float(text)  # noqa: PLR2004  longer ones are no integers
