"""What flowables of YAML flows open with, and how they go on."""
