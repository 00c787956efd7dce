"""How well runbooks answer, measured on real collections of others that stay where they are: `make eval`."""
