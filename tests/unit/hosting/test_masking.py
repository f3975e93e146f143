from __future__ import annotations

import base64
import html
import json
import logging
import pickle
import shlex
from urllib.parse import quote, quote_plus

import pytest

from runwright.hosting.masking import HIDDEN, Mask, MaskingFilter

VALUE = 'p@ss "word"/+é$'
LINES = "-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END KEY-----"


def test_a_mask_that_knows_nothing_changes_nothing():
    assert "text" == Mask().hide("text")
    assert ["text", {"a": 1}] == Mask().hide_in(["text", {"a": 1}])


def test_a_value_is_hidden_wherever_it_stands():
    mask = Mask(["hunter21"])

    assert f"a {HIDDEN}b{HIDDEN}{HIDDEN}\n{HIDDEN}" == mask.hide("a hunter21bhunter21hunter21\nhunter21")
    assert "hunter2" == mask.hide("hunter2")


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        repr(VALUE),
        quote(VALUE),
        quote(VALUE, safe=""),
        quote(VALUE, safe="").replace("%2F", "%2f").replace("%C3%A9", "%c3%a9").replace("%2B", "%2b"),
        quote_plus(VALUE),
        html.escape(VALUE),
        shlex.quote(VALUE),
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
        base64.b64encode(VALUE.encode()).decode().rstrip("="),
        VALUE.encode().hex(),
        VALUE.encode().hex().upper(),
    ],
)
def test_a_value_is_hidden_in_every_form_that_programs_print(form):
    assert f"<{HIDDEN}>" == Mask([VALUE]).hide(f"<{form}>").replace(f'"{HIDDEN}"', HIDDEN).replace(
        f"'{HIDDEN}'", HIDDEN
    )


@pytest.mark.parametrize("user", ["a", "ab", "abc", "abcd"])
def test_a_value_inside_of_a_longer_text_in_base64_is_hidden(user):
    header = base64.b64encode(f"{user}:hunter21-and-more:x".encode()).decode()

    hidden = Mask(["hunter21-and-more"]).hide(f"Authorization: Basic {header}")

    assert HIDDEN in hidden
    assert not any(part in hidden for part in (header[8:14], header[12:18], header[16:22]))


@pytest.mark.parametrize(
    "form",
    [
        LINES,
        LINES.replace("\n", "\r\n"),
        LINES + "\n",
        json.dumps(LINES),
        "MIIEvQIBADAN",
        "  BgkqhkiG9w0B  ",
        "\n".join(f"out: {line}" for line in LINES.splitlines()),
    ],
)
def test_a_value_of_several_lines_is_hidden_in_each(form):
    hidden = Mask([LINES]).hide(form)

    assert HIDDEN in hidden
    assert not any(line in hidden for line in LINES.splitlines())


def test_the_longest_value_is_hidden_first():
    assert f"{HIDDEN} {HIDDEN}" == Mask(["secret", "secret-and-more"]).hide("secret-and-more secret")
    assert f"{HIDDEN} {HIDDEN}" == Mask(["secret-and-more", "secret"]).hide("secret-and-more secret")


@pytest.mark.parametrize("value", ["", " ", "a", "short", "      ", "  ab  "])
def test_a_value_that_is_a_part_of_many_words_is_not_hidden(value):
    assert f"true short {value}." == Mask([value]).hide(f"true short {value}.")


def test_a_mask_learns_as_it_goes():
    mask = Mask()
    assert "one-secret two-secret" == mask.hide("one-secret two-secret")

    mask.learn("one-secret")
    assert f"{HIDDEN} two-secret" == mask.hide("one-secret two-secret")

    mask.learn("two-secret", "one-secret")
    assert f"{HIDDEN} {HIDDEN}" == mask.hide("one-secret two-secret")


def test_data_are_hidden_however_deep():
    data = {"a": ["hunter21", ("x hunter21",)], "hunter21": {"n": 1, "none": None, "yes": True}}

    assert {"a": [HIDDEN, [f"x {HIDDEN}"]], HIDDEN: {"n": 1, "none": None, "yes": True}} == Mask(["hunter21"]).hide_in(
        data
    )


def test_a_pattern_in_a_value_is_no_pattern():
    mask = Mask([".*hunter", "(?P<x>a+)+$"])

    assert f"hunter {HIDDEN} {HIDDEN}" == mask.hide("hunter .*hunter (?P<x>a+)+$")


def test_a_value_that_is_very_long_is_hidden_too():
    value = "".join(chr(97 + number % 26) for number in range(100_000))

    assert f"<{HIDDEN}>" == Mask([value]).hide(f"<{value}>")
    assert value[:50_000] == Mask([value]).hide(value[:50_000])


def test_a_value_that_no_encoding_has():
    assert HIDDEN == Mask(["lone \ud800 half"]).hide("lone \ud800 half")


def test_a_mask_travels_with_what_it_knows():
    mask = pickle.loads(pickle.dumps(Mask(["hunter21"])))

    assert HIDDEN == mask.hide("hunter21")
    assert "Mask(1 values)" == repr(mask)


def test_an_error_is_told_without_the_value():
    mask = Mask(["hunter21"])

    with pytest.raises(ValueError, match="no login") as refused:
        log_in("hunter21")

    assert f"no login with {HIDDEN}" == mask.text_of(refused.value)
    assert f"KeyError: '{HIDDEN}'" in mask.traceback_of(refused.value)
    assert "hunter21" not in mask.traceback_of(refused.value)


def log_in(password):
    try:
        raise KeyError(password)
    except KeyError as error:
        raise ValueError(f"no login with {password}") from error


@pytest.fixture
def lines():
    class Kept(logging.Handler):
        def emit(self, record):
            found.append(self.format(record))

    found, logger = [], logging.getLogger("tests.masking")
    logger.propagate = False
    logger.handlers = [Kept()]
    logger.filters = [MaskingFilter(Mask(["hunter21"]))]
    yield logger, found
    logger.handlers, logger.filters = [], []


def test_a_log_line_is_hidden_with_its_arguments(lines):
    logger, found = lines

    logger.warning("login of %s with %s", "ada", {"password": "hunter21"})
    logger.warning("100% hunter21")

    assert [f"login of ada with {{'password': '{HIDDEN}'}}", f"100% {HIDDEN}"] == found


def test_a_log_line_is_hidden_with_its_traceback(lines):
    logger, found = lines
    try:
        raise ValueError("no login with hunter21")
    except ValueError:
        logger.exception("it failed", stack_info=True)

    (text,) = found
    assert f"ValueError: no login with {HIDDEN}" in text
    assert "hunter21" not in text
