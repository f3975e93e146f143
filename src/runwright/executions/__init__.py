"""Executions: runs of YAML flows, put together: the flow as it is declared, the runner, what a process offers, and subflows."""
