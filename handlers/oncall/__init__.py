"""On-call rotations: who is on call when, set in chat or kept by another system."""
