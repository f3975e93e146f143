"""The names of Prefect 1, for flows that were written for it: `import prefect` gives Runwright's own objects.

    python -m runwright.compat.prefect script.py
    runwright run --compat prefect file.py

or, before anything imports `prefect`, `runwright.compat.prefect.install()`. Nothing of it is loaded otherwise. Which name
is which is one table (`names`); what differs from Runwright's own behaviour is one object (`differences`).
"""

from __future__ import annotations

from runwright.compat.prefect.installing import install, is_installed, uninstall

__all__ = ["install", "is_installed", "uninstall"]
