"""Flows that run: on a real record, with every executor. After each test the record is checked."""
