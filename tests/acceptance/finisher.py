"""A worker as a process of its own: it runs what nobody runs on the configured record, until its standard input ends."""

from __future__ import annotations

import sys

from runwright import app
from runwright.worker import Worker

if __name__ == "__main__":
    worker = Worker(app.open_record()).start()
    sys.stdin.read()
    worker.stop()
