"""The three texts of a picture: SVG, Mermaid, DOT."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, strategies as st

from runwright.drawings import Arrow, Box, Drawing, Picture

PICTURE = Picture(
    (Box("a", "first"), Box("b", "second <map>", "#28a74580", is_square=True)), (Arrow("a", "b", "x", is_dashed=True),)
)
XML_TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=20)


def test_dot():
    assert (
        "digraph {\n\ta [label=first shape=ellipse]\n"
        '\tb [label="second <map>" color="#28a74580" colorscheme=svg shape=box style=filled]\n'
        "\ta -> b [label=x style=dashed]\n}\n"
    ) == Drawing(PICTURE).dot


@pytest.mark.parametrize("word", ["node", "a b", "", '"', "a\\", "1a", "Graph"])
def test_dot_quotes_what_is_no_plain_word(word):
    written = Drawing(Picture((Box("x", word),), ())).dot
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    assert f'label="{escaped}"' in written


def test_mermaid():
    assert (
        'flowchart TD\n    n0(["first"])\n    n1["second #lt;map#gt;"]\n    n0 -.->|"x"| n1\n    style n1 fill:#28a74580\n'
    ) == Drawing(PICTURE, "mermaid").mermaid


def test_svg_has_a_shape_and_a_text_for_each_box():
    root = ET.fromstring(Drawing(PICTURE).svg)  # noqa: S314  our own text
    space = "{http://www.w3.org/2000/svg}"
    assert ["x", "first", "second <map>"] == [each.text for each in root.iter(f"{space}text")]
    assert ["#ffffff", "#28a74580"] == [each.get("fill") for each in root.iter(f"{space}rect")]
    assert ["5 4"] == [
        each.get("stroke-dasharray") for each in root.iter(f"{space}path") if each.get("stroke-dasharray")
    ]


@given(XML_TEXT, XML_TEXT)
def test_any_text_is_shown_as_it_is(label, key):
    picture = Picture(
        (Box("a", label, title := f"red' onload='{label}"), Box("b", "b")), (Arrow("a", "b", key),), title=title
    )
    texts = list(ET.fromstring(Drawing(picture).svg).itertext())  # noqa: S314  our own text
    assert not label or label in texts
    assert not key or key in texts


def test_the_chosen_format_is_the_text(tmp_path):
    for name, attribute in (("svg", "svg"), ("mermaid", "mermaid"), ("dot", "dot")):
        drawing = Drawing(PICTURE, name)
        assert getattr(drawing, attribute) == str(drawing)
    assert Drawing(PICTURE).svg == Drawing(PICTURE)._repr_svg_()
    assert Drawing(PICTURE).dot == Drawing(PICTURE).source
    with pytest.raises(
        ValueError, match=r"There is no format 'svgg'; there are svg, mermaid, dot\. Did you mean 'svg'\?"
    ):
        Drawing(PICTURE, "svgg")
