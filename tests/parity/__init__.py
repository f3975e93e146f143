"""Parity: the documented behaviour of the task-level engine, row by row."""
