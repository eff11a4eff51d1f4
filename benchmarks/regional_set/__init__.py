"""The labelled set of regional people: pairs of records that are known to be of one human being, or of two."""
