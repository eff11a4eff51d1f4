"""Professionals' own pages: what the directory says of them, how old it is, what they say is wrong or still right."""
