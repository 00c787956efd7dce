"""The only place that announces: claims promises, composes them from present state, sends, records.

A promise is kept at least once and, where the room's history may be read, exactly once: a send whose
answer was lost is looked up before a second post. Lanes (one a room) hold the pace and the lease.
"""
