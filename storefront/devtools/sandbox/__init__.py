"""A local stand-in for Stripe: its API, its Checkout form and its signed webhooks, in one process.

A request walks through it like this:

1. `app.py` puts the Flask app together, `server.py` runs it. `api/views.py` takes the HTTP request.
2. `api/dispatch.py` finds out who calls (`api/authentication.py`), which handler answers (`api/routes.py`),
   whether the idempotency key was used before (`api/idempotency.py`) and whether the parameters are right
   (`api/validation.py`, against the types of the installed Stripe library: `api/parameter_types.py`).
3. A handler of `resources/`, a module a Stripe resource, does the work. The rules lie in `checkout/` (Checkout
   Sessions, payment links), `payments/` (PaymentIntents, charges, refunds, disputes) and `catalog/` (products).
4. It reads and changes objects through one unit of work (`storage/unit_of_work.py`): one transaction of the SQLite
   file (`storage/database.py`), which also emits the events.
5. `api/expansion.py` expands what was asked for, and the answer leaves as Stripe's JSON.
6. `webhooks/` sends the events; `timers.py` does what happens by itself later.

`pages/` is what a browser sees: the form, receipts, the control panel. `control/` is `/_sandbox/…`, what no Stripe
has: reset, settle, expire, hold, faults. `config.py` says how a sandbox is started, `settings.py` what may be
changed while it runs.
"""
