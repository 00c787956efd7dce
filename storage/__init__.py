"""What is remembered: tables and queries. Imports nothing of ours; no query commits, the caller owns the transaction.

Every table carries the workspace, and every query filters by it.
"""
