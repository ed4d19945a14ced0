"""Dramatiq actors: entry points that validate, call one piece of logic and wake what follows.

`dramatiq app.actors` loads this package: the broker with its middleware, then every actor module.
"""

import dramatiq

from app import runtime

if dramatiq.broker.global_broker is None:
    runtime.ensure()

from app.actors import comparisons, maintenance, notify, reports, uploads  # actors bind to the broker made above

__all__ = ["comparisons", "maintenance", "notify", "reports", "uploads"]
