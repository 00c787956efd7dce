"""What every feature says and needs, on any surface: cards, forms, ports, refusals. Imports none of ours."""
