"""How fast the bot is, each figure as a ratio to a named reference measured in the same run.

`make bench` runs all, `make bench ONLY=status` one. A timing never fails anything: figures are printed and
appended to build/bench.jsonl, for people to compare.
"""
