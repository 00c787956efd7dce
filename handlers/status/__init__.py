"""What people look at: a pilot's status, its items, team, gate and history, and what waits for one person.

Views over several features, made from rows and never written. Each view is a pure function of (dossier or
rows, reader) to a Card; `actions.py` fetches the rows, in few queries, because an answer goes out inside
the ack.

- A day is said as the reader's calendar says it. How late an item is counts in its owner's working days,
  as risk and gates count it, so that one card never gives two numbers.
- An answer goes to the asker alone and names who is late. What is shared to a channel (`public`) says the
  role instead, and leaves out what was typed as the reason of a block.
- A button is shown only to somebody who may press it; the action checks again.
- Colour never says anything alone: a symbol stands beside its word.
"""
