"""Entries of ten nations, and how their names are misspelt, for benchmarks/directory.py."""
