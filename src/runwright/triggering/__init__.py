"""Triggering: what starts executions of registered flows by itself: schedules, requests from outside, and ends of other executions."""
