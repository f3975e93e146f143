"""Documented behaviour of the Prefect 1 engine, held by this one: a class for each step, a test for each row."""
