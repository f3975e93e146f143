"""`python -m runwright.compat.prefect script.py ARGUMENTS`: run a script, or with `-m` a module, that imports prefect."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from runwright.compat.prefect import install

USAGE = "usage: python -m runwright.compat.prefect SCRIPT.py [ARGUMENTS]\n       python -m runwright.compat.prefect -m MODULE [ARGUMENTS]"


def main(arguments: list[str]) -> None:
    """Run what the arguments name as Python would; raises `SystemExit` with the usage when they name nothing that is there."""
    if not arguments or arguments == ["-m"]:
        raise SystemExit(USAGE)
    if arguments[0] in {"-h", "--help"}:
        print(USAGE)  # noqa: T201  the one thing that this command says itself
        return
    if arguments[0] != "-m" and not Path(arguments[0]).is_file():
        raise SystemExit(f"error: there is no file {arguments[0]}\n{USAGE}")
    install(is_shown=arguments[:2] != ["-m", "runwright"])  # that command shows log lines itself
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
