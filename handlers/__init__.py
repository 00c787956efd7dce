"""What happens: doors, the desk, the sender, features. Layers are held by import-linter (pyproject.toml)."""
