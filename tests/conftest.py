"""What holds for every test: none writes to the home of whoever runs them. One that needs a home asks for `runwright_home`."""

from __future__ import annotations

import os

os.environ["RUNWRIGHT_HOME"] = f"{__file__}/home"  # below a file, where nothing can be made
