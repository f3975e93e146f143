"""Benchmarks: what a task run costs, beside what the same machine can do at best, measured in the same run."""
