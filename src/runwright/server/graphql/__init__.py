"""GraphQL: every question about a record in one request, and the mutations that existing clients send.

The schema is made from `runwright.entities`; each root field becomes one `runwright.query`. The library is known here only.
"""
