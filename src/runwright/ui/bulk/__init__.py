"""Bulk actions: one action on many runs, as a flow run of its own: recorded, followed, and taken up again when its server dies."""
