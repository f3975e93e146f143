"""UI: pages over a record, read in a browser. They read through views and change nothing."""
