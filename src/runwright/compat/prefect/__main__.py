"""`python -m runwright.compat.prefect script.py ARGUMENTS`: run a script, or with `-m` a module, that imports prefect."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from runwright.compat.prefect import install

USAGE = "usage: python -m runwright.compat.prefect SCRIPT.py [ARGUMENTS]\n       python -m runwright.compat.prefect -m MODULE [ARGUMENTS]"


def main(arguments: list[str]) -> None:
    """Run what the arguments name as Python would; raises `SystemExit` with the usage when they name nothing."""
    if not arguments or (arguments[0] == "-m" and len(arguments) == 1):
        raise SystemExit(USAGE)
    install()
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path.insert(0, str(Path(arguments[0]).resolve().parent))
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
