"""HTTP options: what tasks may say about requests, in the words of today and of old."""

from __future__ import annotations

import pytest

from runwright.errors import RunnableFailed
from runwright.runnables.http_options import options_of


def test_nothing_said_means_these(scope):
    found = options_of(scope, {})
    assert (30.0, 300.0, None, None, True, 5) == (
        found.connect_seconds,
        found.read_seconds,
        found.who,
        found.proxy_url,
        found.follow_redirects,
        found.max_redirects,
    )
    assert [True, True, False, False] == [found.is_allowed(code) for code in (200, 399, 400, 500)]


@pytest.mark.parametrize(
    ("connect", "read", "written"),
    [
        (5.0, 7.0, {"timeout": {"connectTimeout": "PT5S", "readIdleTimeout": "PT7S"}}),
        (5.0, 7.0, {"connectTimeout": "PT5S", "readTimeout": "PT7S"}),
        (30.0, 7.0, {"readIdleTimeout": "PT7S", "readTimeout": "PT9S"}),
        (5.0, 300.0, {"timeout": {"connectTimeout": "{{ short }}"}, "connectTimeout": "PT9S"}),
        (0.001, 300.0, {"connectTimeout": "PT0S"}),
    ],
)
def test_times_are_durations(scope, connect, read, written):
    scope.variables["short"] = "PT5S"
    found = options_of(scope, written)
    assert (connect, read) == (found.connect_seconds, found.read_seconds)


def test_who_asks_may_be_a_number_by_name(scope):
    scope.variables["word"] = 1234
    basic = options_of(scope, {"auth": {"type": "BASIC", "username": 7, "password": "{{ word }}"}}).who
    older = options_of(scope, {"basicAuthUser": "7", "basicAuthPassword": 1234}).who
    assert basic == older
    assert ("7", "1234") == (basic.username, basic.password)
    assert "t" == options_of(scope, {"auth": {"type": "BEARER", "token": "t"}}).who.token


@pytest.mark.parametrize(
    ("expected", "proxy"),
    [
        ("http://p:3128", {"address": "p", "port": 3128}),
        ("socks5://p", {"type": "SOCKS", "address": "p"}),
        (None, {"type": "DIRECT", "address": "p"}),
        (None, {}),
    ],
)
def test_a_proxy_has_an_address(scope, expected, proxy):
    assert expected == options_of(scope, {"proxy": proxy}).proxy_url


def test_failures_may_be_allowed(scope):
    assert options_of(scope, {"allowFailed": True}).is_allowed(500)
    some = options_of(scope, {"allowedResponseCodes": [404]})
    assert (True, False) == (some.is_allowed(404), some.is_allowed(500))


def test_old_options_that_only_tuned_have_no_effect(scope):
    assert options_of(scope, {}) == options_of(scope, {"connectionPoolIdleTimeout": None, "logs": None})


@pytest.mark.parametrize(
    ("message", "written"),
    [
        (r"unknown field `alowFailed`.*Did you mean 'allowFailed'", {"alowFailed": True}),
        (r"options: connectTimeout: '5' is no duration", {"connectTimeout": "5"}),
        (r"options: .*DIGEST", {"auth": {"type": "DIGEST"}}),
        (r"options: Expected `int`", {"maxRedirects": "many"}),
        (r"options must be a mapping", "[]"),
    ],
)
def test_what_there_is_not_is_told(scope, message, written):
    with pytest.raises(RunnableFailed, match=message):
        options_of(scope, written)
