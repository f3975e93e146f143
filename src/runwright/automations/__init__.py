"""Automations: what is done by itself when events come, or do not: their triggers, their actions, and who looks after them."""
