"""Data filters: values as JSON, Ion, YAML, in other encodings, as digests, and asked with jq."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote_plus

from runwright.expressions.faults import Fault
from runwright.expressions.ion import ion_of
from runwright.expressions.json_queries import query
from runwright.expressions.signatures import Table
from runwright.expressions.text_filters import as_text
from runwright.expressions.values import json_of, kind_of
from runwright.expressions.yaml_texts import yaml_of

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

FILTERS = Table()


def _made(budget: Budget, text: str) -> str:
    budget.text(len(text))
    return text


@FILTERS.add("json", "toJson")
def _json(budget: Budget, value: Any) -> str:
    """Return it as compact JSON."""
    return _made(budget, json_of(budget.weigh(value)))


@FILTERS.add("toIon")
def _ion(budget: Budget, value: Any) -> str:
    """Return it as Ion text."""
    return _made(budget, ion_of(budget.weigh(value)))


@FILTERS.add("yaml")
def _yaml(budget: Budget, value: Any) -> str:
    """Return it as YAML in block style, with a line end."""
    return _made(budget, yaml_of(budget.weigh(value)))


@FILTERS.add("jq")
def _jq(budget: Budget, value: Any, expression: Any) -> list[Any]:
    """Return the list of what a jq expression gives for it; take the one result with `| first`."""
    if not isinstance(expression, str):
        raise Fault(f"`jq` needs an expression as text; it was given {kind_of(expression)}.")
    return query(expression, _read(value), budget)


def _read(value: Any) -> Any:
    """Return what a text says that is JSON, other values as they are."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


@FILTERS.add("base64encode")
def _base64_encode(budget: Budget, value: Any) -> Any:
    """Return a text's bytes in base 64."""
    return None if value is None else _made(budget, base64.b64encode(as_text(value, budget).encode()).decode())


@FILTERS.add("base64decode")
def _base64_decode(budget: Budget, value: Any) -> Any:
    """Return the text whose bytes in base 64 it is."""
    if value is None:
        return None
    try:
        return base64.b64decode(as_text(value, budget), validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise Fault("This is no text in base 64.") from None


@FILTERS.add("urlencode")
def _url_encode(budget: Budget, value: Any) -> Any:
    """Return it as a part of a URL's query."""
    return None if value is None else _made(budget, quote_plus(as_text(value, budget), safe="*").replace("~", "%7E"))


@FILTERS.add("urldecode")
def _url_decode(budget: Budget, value: Any) -> Any:
    """Return what a part of a URL's query says."""
    return None if value is None else unquote_plus(as_text(value, budget))


@FILTERS.add("md5")
def _md5(budget: Budget, value: Any) -> Any:
    """Return a text's MD5 digest in hexadecimal digits."""
    return _digest("md5", value, budget)


@FILTERS.add("sha1")
def _sha1(budget: Budget, value: Any) -> Any:
    """Return a text's SHA-1 digest in hexadecimal digits."""
    return _digest("sha1", value, budget)


@FILTERS.add("sha256")
def _sha256(budget: Budget, value: Any) -> Any:
    """Return a text's SHA-256 digest in hexadecimal digits."""
    return _digest("sha256", value, budget)


@FILTERS.add("sha512")
def _sha512(budget: Budget, value: Any) -> Any:
    """Return a text's SHA-512 digest in hexadecimal digits."""
    return _digest("sha512", value, budget)


def _digest(algorithm: str, value: Any, budget: Budget) -> Any:
    if value is None:
        return None
    return hashlib.new(algorithm, as_text(value, budget).encode(), usedforsecurity=False).hexdigest()
