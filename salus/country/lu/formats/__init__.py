"""Dates and numbers as Luxembourg writes them, where Django does not know (lb) or thinks of elsewhere (en).

In every language the short date names its month: readers of four languages would not agree on 03/04.
"""
