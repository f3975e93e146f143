from __future__ import annotations

import pytest

from runwright.drives.addresses import path_of, prefix_of, uri_of
from runwright.errors import FilesError


def test_a_path_is_what_follows_the_scheme():
    assert "a/b c.txt" == path_of("kestra:///a/b c.txt")
    assert "kestra:///a/b c.txt" == uri_of("a/b c.txt")


def test_a_prefix_may_end_anywhere():
    assert "" == prefix_of("kestra:///")
    assert "a/" == prefix_of("kestra:///a/")
    assert "a/." == prefix_of("kestra:///a/.")
    assert "a/.." == prefix_of("kestra:///a/..")


def test_a_refusal_says_what_to_do_and_shows_no_control_characters():
    with pytest.raises(FilesError, match="Give another name") as refused:
        path_of("kestra:///a\x1b[2Jb")

    assert "\x1b" not in str(refused.value)


def test_a_refusal_of_a_long_uri_is_short():
    with pytest.raises(FilesError, match="at most 1024 bytes") as refused:
        path_of("kestra:///" + "a/" * 100_000 + "b")

    assert 400 > len(str(refused.value))


@pytest.mark.parametrize("path", ["a" * 255, "/".join(["ab"] * 341), "é" * 127])
def test_the_longest_paths(path):
    assert path == path_of(f"kestra:///{path}")


@pytest.mark.parametrize("path", ["a" * 256, "/".join(["ab"] * 342), "é" * 128])
def test_paths_that_are_too_long(path):
    with pytest.raises(FilesError, match="too long"):
        path_of(f"kestra:///{path}")
