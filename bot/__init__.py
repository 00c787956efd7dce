"""Composition: knows every part, decides nothing. The only package that reads the environment and the clock."""
