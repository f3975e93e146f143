"""The engine: pure decisions. No clock, no thread, no database and no user code below this folder."""
