"""What is said unasked: a person's digest on working mornings, and the nudge in a pilot's channel.

Decisions that bind this package:

- The policy says when whom is told what (`policy.py`); a sweep decides *that* something is said and to whom,
  *what* is made at delivery, from present state.
- We ask for a plan, and a plan is silence. The blocker hears, not the blocked. Nobody is told on before they
  have seen a warning; whoever was told hears of the end; after the ladder there is silence, and a decision.
- A person gets one digest a working day at most. What was missed while the machine was off is said once, in
  the reader's working hours; what nobody saw is carried over.
- In a channel nobody is named for being late: overdue items stand under their role. Names appear for what
  is due today, so that it is seen, and for what got done.
"""
