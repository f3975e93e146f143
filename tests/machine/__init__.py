"""The machine alone: stories, every interleaving of small runs, random runs, and proof that the checker is awake."""
