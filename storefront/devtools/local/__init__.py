"""`make run`: database, sample products, sandbox, mailbox, worker and web server on this machine, together.

`run.py` starts and stops everything. `ports.py`, `keys.py` and `settings.py` say with what, `programs.py` knows
the four programs, `end.py` the ways to end them.

Safe to run again: orders stay, products are seeded once, keys are made once. All of it is kept in `var/local/`, or
in the folder that `STOREFRONT_DATA` names.
"""
