"""Pages in a real browser, over records that say everything."""
