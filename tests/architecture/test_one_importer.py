"""Each third-party library is imported by exactly one module or one folder: replacing it changes one place."""

from __future__ import annotations

import re
import sys
from collections import defaultdict

HOMES = {
    "apsw": {"stores"},
    "click": {"cli"},
    "cloudpickle": {"results"},
    "cryptography": {"hosting"},
    "dask": {"cache_validators", "executors"},  # two things in one library: a hash of values, and a cluster
    "distributed": {"executors"},
    "graphql": {"server"},
    "httpx": {"runnables"},
    "hypothesis": {"testing"},
    "jinja2": {"ui"},
    "markupsafe": {"ui"},
    "obstore": {"results"},
    "pandas": {"results"},
    "psycopg": {"stores"},
    "pytest": {"testing"},
    "rich": {"cli"},
    "starlette": {"server", "ui"},  # what both are made of: routes and answers
    "uvicorn": {"server", "ui"},  # each is served by itself
    "yaml": {"spec"},
}

# The notation of nouns and messages: as much a part of the language of the project as the standard library.
EVERYWHERE = {"msgspec"}

# A folder may hold many adapters; these libraries belong to one module of it.
SINGLE_MODULE = {"cloudpickle", "cryptography", "distributed", "httpx", "jinja2", "obstore", "pandas", "yaml"}


def test_no_library_has_two_homes(tree):
    scattered = {
        library: homes for library, homes in homes_of(tree).items() if len(homes) > 1 and homes != HOMES.get(library)
    }

    assert {} == scattered


def test_known_libraries_are_at_home(tree):
    strayed = {
        library: homes - HOMES[library]
        for library, homes in homes_of(tree).items()
        if library in HOMES and homes - HOMES[library]
    }

    assert {} == strayed


def test_types_are_prepared_in_one_place(tree):
    """Two threads that have the library prepare a type at once end the process: `decoding` keeps them apart."""
    typed = re.compile(r"msgspec\.(convert\b|\w+\.(decode\([^()]*(\([^()]*\)[^()]*)*\btype=|Decoder\([^)]))")
    found = [tree.name_of(file) for file in tree.python_files("src/runwright") if typed.search(file.read_text())]

    assert ["src/runwright/decoding.py"] == found


def test_some_libraries_have_a_single_importer(tree):
    importers = defaultdict(list)
    for file in tree.python_files("src/runwright"):
        for library in tree.imported_libraries(file) & SINGLE_MODULE:
            importers[library].append(tree.name_of(file))

    assert {} == {library: files for library, files in importers.items() if len(files) > 1}


def test_a_library_in_use_is_found(tree):
    assert "msgspec" in tree.imported_libraries(tree.package / "events.py")


def homes_of(tree):
    """Return, for every third-party library but the notation, the top-level modules and folders that import it."""
    homes = defaultdict(set)
    for file in tree.python_files("src/runwright"):
        for library in tree.imported_libraries(file) - sys.stdlib_module_names - EVERYWHERE - {"runwright"}:
            homes[library].add(tree.home_of(file))
    return homes
