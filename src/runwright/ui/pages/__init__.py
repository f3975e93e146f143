"""Pages: for each one what it shows, as a typed context that is read from a record. How it looks is the templates' business."""
