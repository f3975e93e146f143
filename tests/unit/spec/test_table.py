"""The table of keys: what its rows say holds for all of them."""

from __future__ import annotations

import pytest

from runwright.spec.elements import Element, table_of


def elements(element=Element):
    """Return all classes of elements."""
    return [found for each in element.__subclasses__() for found in (each, *elements(each))]


ALL = elements()


@pytest.mark.parametrize("element", ALL, ids=lambda element: element.__name__)
def test_a_row_is_whole(element):
    table = table_of(element)

    assert (element.__doc__ or "").strip()
    assert [] == [key.name for key in table.keys if not key.doc.endswith((".", ">"))]
    assert len(table.by_name) == sum(1 + len(key.also) for key in table.keys)
    assert [] == [key.name for key in table.keys if not key.kind.name or not isinstance(key.kind.schema(), dict)]


def test_no_two_elements_have_the_same_name():
    names = [element.__name__ for element in ALL]

    assert len(set(names)) == len(names)


def test_no_key_hides_a_method():
    methods = {"check", "take", "names", "full_type", "is_text", "all_tasks", "branches", "label_map", "position"}

    assert [] == [(each.__name__, key.field) for each in ALL for key in table_of(each).keys if key.field in methods]
