"""Flowables: how the nodes that stand for other nodes open and close. Each is independent of the others."""
