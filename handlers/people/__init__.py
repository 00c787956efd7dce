"""Who works when, what people mean by a date, which roles there are, and who may do what.

`calendar`, `dates`, `roles` and `permissions` are rules: no clock, no I/O, no rows; `now` and `today` are
parameters. Time zones and holidays come from the data files of `tzdata` and `holidays`.
"""
