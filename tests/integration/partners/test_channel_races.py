"""Two at the same moment: one grant, one mail; an end and a grant; a retirement and a grant (C15)."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from partners import channel_handlers
from partners.models import Channel, ChannelAccess, Partner
from partners.services import channels
from partners.services.channel_endings import withdraw_channels
from partners.services.channels import grant_channels, retire_channel
from partners.services.starting import start_partnership
from partners.tasks import keep_channels
from ssp.core.models import OutboxMessage
from ssp.core.roles import Role
from tests.factories.channels import ChannelFactory, end
from tests.factories.core import UserFactory
from tests.factories.partners import ApplicantFactory, PartnerFactory, signed_contract
from tests.integration.partners.test_races import at_once
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)


def unguarded(partner: Partner) -> Partner:
    return Partner.objects.select_related("user").get(pk=partner.pk)


@pytest.mark.clause("C15")
def test_the_start_and_the_clock_at_once_grant_once_and_mail_once(at_monday) -> None:
    ChannelFactory.create_batch(3)
    contract = signed_contract(ApplicantFactory(), at=MONDAY)
    with transaction.atomic():
        partner = start_partnership(contract, started_at=MONDAY, at=MONDAY)
    owed = OutboxMessage.objects.get(kind="partners.grant_channels")

    raised = at_once(
        lambda: channel_handlers.grant(owed), keep_channels, lambda: channel_handlers.grant(owed)
    )

    assert raised == []
    assert ChannelAccess.objects.filter(partner=partner).count() == 3
    assert OutboxMessage.objects.filter(kind="partners.channels_granted").count() == 1


@pytest.mark.clause("C15")
def test_without_the_lock_grants_at_once_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    ChannelFactory()
    partner = PartnerFactory()
    barrier = threading.Barrier(2)
    monkeypatch.setattr(channels, "lock_partner", unguarded)
    real = channels._grant

    def together(*args: object, **said: object) -> ChannelAccess:
        barrier.wait(timeout=10)
        return real(*args, **said)

    monkeypatch.setattr(channels, "_grant", together)
    raised = at_once(*[lambda: grant_channels(partner=partner, at=MONDAY)] * 2)

    assert len(raised) == 1  # the constraint holds, and one of them is an error
    assert ChannelAccess.objects.count() == 1


@pytest.mark.clause("C15")
def test_an_end_while_access_is_granted_leaves_nothing_open() -> None:
    ChannelFactory.create_batch(2)
    partner = PartnerFactory()
    moment = MONDAY + timedelta(days=1)

    def ends() -> None:
        end(partner, at=moment)
        withdraw_channels(partner=partner, at=moment)

    raised = at_once(lambda: grant_channels(partner=partner, at=moment), ends)
    withdraw_channels(partner=partner, at=moment)

    assert raised == []
    assert not ChannelAccess.objects.open().exists()


@pytest.mark.clause("C15")
def test_a_grant_waits_for_a_retirement_that_is_being_written_and_passes_it_over() -> None:
    channel, partner = ChannelFactory(), PartnerFactory()
    by = UserFactory(roles=[Role.ADMINISTRATOR])
    retired, looked = threading.Event(), threading.Event()

    def retires() -> None:
        with transaction.atomic():
            retire_channel(channel=channel, by=by, at=MONDAY)
            retired.set()
            looked.wait(0.3)  # the grant is at the lock by now

    def grants() -> None:
        retired.wait(10)
        grant_channels(partner=partner, at=MONDAY)
        looked.set()

    raised = at_once(retires, grants)

    assert raised == []
    assert Channel.objects.get().retired_at == MONDAY
    assert not ChannelAccess.objects.exists()
