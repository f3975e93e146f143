"""Expressions: how templates are read and evaluated. Users enter through `runwright.expression`.

No Python is run for a template: it has no attributes, methods or classes, only plain data and the filters, functions and
tests of the tables here.
"""
