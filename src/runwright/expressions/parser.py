"""Parser: an expression's tokens as a tree. The grammar of tags is in `tags`.

Operators bind as the table says, the tightest last. A default (`??`), a concatenation (`~`) and a range bind tighter than a
filter: `a ?? b | upper` filters whichever of both there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runwright.errors import did_you_mean
from runwright.expressions import nodes
from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.filters import FILTERS
from runwright.expressions.value_tests import TESTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.expressions.lexer import Token


class Operator(NamedTuple):
    """A binary operator: how tight it binds, and what it does, for the documentation."""

    binds: int
    meaning: str


OPERATORS = {
    "or": Operator(10, "one of both holds; the right one is looked at only if it must be"),
    "and": Operator(15, "both hold; the right one is looked at only if it must be"),
    "is": Operator(20, "a test: `x is empty`; `is not` negates it"),
    "contains": Operator(20, "a list has the element (or all of a list's), a text the text, a map the key"),
    "matches": Operator(20, "the whole text matches the regular expression"),
    "==": Operator(30, "equal; numbers by their value, whatever their type"),
    "equals": Operator(30, "another word for `==`"),
    "!=": Operator(30, "not equal"),
    "<": Operator(30, "less, of two numbers, texts or dates"),
    ">": Operator(30, "greater"),
    "<=": Operator(30, "less or equal"),
    ">=": Operator(30, "greater or equal"),
    "+": Operator(40, "the sum of numbers (texts are joined by `~`)"),
    "-": Operator(40, "the difference of numbers"),
    "*": Operator(60, "the product of numbers"),
    "/": Operator(60, "the quotient of numbers; of integers the integer part of it"),
    "%": Operator(60, "the remainder, with the sign of the left number"),
    "|": Operator(100, "a filter: `x | upper`"),
    "~": Operator(110, "both as texts, one after the other"),
    "??": Operator(120, "the left value, or the right one where the left is null or not there, at any depth"),
    "???": Operator(120, "the left value, or the right one where the left is not there"),
    "..": Operator(130, "the list of integers, or letters, from one to the other"),
}
_NOT_BINDS = 18
_SIGN_BINDS = 500
_KEYWORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "null": None, "none": None}
_LONGEST_NUMBER = 100
_HIGHEST_TREE = 150


class Parser:
    """Reads expressions from tokens, one after the other."""

    def __init__(self, tokens: list[Token], depth: int) -> None:
        """Begin at the first token; `depth` is how deep brackets and tags may nest."""
        self.tokens = tokens
        self.position = 0
        self.depth = depth
        self._open = 0
        self._heights: dict[int, int] = {}

    # ---------------------------------------------------------------------------------------------------- tokens

    @property
    def token(self) -> Token:
        """Return the token that comes next."""
        return self.tokens[self.position]

    def advance(self) -> Token:
        """Return the next token and go past it."""
        token = self.tokens[self.position]
        self.position += 1
        return token

    def is_next(self, *texts: str) -> bool:
        """Say whether one of these signs or words comes next."""
        return self.token.kind in {"sign", "name"} and self.token.text in texts

    def skip(self, text: str) -> bool:
        """Go past a sign or word if it comes next, and say whether it did."""
        if self.is_next(text):
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        """Go past a sign or word that must come next."""
        if not self.is_next(text):
            raise Fault(f"Here a `{text}` is missing{self._instead()}.", self.token.at)
        return self.advance()

    def expect_name(self, what: str) -> Token:
        """Go past a name that must come next."""
        if self.token.kind != "name":
            raise Fault(f"Here the name of {what} is missing{self._instead()}.", self.token.at)
        return self.advance()

    def _instead(self) -> str:
        return f", before `{self.token.text[:20]}`" if self.token.text else ""

    def enter(self, at: int) -> None:
        """Go one level deeper."""
        self._open += 1
        if self._open > self.depth:
            raise Overrun("levels of nesting", self.depth, at)

    def leave(self) -> None:
        """Come back from it."""
        self._open -= 1

    # ----------------------------------------------------------------------------------------------- expressions

    def expression(self) -> nodes.Node:
        """Return the expression that comes next, with `a ? b : c` as the loosest of all."""
        self.enter(self.token.at)
        node = self._operation(0)
        if self.is_next("?"):
            at = self.advance().at
            then = self.expression()
            self.expect(":")
            otherwise = self.expression()
            node = self._built(nodes.Choice(at, node, then, otherwise), node, then, otherwise)
        self.leave()
        return node

    def _operation(self, binds: int) -> nodes.Node:
        node = self._operand()
        while self.token.kind in {"sign", "name"} and self.token.text in OPERATORS:
            operator = OPERATORS[self.token.text]
            if operator.binds < binds:
                break
            token = self.advance()
            node = self._with_right_side(token, operator, node)
        return node

    def _with_right_side(self, token: Token, operator: Operator, left: nodes.Node) -> nodes.Node:
        if token.text == "is":
            return self._test(token, left)
        if token.text == "|":
            return self._filter(left)
        right = self._operation(operator.binds + 1)
        return self._built(nodes.Binary(token.at, token.text, left, right), left, right)

    def _operand(self) -> nodes.Node:
        token = self.token
        if self.is_next("not", "-", "+"):
            self.advance()
            self.enter(token.at)
            operand = self._operation(_NOT_BINDS if token.text == "not" else _SIGN_BINDS)
            self.leave()
            return self._built(nodes.Unary(token.at, token.text, operand), operand)
        return self._with_entries(self._primary())

    def _primary(self) -> nodes.Node:
        token = self.token
        if token.kind == "number":
            return nodes.Constant(self.advance().at, _number(token))
        if token.kind == "string":
            return nodes.Constant(self.advance().at, _text(token))
        if token.kind == "name":
            return self._name()
        if self.skip("("):
            node = self.expression()
            self.expect(")")
            return node
        if self.is_next("["):
            return self._items()
        if self.is_next("{"):
            return self._pairs()
        raise Fault(f"Here a value is missing{self._instead()}.", token.at)

    def _name(self) -> nodes.Node:
        token = self.token
        if token.text in OPERATORS:
            raise Fault(f"Here a value is missing{self._instead()}.", token.at)
        self.advance()
        if token.text in _KEYWORDS:
            return nodes.Constant(token.at, _KEYWORDS[token.text])
        if self.is_next("("):
            arguments = self.arguments()
            return self._built(nodes.Call(token.at, token.text, arguments), *arguments.nodes())
        return nodes.Name(token.at, token.text)

    def _with_entries(self, node: nodes.Node) -> nodes.Node:
        while self.is_next(".", "["):
            if self.advance().text == ".":
                token = self.expect_name("an entry")
                key: nodes.Node = nodes.Constant(token.at, token.text)
                if self.is_next("("):
                    raise Fault(
                        f"`{token.text}` cannot be called: values have no methods. Write a filter: `value | name`.",
                        token.at,
                    )
            else:
                key = self.expression()
                self.expect("]")
            node = self._built(nodes.Entry(key.at, node, key), node, key)
        return node

    def _items(self) -> nodes.Node:
        at = self.expect("[").at
        items: list[nodes.Node] = []
        while not self.is_next("]"):
            items.append(self.expression())
            if not self.skip(","):
                break
        self.expect("]")
        return self._built(nodes.Items(at, items), *items)

    def _pairs(self) -> nodes.Node:
        at = self.expect("{").at
        pairs: list[tuple[nodes.Node, nodes.Node]] = []
        while not self.is_next("}"):
            key = self.expression()
            self.expect(":")
            pairs.append((key, self.expression()))
            if not self.skip(","):
                break
        self.expect("}")
        return self._built(nodes.Pairs(at, pairs), *[each for pair in pairs for each in pair])

    def _test(self, token: Token, value: nodes.Node) -> nodes.Node:
        is_negated = self.skip("not")
        name = self.expect_name("a test")
        check_known("test", name, TESTS)
        arguments = self.arguments() if self.is_next("(") else nodes.Arguments()
        node = nodes.Tested(token.at, value, name.text, arguments, is_negated)
        return self._built(node, value, *arguments.nodes())

    def _filter(self, value: nodes.Node) -> nodes.Node:
        name = self.expect_name("a filter")
        check_known("filter", name, FILTERS)
        arguments = self.arguments() if self.is_next("(") else nodes.Arguments()
        return self._built(nodes.Filtered(name.at, value, name.text, arguments), value, *arguments.nodes())

    def filters(self, value: nodes.Node) -> nodes.Node:
        """Return a value with the filters that come next, one `|` between two."""
        value = self._filter(value)
        while self.skip("|"):
            value = self._filter(value)
        return value

    def arguments(self) -> nodes.Arguments:
        """Return the arguments in brackets that come next."""
        self.expect("(")
        arguments = nodes.Arguments([], {})
        while not self.is_next(")"):
            following = self.tokens[self.position + 1]
            if self.token.kind == "name" and following.kind == "sign" and following.text == "=":
                name = self.advance()
                self.advance()
                if name.text in arguments.named:
                    raise Fault(f"The argument `{name.text}` is given twice.", name.at)
                arguments.named[name.text] = self.expression()
            elif arguments.named:
                raise Fault("Arguments without a name come before those with one.", self.token.at)
            else:
                arguments.positional.append(self.expression())
            if not self.skip(","):
                break
        self.expect(")")
        return arguments

    def _built(self, node: nodes.Node, *parts: nodes.Node) -> nodes.Node:
        """Return a node when the tree below it is not too high: it is walked by recursion."""
        height = 1 + max((self._heights.get(id(part), 0) for part in parts), default=0)
        if height > _HIGHEST_TREE:
            raise Overrun("operations in a row", _HIGHEST_TREE, node.at)
        self._heights[id(node)] = height
        return node


def check_known(what: str, name: Token, known: Iterable[str]) -> None:
    """Raise `Fault` unless a filter or test is known."""
    if name.text not in known:
        near = did_you_mean(name.text, known)
        raise Fault(f"There is no {what} `{name.text}`.{near}", name.at)


def _number(token: Token) -> int | float:
    if len(token.text) > _LONGEST_NUMBER:
        raise Fault("This number is too long.", token.at)
    return int(token.text) if token.text.isdecimal() else float(token.text)


def _text(token: Token) -> str:
    """Return the text in quotes: a backslash before the same quote is dropped, every other stays as it is."""
    quote = token.text[0]
    return token.text[1:-1].replace("\\" + quote, quote)
