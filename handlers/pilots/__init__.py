"""A pilot's way to production: its checklist, dates, risk and gates.

Templates are read and merged when a pilot is made; from then on the pilot's own rows hold, so a
template edited later changes no running pilot. Every rule here is pure: the day and the calendar
are handed in.
"""
