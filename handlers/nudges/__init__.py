"""What is said unasked: a person's digest each working morning, and the nudge in a pilot's channel.

Decisions that bind this package:

- A sweep decides *that* something is said and to whom; *what* is made at delivery, from present state.
- A morning is said once: one row per (workspace, kind, about, day) holds what it spoke of, and is edited as
  that gets done. What was missed while the machine was off is said once, in the reader's working hours.
- In a channel nobody is named for being late: overdue items stand under their role. Names appear for what
  is due today, so that it is seen, and for what got done.
- We ask for a plan: a planned day keeps an item out of the digest until that day, a block keeps it out
  until it is lifted.
"""
