"""Tags: a template's tokens as statements: text, `{{ }}` and `{% %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.errors import did_you_mean
from runwright.expressions import nodes
from runwright.expressions.faults import Fault
from runwright.expressions.lexer import tokens_of
from runwright.expressions.parser import Parser

if TYPE_CHECKING:
    from runwright.expressions.lexer import Token

TAGS = {
    "if": "`{% if a %}..{% elseif b %}..{% else %}..{% endif %}`: the first body whose condition holds",
    "for": "`{% for x in values %}..{% else %}..{% endfor %}`: the body for each element, or each entry (`x.key`, `x.value`) "
    "of a map; the other body where there is none",
    "set": "`{% set x = value %}`: a variable from here on",
    "block": "`{% block name %}..{% endblock %}`: a body, which `block('name')` gives again",
    "macro": "`{% macro name(a, b=1) %}..{% endmacro %}`: a body to be called as `{{ name(2) }}`; it sees its arguments only",
    "filter": "`{% filter upper %}..{% endfilter %}`: the body through a filter, or several joined by `|`",
    "raw": "`{% raw %}..{% endraw %}`: text that is left as it is",
    "verbatim": "`{% verbatim %}..{% endverbatim %}`: the same, with whitespace control",
}
_GONE = {"import", "from", "include", "extends", "embed", "cache", "parallel", "flush", "autoescape"}


def statements_of(source: str, depth: int) -> list[nodes.Node]:
    """Return the statements of a template; raises `Fault`."""
    reader = _Reader(tokens_of(source), depth)
    return reader.body()


class _Reader(Parser):
    """Reads statements."""

    def body(self, *ends: str, opening: Token | None = None) -> list[nodes.Node]:
        """Return the statements up to one of the tags that may end them, which comes next then."""
        statements: list[nodes.Node] = []
        while self.token.kind != "end":
            token = self.advance()
            if token.kind == "text":
                statements.append(nodes.Text(token.at, token.text))
            elif token.text == "{{":
                statements.append(nodes.Print(token.at, self.expression()))
                self._close()
            elif self.is_next(*ends):
                return statements
            else:
                statements.append(self._tag())
        if opening is not None:
            raise Fault(f"This `{opening.text}` is never closed: write {{% {ends[-1]} %}} after it.", opening.at)
        return statements

    def _close(self) -> None:
        if self.token.kind != "close":
            raise Fault(f"Here the expression should end{self._instead()}.", self.token.at)
        self.advance()

    def _tag(self) -> nodes.Node:
        token = self.expect_name("a tag")
        read = {
            "if": self._if,
            "for": self._for,
            "set": self._set,
            "block": self._block,
            "macro": self._macro,
            "filter": self._filter_tag,
        }.get(token.text)
        if read is None:
            raise Fault(_no_tag(token.text), token.at)
        self.enter(token.at)
        node = read(token)
        self._close()
        self.leave()
        return node

    def _if(self, opening: Token) -> nodes.Node:
        branches: list[tuple[nodes.Node, list[nodes.Node]]] = []
        otherwise: list[nodes.Node] = []
        word = "if"
        while word in {"if", "elseif"}:
            condition = self.expression()
            self._close()
            branches.append((condition, self.body("elseif", "else", "endif", opening=opening)))
            word = self.advance().text
        if word == "else":
            self._close()
            otherwise = self.body("endif", opening=opening)
            self.advance()
        return nodes.If(opening.at, branches, otherwise)

    def _for(self, opening: Token) -> nodes.Node:
        name = self.expect_name("a variable").text
        self.expect("in")
        values = self.expression()
        self._close()
        body = self.body("else", "endfor", opening=opening)
        otherwise: list[nodes.Node] = []
        if self.advance().text == "else":
            self._close()
            otherwise = self.body("endfor", opening=opening)
            self.advance()
        return nodes.For(opening.at, name, values, body, otherwise)

    def _set(self, opening: Token) -> nodes.Node:
        name = self.expect_name("a variable").text
        self.expect("=")
        return nodes.Set(opening.at, name, self.expression())

    def _block(self, opening: Token) -> nodes.Node:
        token = self.advance()
        if token.kind not in {"name", "string"}:
            raise Fault("Here the name of a block is missing.", token.at)
        self._close()
        body = self.body("endblock", opening=opening)
        self.advance()
        if self.token.kind == "name":
            self.advance()
        return nodes.Block(opening.at, token.text.strip("'\""), body)

    def _macro(self, opening: Token) -> nodes.Node:
        name = self.expect_name("a macro").text
        self.expect("(")
        parameters: list[tuple[str, nodes.Node]] = []
        while not self.is_next(")"):
            parameter = self.expect_name("a parameter")
            default = self.expression() if self.skip("=") else nodes.Constant(parameter.at, None)
            parameters.append((parameter.text, default))
            if not self.skip(","):
                break
        self.expect(")")
        self._close()
        body = self.body("endmacro", opening=opening)
        self.advance()
        if self.token.kind == "name":
            self.advance()
        return nodes.Macro(opening.at, name, parameters, body)

    def _filter_tag(self, opening: Token) -> nodes.Node:
        captured = nodes.Captured(opening.at, [])
        value = self.filters(captured)
        self._close()
        captured.body.extend(self.body("endfilter", opening=opening))
        self.advance()
        return nodes.Print(opening.at, value)


def _no_tag(name: str) -> str:
    if name == "elif":
        return "There is no tag `elif`: write `elseif`."
    if name in _GONE:
        return f"The tag `{name}` is not available: a template stands alone."
    if name.startswith("end") or name in {"else", "elseif"}:
        return f"This `{name}` closes nothing."
    return f"There is no tag `{name}`.{did_you_mean(name, TAGS)}"
