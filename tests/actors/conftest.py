"""Actors are declared on a broker inside the process; the tests call what is around them."""

import dramatiq

from app.broker import stub_broker
from app.middleware import standard_middleware

if dramatiq.broker.global_broker is None:
    # The package of the actors would look for a configured one as soon as it is imported.
    dramatiq.set_broker(stub_broker(middleware=standard_middleware()))
