"""What people type: one grammar, declared as data; parsing, help, docs and usage hints are made from it."""
