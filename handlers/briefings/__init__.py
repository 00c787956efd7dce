"""The three briefings of week one: the brief, a time that suits both, the invitation, what was asked.

Imports neither the sweep nor the views. The sweep calls `Arrangements.on_step`, handed to it by the wiring.
"""
