"""Testing: what ships to users for their own tests: a pytest plugin, a clock that stands still, contract suites."""
