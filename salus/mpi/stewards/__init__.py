"""The stewards' desk: which entries of the index are one human being, judged by two pairs of eyes."""
