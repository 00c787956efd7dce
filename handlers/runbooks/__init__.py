"""Runbooks: read from where the organisation keeps them, found again by a question, with their source."""
