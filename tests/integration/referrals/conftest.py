"""People at the doors of referrals, and the outbox as a worker would empty it."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.test import Client

from partners.models import Partner
from ssp.core import clock
from ssp.core.models import OutboxMessage
from ssp.core.outbox import deliver
from tests.factories.referrals import active_partner
from tests.moments import MONDAY

SignIn = Callable[[Partner], Client]
SetClock = Callable[[datetime], None]


def deliver_all() -> None:
    """Deliver what the outbox owes, oldest first, and what comes of that, as a worker would."""
    tried: set[int] = set()
    while messages := OutboxMessage.objects.open().exclude(pk__in=tried).order_by("pk"):
        for message in messages:
            tried.add(message.pk)
            message.attempts += 1
            deliver(message)


def signed_in(partner: Partner, **options: bool) -> Client:
    client = Client(**options)
    client.force_login(partner.user, backend="ssp.core.auth.RoleBackend")
    return client


@pytest.fixture
def ines() -> Partner:
    return active_partner()


@pytest.fixture
def portal(ines: Partner) -> Client:
    return signed_in(ines)


@pytest.fixture
def set_clock() -> Iterator[SetClock]:
    """Let the application clock stand at a moment of the test's choice; at MONDAY until told."""
    clock.install(lambda: MONDAY)
    yield lambda at: clock.install(lambda: at)
    clock.install(clock.wall)
