"""What is remembered: tables and queries. Imports nothing of ours.

No query commits: the caller owns the transaction.

Every table carries the workspace, and every query filters by it.
"""
