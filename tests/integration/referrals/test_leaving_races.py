"""Somebody is registered at the moment the partnership ends: never a live claim of who left (C12)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pgtrigger
import pytest
from django.db import connection

from partners.models import Partner
from partners.services.endings import confirm_end_for_cause, propose_end_for_cause
from referrals.errors import PartnershipNotStarted
from referrals.models import Referral
from referrals.services import registration
from referrals.services.leaving import end_claims_of_left_partners
from referrals.services.registration import register_referral
from tests.factories.partners import DirectorFactory
from tests.factories.referrals import active_partner, person
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C12")]


@contextmanager
def ending_meanwhile(monkeypatch: pytest.MonkeyPatch, partner: Partner) -> Iterator[None]:
    """Let two directors end the partnership, claims and all, while a registration is under way."""
    proposal = propose_end_for_cause(partner=partner, reason="Why.", by=DirectorFactory(), at=MONDAY)
    second = DirectorFactory()

    def end() -> None:
        confirm_end_for_cause(ending=proposal, by=second, at=MONDAY)
        end_claims_of_left_partners(at=MONDAY)
        connection.close()

    thread = threading.Thread(target=end)
    look = registration._check_not_probing

    def and_meanwhile(*args: object, **options: object) -> None:
        look(*args, **options)
        thread.start()
        thread.join(timeout=1.5)  # in vain, if the registration holds the partner

    monkeypatch.setattr(registration, "_check_not_probing", and_meanwhile)
    yield
    thread.join(timeout=30)


def register(partner: Partner) -> Callable[[], object]:
    return lambda: register_referral(partner=partner, person=person(), by=partner.user, at=MONDAY)


def without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked = SimpleNamespace(select_for_update=lambda **_: Partner.objects.all())
    monkeypatch.setattr(registration, "Partner", SimpleNamespace(objects=unlocked))


def test_who_registers_first_is_ended_with_the_partnership(monkeypatch: pytest.MonkeyPatch) -> None:
    partner = active_partner()

    with ending_meanwhile(monkeypatch, partner):
        register(partner)()

    referral = Referral.objects.get()
    assert referral.claim_ended_at == MONDAY


def test_without_the_lock_the_database_refuses_who_comes_after_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partner = active_partner()
    without_the_lock(monkeypatch)

    with ending_meanwhile(monkeypatch, partner), pytest.raises(PartnershipNotStarted):
        register(partner)()

    assert not Referral.objects.exists()


def test_without_lock_and_trigger_a_claim_outlives_its_partnership(monkeypatch: pytest.MonkeyPatch) -> None:
    partner = active_partner()
    without_the_lock(monkeypatch)

    with (
        ending_meanwhile(monkeypatch, partner),
        pgtrigger.ignore("referrals.Referral:referral_while_a_partner"),
    ):
        register(partner)()

    assert Referral.objects.live().count() == 1
