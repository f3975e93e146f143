"""What others wrote is what it says: the hash of each file is that of the manifest."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "vendor"


def test_every_file_is_the_one_of_its_manifest():
    packages = tomllib.loads((VENDOR / "vendor.toml").read_text(encoding="utf-8"))["package"]

    assert {each["file"]: each["sha256"] for each in packages} == {
        each["file"]: sha256((VENDOR / each["file"]).read_bytes()).hexdigest() for each in packages
    }
    assert {each.name for each in VENDOR.glob("*.js")} == {each["file"] for each in packages}


def test_pages_ship_nothing_of_others():
    static = Path(__file__).parents[2] / "src" / "runwright" / "ui" / "static"

    assert [] == [file.name for file in static.iterdir() if "Copyright" in file.read_text(encoding="utf-8")]
