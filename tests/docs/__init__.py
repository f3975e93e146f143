"""The documentation is tested: its code runs, its tables are made from the code, and nothing is left out of it."""
