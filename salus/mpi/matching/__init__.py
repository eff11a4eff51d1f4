"""Who is the same person (Fellegi-Sunter): pure, fast for one request; whole files by DuckDB; learned by Splink.

In reading order: record, names, placeholders, keys, prepared, levels, model, score; then learn and batch. ADR 0024.
"""
