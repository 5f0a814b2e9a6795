"""C12: two partners over one person or one company; a sales lead rules once, and staff alone read it."""

import pytest
from django.db import IntegrityError, transaction

from partners.models import Partner
from referrals.errors import (
    OwnReferral,
)
from referrals.errors_disputed import (
    DecisionNeedsReason,
    DisputeOpenAlready,
    DisputeRuled,
    NoDispute,
    VestedClaimStands,
)
from referrals.models import Dispute, Referral, Refusal
from referrals.services.disputes import open_dispute, rule
from ssp.core.errors import NotAllowed
from ssp.core.models import OutboxMessage, RoleGrant, User
from ssp.core.roles import Role
from tests.factories.referrals import active_partner, confirmed_warm, registered, sales_lead, seller
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C12")]


@pytest.fixture
def mine(ines: Partner) -> Referral:
    return registered(ines, company_name="Acme", email="aldo@acme.example", first_name="Aldo")


@pytest.fixture
def theirs(mine: Referral) -> Referral:
    return registered(active_partner("Karl"), company_name="Acme", email="bea@acme.example", first_name="Bea")


@pytest.fixture
def dispute(mine: Referral, theirs: Referral) -> Dispute:
    return open_dispute(one=theirs, other=mine, question="Whose idea?", by=seller(), at=MONDAY)


def test_a_dispute_is_about_two_partners_at_one_company(mine: Referral, theirs: Referral) -> None:
    for other in (registered(), registered(mine.partner, company_name="Acme", email="cleo@acme.example")):
        with pytest.raises(NoDispute):
            open_dispute(one=mine, other=other, question="Whose?", by=seller(), at=MONDAY)
    with pytest.raises(NotAllowed):
        open_dispute(one=mine, other=theirs, question="Whose?", by=mine.partner.user, at=MONDAY)


@pytest.mark.usefixtures("dispute")
def test_one_dispute_about_the_same_two_is_open(mine: Referral, theirs: Referral) -> None:
    with pytest.raises(DisputeOpenAlready):
        open_dispute(one=mine, other=theirs, question="Again?", by=seller(), at=MONDAY)


def test_the_claim_that_does_not_stand_ends_with_the_neutral_answer(
    dispute: Dispute, mine: Referral, theirs: Referral
) -> None:
    rule(dispute=dispute, ruling="first", reason="She asked first.", by=sales_lead(), at=MONDAY)

    assert Referral.objects.get(pk=mine.pk).is_live
    lost = Referral.objects.get(pk=theirs.pk)
    assert (lost.status, lost.is_live) == ("declined", False)
    assert OutboxMessage.objects.filter(kind="referrals.not_eligible").count() == 1
    assert Refusal.objects.get(referral=lost).partner == lost.partner  # they may appeal


def test_no_ruling_ends_a_vested_claim(mine: Referral) -> None:
    other = registered(active_partner("Karl"), company_name="Acme", email="bea@acme.example")
    confirmed_warm(other)
    dispute = open_dispute(one=mine, other=other, question="Whose?", by=seller(), at=MONDAY)
    with pytest.raises(VestedClaimStands):
        rule(dispute=dispute, ruling="first", reason="Why.", by=sales_lead(), at=MONDAY)
    assert Dispute.objects.get().ruled_at is None


def test_only_a_sales_lead_who_is_neither_of_the_two_rules_once(dispute: Dispute, ines: Partner) -> None:
    lead = sales_lead()
    with pytest.raises(NotAllowed):
        rule(dispute=dispute, ruling="both", reason="Why.", by=seller(), at=MONDAY)
    RoleGrant.objects.create(user=ines.user, role=Role.SALES_LEAD, granted_at=MONDAY)
    with pytest.raises(OwnReferral):
        rule(dispute=dispute, ruling="both", reason="Why.", by=User.objects.get(pk=ines.user_id), at=MONDAY)
    with pytest.raises(DecisionNeedsReason):
        rule(dispute=dispute, ruling="both", reason=" ", by=lead, at=MONDAY)
    rule(dispute=dispute, ruling="both", reason="Why.", by=lead, at=MONDAY)
    with pytest.raises(DisputeRuled):
        rule(dispute=dispute, ruling="first", reason="Why.", by=lead, at=MONDAY)


def test_the_database_keeps_a_ruling_and_lets_only_a_lead_give_it(dispute: Dispute, ines: Partner) -> None:
    rows = Dispute.objects.filter(pk=dispute.pk)
    ruled = {"ruled_at": MONDAY, "ruling": "both", "reason": "Why."}
    with pytest.raises(IntegrityError, match="only a sales lead"), transaction.atomic():
        rows.update(**ruled, ruled_by=seller())
    RoleGrant.objects.create(user=ines.user, role=Role.SALES_LEAD, granted_at=MONDAY)
    with pytest.raises(IntegrityError, match="their own"), transaction.atomic():
        rows.update(**ruled, ruled_by=ines.user)
    rows.update(**ruled, ruled_by=sales_lead())
    with pytest.raises(IntegrityError, match="ruled on once"), transaction.atomic():
        rows.update(reason="Other.")


def test_the_database_takes_no_dispute_of_one_partner(mine: Referral) -> None:
    other = registered(mine.partner, company_name="Acme", email="cleo@acme.example")
    with pytest.raises(IntegrityError, match="two partners"), transaction.atomic():
        Dispute.objects.create(
            first=mine, second=other, question="Whose?", opened_by=seller(), opened_at=MONDAY
        )
