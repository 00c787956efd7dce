"""Calls by HTTP to addresses that people write: which may be called, and how."""
