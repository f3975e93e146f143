"""Compat: foreign names and wire shapes, built on read from the record. Nothing here is stored."""
