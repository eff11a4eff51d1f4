"""The authority's desk: what waits, what each change set does, entries with all that was ever said of them."""
