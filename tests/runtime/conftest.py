"""Fixtures of the runtime tests."""

from collections.abc import Iterator

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from app.broker import stub_broker
from app.middleware import standard_middleware

if dramatiq.broker.global_broker is None:
    # The package of the actors would look for a configured one as soon as its decorator is imported.
    dramatiq.set_broker(stub_broker(middleware=standard_middleware()))


@pytest.fixture
def broker() -> Iterator[StubBroker]:
    """A broker inside the process with the standard middleware, global while the test runs."""
    broker = stub_broker(middleware=standard_middleware())
    former = dramatiq.broker.global_broker
    dramatiq.set_broker(broker)
    yield broker
    broker.close()
    dramatiq.set_broker(former or broker)
