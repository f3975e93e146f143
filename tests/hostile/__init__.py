"""What must not cost much, must not go wrong, and must be told by its name."""
