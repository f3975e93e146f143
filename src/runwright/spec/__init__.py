"""Spec: YAML flows as they are declared: read, checked and typed; nothing here runs them.

    from runwright.spec import load_flow_spec

    spec = load_flow_spec("flow.yaml")
    spec.tasks[0].id

This package knows neither the engine nor flows written in Python. `load` knows YAML, `elements` how the keys of an element
follow from its class, `kinds` what values are; each family of elements has a module; `reading` puts them together.
"""

from __future__ import annotations

from runwright.spec.flow_spec import FlowSpec
from runwright.spec.reading import Outcome, examine, load_flow_spec, parse_flow_spec
from runwright.spec.resolving import handed_on, resolve

__all__ = ["FlowSpec", "Outcome", "examine", "handed_on", "load_flow_spec", "parse_flow_spec", "resolve"]
