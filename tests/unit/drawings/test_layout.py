"""Layout: boxes never overlap, arrows lead onward, and long ones go around boxes."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, strategies as st

from runwright.drawings import Arrow, Box, Picture
from runwright.drawings.layout import lay_out


@st.composite
def pictures(draw):
    count = draw(st.integers(0, 14))
    labels = draw(st.lists(st.text(max_size=12), min_size=count, max_size=count))
    boxes = tuple(Box(str(number), label) for number, label in enumerate(labels))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    joined = draw(st.lists(pairs, max_size=25)) if count > 1 else []
    arrows = tuple(Arrow(str(tail), str(head)) for tail, head in joined)
    return Picture(boxes, arrows, draw(st.booleans()))


@given(pictures())
def test_boxes_do_not_overlap_and_are_inside(picture):
    layout = lay_out(picture)
    assert {box.id for box in picture.boxes} == set(layout.boxes)
    for one, other in combinations(layout.boxes.values(), 2):
        apart_across = abs(one.x - other.x) >= (one.width + other.width) / 2
        apart_along = abs(one.y - other.y) >= (one.height + other.height) / 2
        assert apart_across or apart_along
    for box in layout.boxes.values():
        assert 0 <= box.x - box.width / 2
        assert box.x + box.width / 2 <= layout.width
        assert 0 <= box.y - box.height / 2
        assert box.y + box.height / 2 <= layout.height


@given(pictures())
def test_arrows_lead_onward_one_rank_at_a_time(picture):
    layout = lay_out(picture)
    axis = 0 if picture.is_horizontal else 1
    for arrow, route in zip(picture.arrows, layout.routes, strict=True):
        tail, head = layout.boxes[arrow.tail], layout.boxes[arrow.head]
        leaving, arriving = (tail.width, head.width) if picture.is_horizontal else (tail.height, head.height)
        assert (tail[axis] + leaving / 2, head[axis] - arriving / 2) == pytest.approx(
            (route[0][axis], route[-1][axis]), abs=0.01
        )
        assert (tail[1 - axis], head[1 - axis]) == (route[0][1 - axis], route[-1][1 - axis])
        assert all(before[axis] < after[axis] for before, after in pairwise(route))


@given(pictures())
def test_arrows_bend_between_ranks_and_never_beside_a_box(picture):
    layout = lay_out(picture)
    axis = 0 if picture.is_horizontal else 1
    for box in layout.boxes.values():
        half = (box.width if picture.is_horizontal else box.height) / 2 - 0.01
        begin, end = box[axis] - half, box[axis] + half
        for before, after in (piece for route in layout.routes for piece in pairwise(route)):
            is_straight = before[1 - axis] == after[1 - axis]
            assert is_straight or after[axis] <= begin or end <= before[axis]


@pytest.mark.parametrize("is_horizontal", [False, True])
def test_a_long_arrow_has_a_place_in_every_rank_between(is_horizontal):
    boxes = tuple(Box(name, name) for name in "abcd")
    arrows = (Arrow("a", "b"), Arrow("b", "c"), Arrow("c", "d"), Arrow("a", "d"))
    layout = lay_out(Picture(boxes, arrows, is_horizontal))
    assert [2, 2, 2, 6] == [len(route) for route in layout.routes]
    for point, name in zip(layout.routes[3][1:-1], "bbcc", strict=True):
        box = layout.boxes[name]
        distance = abs(point[1] - box.y) - box.height / 2 if is_horizontal else abs(point[0] - box.x) - box.width / 2
        assert distance > 0


def test_two_crossing_arrows_are_uncrossed():
    boxes = tuple(Box(name, name) for name in "abxy")
    layout = lay_out(Picture(boxes, (Arrow("a", "y"), Arrow("b", "x"))))
    assert (layout.boxes["a"].x < layout.boxes["b"].x) == (layout.boxes["y"].x < layout.boxes["x"].x)
