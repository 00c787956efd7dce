"""Composition: knows every part, decides nothing. Only this package reads the environment and the clock."""
