"""Filters: what stands after `|`, by name; each kind has a module of its own."""

from __future__ import annotations

from runwright.expressions import collection_filters, data_filters, date_filters, number_filters, text_filters

FILTERS = {
    **text_filters.FILTERS,
    **number_filters.FILTERS,
    **collection_filters.FILTERS,
    **data_filters.FILTERS,
    **date_filters.FILTERS,
}
