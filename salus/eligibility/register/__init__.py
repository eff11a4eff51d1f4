"""Periods of cover as the social-security register tells of them: full files, deltas, and a queue (ADR 0046)."""
