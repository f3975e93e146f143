"""The project works behind any package index and in any folder: no committed file names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# Written in two halves, so that this file obeys its own rule.
REGISTRIES = [
    "py" + "pi.org",
    "files." + "pythonhosted.org",
    "registry." + "npmjs.org",
    "proxy." + "golang.org",
    "conda." + "anaconda.org",
]
MACHINE_FOLDERS = ["/" + "root/", "/" + "work/", "/" + "opt/", "/" + "mnt/"]
NAMES_A_HOME = re.compile("/" + r"(?:home|Users)/(?!\.\.\.|<|\$)[\w.-]+")


def test_no_committed_file_names_a_package_registry(tree):
    assert [] == [found for found in every_line(tree) if any(registry in found for registry in REGISTRIES)]


def test_no_committed_file_names_a_path_of_a_machine(tree):
    assert [] == [found for found in every_line(tree) if names_a_machine_path(found.partition(" ")[2], tree.root)]


@pytest.mark.parametrize("line", ["see /" + "root/notes", 'open("/' + "home/alice/x" + '")', "cd /" + "work/main"])
def test_a_machine_path_would_be_seen(tree, line):
    assert names_a_machine_path(line, tree.root)


@pytest.mark.parametrize("line", ["the root/ folder", "~/.cache", "src/work/x", "https://example.com/" + "home/page"])
def test_other_paths_are_welcome(tree, line):
    assert not names_a_machine_path(line, tree.root)


def names_a_machine_path(line, checkout):
    """Return whether a line has an absolute path that exists on one machine only."""
    places = [*MACHINE_FOLDERS, *(str(place) for place in (checkout, Path.home()) if len(place.parts) > 2)]
    absolute = any(re.search(rf"(?<![\w.~-]){re.escape(place)}", line) for place in places)
    return absolute or re.search(rf"(?<![\w.~-]){NAMES_A_HOME.pattern}", line) is not None


def every_line(tree):
    """Yield `file:number text` for every line of every committed text file."""
    for file in tree.committed_files():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            yield f"{tree.name_of(file)}:{number} {line}"
