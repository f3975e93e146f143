"""Pattern parser: a regular expression's text as a program for `patterns`.

Everything but back references, looking behind and possessive quantifiers is here: those cannot be matched in linear time, so
they are refused by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from runwright.expressions.faults import Fault

_LONGEST_PROGRAM = 8_000
_DEEPEST_GROUP = 50
_MOST_REPEATS = 4_000
_MOST_RANGES = 64
_COUNT = re.compile(r"\{(\d{1,4})(,?)(\d{0,4})\}")
_GROUP_NAME = re.compile(r"\?P?<([A-Za-z]\w*)>")
_FLAGS = re.compile(r"\?([ims]*)(\)|:)")
_PROPERTY = re.compile(r"\{(\w+)\}")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b", "0": "\0"}
_NAMED_PROPERTIES = {
    "Alpha": "L", "Digit": "Nd", "Upper": "Lu", "Lower": "Ll", "Punct": "P", "IsAlphabetic": "L",
    "IsLetter": "L", "IsDigit": "Nd", "IsUppercase": "Lu", "IsLowercase": "Ll", "IsPunctuation": "P",
}  # fmt: skip

IsOne = Callable[[str], bool]


class Op(IntEnum):
    """What an instruction does."""

    CHARACTER = 0  # go on when `test` says so of the next character
    SPLIT = 1  # go on at `first`; if that fails, at `second`
    JUMP = 2
    SAVE = 3  # keep the position in the slot `first`
    ASSERT = 4  # go on when `check` says so of the text and the position
    LOOK = 5  # go on when `program` matches here (or does not: `first` is 1)
    MATCH = 6


class Instruction(NamedTuple):
    """A step of a program."""

    op: Op
    first: int = 0
    second: int = 0
    test: IsOne | None = None
    check: Callable[[str, int], bool] | None = None
    program: list[Instruction] | None = None


class Program(NamedTuple):
    """A compiled pattern: group 0 is the whole match."""

    instructions: list[Instruction]
    groups: int
    names: dict[str, int]


def program_of(pattern: str) -> Program:
    """Return the program of a pattern; raises `Fault`."""
    return _Compiler(pattern).program()


class _Compiler:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.code: list[Instruction] = []
        self.groups = 0
        self.names: dict[str, int] = {}
        self.flags: set[str] = set()
        self.depth = 0

    def program(self) -> Program:
        self._alternatives()
        if self.at < len(self.pattern):
            raise self._wrong("there is a `)` too many")
        self._emit(Instruction(Op.MATCH))
        return Program(self.code, self.groups, self.names)

    # ------------------------------------------------------------------------------------------------------ text

    def _next_is(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def _take(self) -> str:
        if self.at >= len(self.pattern):
            raise self._wrong("it ends too early")
        self.at += 1
        return self.pattern[self.at - 1]

    def _skip(self, text: str) -> bool:
        if self._next_is(text):
            self.at += len(text)
            return True
        return False

    def _wrong(self, why: str) -> Fault:
        return Fault(f"The regular expression `{self.pattern[:60]}` cannot be read: {why} (at {self.at + 1}).")

    def _emit(self, instruction: Instruction) -> int:
        if len(self.code) >= _LONGEST_PROGRAM:
            raise self._wrong("it is too long")
        self.code.append(instruction)
        return len(self.code) - 1

    # --------------------------------------------------------------------------------------------------- grammar

    def _alternatives(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST_GROUP:
            raise self._wrong("its groups nest too deep")
        flags = set(self.flags)
        start, ends = len(self.code), list[int]()
        self._sequence()
        while self._skip("|"):
            self._insert_split(start)
            ends.append(self._emit(Instruction(Op.JUMP)))
            self.code[start] = Instruction(Op.SPLIT, start + 1, len(self.code))
            start = len(self.code)
            self._sequence()
        for end in ends:
            self.code[end] = Instruction(Op.JUMP, len(self.code))
        self.flags = flags
        self.depth -= 1

    def _sequence(self) -> None:
        while self.at < len(self.pattern) and not (self._next_is("|") or self._next_is(")")):
            if self._skip("\\Q"):
                self._quoted()
                continue
            start = len(self.code)
            self._atom()
            self._quantifier(start)

    def _quoted(self) -> None:
        r"""Take what stands between `\Q` and `\E`, or the end; a quantifier after it is for its last character."""
        end = self.pattern.find("\\E", self.at)
        quoted = self.pattern[self.at : end if end >= 0 else len(self.pattern)]
        self.at += len(quoted) + 2 * (end >= 0)
        start = len(self.code)
        for sign in quoted:
            start = len(self.code)
            self._literal(sign)
        if quoted:
            self._quantifier(start)

    def _quantifier(self, start: int) -> None:
        sign = self.pattern[self.at : self.at + 1]
        count = _COUNT.match(self.pattern, self.at)
        if sign in {"*", "+", "?"} and sign:
            self.at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        elif count:
            self.at = count.end()
            least = int(count[1])
            most = least if not count[2] else int(count[3]) if count[3] else None
        else:
            return
        if (most is not None and most < least) or max(least, most or 0) > _MOST_REPEATS:
            raise self._wrong("this count cannot be")
        is_lazy = self._skip("?")
        if self._next_is("+"):
            raise self._wrong("possessive quantifiers are not available")
        self._repeat(start, least, most, is_lazy=is_lazy)
        if self.pattern[self.at : self.at + 1] in {"*", "+", "?"}:
            raise self._wrong("one quantifier follows another")

    def _repeat(self, start: int, least: int, most: int | None, *, is_lazy: bool) -> None:
        body = self.code[start:]
        del self.code[start:]
        for _ in range(least):
            self._copy(body, start)
        if most is None:
            split = self._emit(Instruction(Op.SPLIT))
            self._copy(body, start)
            self._emit(Instruction(Op.JUMP, split))
            self._set_split(split, len(self.code), is_lazy=is_lazy)
            return
        splits: list[int] = []
        for _ in range(most - least):
            splits.append(self._emit(Instruction(Op.SPLIT)))
            self._copy(body, start)
        for split in splits:
            self._set_split(split, len(self.code), is_lazy=is_lazy)

    def _set_split(self, split: int, out: int, *, is_lazy: bool) -> None:
        first, second = (out, split + 1) if is_lazy else (split + 1, out)
        self.code[split] = Instruction(Op.SPLIT, first, second)

    def _copy(self, body: list[Instruction], start: int) -> None:
        """Add a body that was compiled at `start`, with its targets moved to where it is now."""
        moved = len(self.code) - start
        for each in body:
            self._emit(_moved(each, moved))

    def _insert_split(self, start: int) -> None:
        body = self.code[start:]
        del self.code[start:]
        self._emit(Instruction(Op.SPLIT))
        self._copy(body, start)

    # ----------------------------------------------------------------------------------------------------- atoms

    def _atom(self) -> None:
        sign = self._take()
        if sign == "(":
            self._group()
        elif sign == "[":
            self._one(self._class())
        elif sign == ".":
            self._one(_anything if "s" in self.flags else _no_line_end)
        elif sign == "^":
            self._emit(Instruction(Op.ASSERT, check=_line_start if "m" in self.flags else _text_start))
        elif sign == "$":
            self._emit(Instruction(Op.ASSERT, check=_line_end if "m" in self.flags else _text_end))
        elif sign == "\\":
            self._escape()
        elif sign in "*+?":
            raise self._wrong(f"there is nothing that `{sign}` repeats")
        else:
            self._literal(sign)

    def _one(self, test: IsOne) -> None:
        self._emit(Instruction(Op.CHARACTER, test=test))

    def _literal(self, sign: str) -> None:
        if "i" in self.flags and sign.lower() != sign.upper():
            both = {sign.lower(), sign.upper()}
            self._one(both.__contains__)
        else:
            self._one(sign.__eq__)

    def _group(self) -> None:
        if self._next_is("?<=") or self._next_is("?<!"):
            raise self._wrong("looking behind is not available")
        if self._next_is("?=") or self._next_is("?!"):
            self._look()
            return
        if self._next_is("?>"):
            raise self._wrong("atomic groups are not available")
        if found := _FLAGS.match(self.pattern, self.at):
            self.at = found.end()
            before = set(self.flags)
            self.flags |= set(found[1])
            if found[2] == ":":
                self._close(self._alternatives)
                self.flags = before
            return
        self._capturing()

    def _capturing(self) -> None:
        name = _GROUP_NAME.match(self.pattern, self.at)
        if name:
            self.at = name.end()
            self.names[name[1]] = self.groups + 1
        elif self._next_is("?"):
            raise self._wrong("this kind of group is not available")
        self.groups += 1
        slot = 2 * self.groups
        self._emit(Instruction(Op.SAVE, slot))
        self._close(self._alternatives)
        self._emit(Instruction(Op.SAVE, slot + 1))

    def _look(self) -> None:
        is_negative = self.pattern[self.at + 1] == "!"
        self.at += 2
        outer, self.code = self.code, []
        self._close(self._alternatives)
        self._emit(Instruction(Op.MATCH))
        inner, self.code = self.code, outer
        self._emit(Instruction(Op.LOOK, int(is_negative), program=inner))

    def _close(self, body: Callable[[], None]) -> None:
        body()
        if not self._skip(")"):
            raise self._wrong("a group is never closed")

    def _escape(self) -> None:
        sign = self.pattern[self.at : self.at + 1]
        if sign and sign in _ASSERTIONS:
            self.at += 1
            self._emit(Instruction(Op.ASSERT, check=_ASSERTIONS[sign]))
            return
        if sign == "k" or (sign.isdecimal() and sign != "0"):
            raise self._wrong("back references are not available")
        test = self._escaped()
        if isinstance(test, str):
            self._literal(test)
        else:
            self._one(test)

    def _escaped(self) -> IsOne | str:
        """Return what an escape inside or outside of a class means."""
        sign = self._take()
        if sign in _CLASSES:
            return _CLASSES[sign]
        if sign in "pP":
            return self._property(is_negative=sign == "P")
        if sign in "xu":
            return self._code_point(2 if sign == "x" else 4)
        if sign in _CONTROLS:
            return _CONTROLS[sign]
        if sign.isalnum():
            raise self._wrong(f"`\\{sign}` has no meaning")
        return sign

    def _code_point(self, length: int) -> str:
        digits = self.pattern[self.at : self.at + length]
        self.at += length
        if len(digits) < length or not all(each in "0123456789abcdefABCDEF" for each in digits):
            raise self._wrong(f"{length} hexadecimal digits are missing")
        return chr(int(digits, 16))

    def _property(self, *, is_negative: bool) -> IsOne:
        found = _PROPERTY.match(self.pattern, self.at)
        if found is None:
            raise self._wrong("a property such as {L} is missing")
        self.at = found.end()
        category = _NAMED_PROPERTIES.get(found[1], found[1])
        if len(category) > 2 or category[0] not in "CLMNPSZ":  # noqa: PLR2004  a category has two letters at most
            raise self._wrong(f"there is no property `{found[1]}`")
        return lambda sign: unicodedata.category(sign).startswith(category) is not is_negative

    def _class(self) -> IsOne:
        is_negative = self._skip("^")
        single: set[str] = set()
        tests: list[IsOne] = []
        is_first = True
        while is_first or not self._next_is("]"):
            is_first = False
            if self._next_is("[") or self._next_is("&&"):
                raise self._wrong("classes within classes are not available")
            self._class_part(single, tests)
            if len(tests) > _MOST_RANGES:
                raise self._wrong("a class has too many ranges")
        self.at += 1
        if "i" in self.flags:
            single |= {each.lower() for each in single} | {each.upper() for each in single}
        return _one_of(frozenset(single), tests, is_negative=is_negative)

    def _class_part(self, single: set[str], tests: list[IsOne]) -> None:
        low = self._class_sign()
        if callable(low):
            tests.append(low)
            return
        if not self._next_is("-") or self._next_is("-]"):
            single.add(low)
            return
        self.at += 1
        high = self._class_sign()
        if callable(high) or high < low:
            raise self._wrong("this range goes backwards")
        tests.append(_between(low, high, ignores_case="i" in self.flags))

    def _class_sign(self) -> IsOne | str:
        sign = self._take()
        return self._escaped() if sign == "\\" else sign


def _moved(each: Instruction, by: int) -> Instruction:
    if each.op is Op.SPLIT:
        return each._replace(first=each.first + by, second=each.second + by)
    return each._replace(first=each.first + by) if each.op is Op.JUMP else each


def _between(low: str, high: str, *, ignores_case: bool) -> IsOne:
    if ignores_case:
        return lambda sign: low <= sign.lower() <= high or low <= sign.upper() <= high
    return lambda sign: low <= sign <= high


def _one_of(single: frozenset[str], tests: list[IsOne], *, is_negative: bool) -> IsOne:
    if is_negative:
        return lambda sign: sign not in single and not any(test(sign) for test in tests)
    if not tests:
        return single.__contains__
    return lambda sign: sign in single or any(test(sign) for test in tests)


def _anything(_: str) -> bool:
    return True


def _no_line_end(sign: str) -> bool:
    return sign not in "\n\r\u0085\u2028\u2029"


def _is_word(sign: str) -> bool:
    return sign == "_" or (sign.isascii() and sign.isalnum())


def _text_start(_: str, at: int) -> bool:
    return at == 0


def _very_end(text: str, at: int) -> bool:
    return at == len(text)


def _text_end(text: str, at: int) -> bool:
    return at == len(text) or text[at:] in {"\n", "\r\n"}


def _line_start(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _line_end(text: str, at: int) -> bool:
    return at == len(text) or text[at] in "\r\n"


def _word_boundary(text: str, at: int) -> bool:
    before = at > 0 and _is_word(text[at - 1])
    after = at < len(text) and _is_word(text[at])
    return before != after


_ASSERTIONS: dict[str, Callable[[str, int], bool]] = {
    "b": _word_boundary,
    "B": lambda text, at: not _word_boundary(text, at),
    "A": _text_start,
    "z": _very_end,
    "Z": _text_end,
}
_CLASSES: dict[str, IsOne] = {
    "d": "0123456789".__contains__,
    "D": lambda sign: sign not in "0123456789",
    "w": _is_word,
    "W": lambda sign: not _is_word(sign),
    "s": " \t\n\x0b\f\r".__contains__,
    "S": lambda sign: sign not in " \t\n\x0b\f\r",
    "h": " \t\xa0".__contains__,
    "R": "\n\r\x0b\f\u0085\u2028\u2029".__contains__,
}
