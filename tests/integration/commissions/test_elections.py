"""A locked election changes once, by a director without an interest, before the first invoice (C5)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from commissions import accrual
from commissions.elections import change_election
from commissions.errors_elections import (
    ChangerEarns,
    ChangesOwnElection,
    ElectionChangedAlready,
    ElectionNeedsDirector,
    ElectionNeedsReason,
    ElectionNotLocked,
    ElectionUnchanged,
    InvoiceExists,
)
from commissions.models import Commission, ElectionChange
from partners.models import CommissionModel, Partner
from referrals.models import UseCase
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.factories.referrals import director, registered, use_case
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.conftest import deliver_all
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
LATER = MONDAY + timedelta(days=42)
ONCE = CommissionModel.FIRST_INVOICE


@pytest.fixture
def case() -> UseCase:
    return a_won_deal().use_case


def change(case: UseCase, **asked: Any) -> ElectionChange:
    values = {"model": ONCE, "reason": "They asked at the signing.", "by": director(), "at": LATER, **asked}
    return change_election(use_case=case, **values)


# --- what it does ------------------------------------------------------------------------------------
def test_it_pays_by_the_other_model_from_then_on(case: UseCase) -> None:
    change(case)
    happens(an_invoice(case.deal, "1000"), "payment", "1000")

    accrual.accrue(at=LATER)

    assert [(c.kind, c.amount) for c in Commission.objects.all()] == [("first_invoice", Decimal(250))]


def test_who_changed_what_and_why_is_kept_and_the_audit_carries_no_words(case: UseCase) -> None:
    made = change(case)

    assert (made.before, made.model, made.reason) == ("recurring", ONCE, "They asked at the signing.")
    entry = AuditEntry.objects.get(action="use_case.election_changed")
    assert "signing" not in str(entry.data)


def test_the_partner_gets_the_reason_by_mail_once(case: UseCase) -> None:
    made = change(case)

    deliver_all()
    deliver_all()

    (letter,) = [m for m in mail.outbox if "another model" in m.subject]
    assert letter.to == [case.partner.user.email]
    assert made.reason in letter.body


# --- who doesn't, and when it's too late -------------------------------------------------------------
def recruiter_who_directs() -> tuple[User, Partner]:
    bram = director()
    return bram, PartnerFactory(recruiter=PartnerFactory(user=bram), bonus_slot=1)


@pytest.mark.parametrize("role", [Role.SALES_LEAD, Role.FINANCE, Role.ADMINISTRATOR])
def test_nobody_but_a_director(case: UseCase, role: Role) -> None:
    with pytest.raises(ElectionNeedsDirector):
        change(case, by=UserFactory(roles=[role]))


def test_no_superuser(case: UseCase) -> None:
    with pytest.raises(ElectionNeedsDirector):
        change(case, by=UserFactory(is_superuser=True))


def test_not_the_partner_themself() -> None:
    bram = director()
    case = a_won_deal(partner=PartnerFactory(user=bram)).use_case

    with pytest.raises(ChangesOwnElection):
        change(case, by=bram)


def test_not_who_recruited_the_partner() -> None:
    bram, partner = recruiter_who_directs()

    with pytest.raises(ChangerEarns):
        change(a_won_deal(partner=partner).use_case, by=bram)


def test_not_before_it_is_locked() -> None:
    referral = registered()

    with pytest.raises(ElectionNotLocked):
        change(use_case(referral.partner, referral=referral))


def test_not_twice(case: UseCase) -> None:
    change(case)

    with pytest.raises(ElectionChangedAlready):
        change(case, model=CommissionModel.RECURRING)


def test_not_once_an_invoice_exists(case: UseCase) -> None:
    an_invoice(case.deal)

    with pytest.raises(InvoiceExists):
        change(case)


def test_not_to_what_it_is(case: UseCase) -> None:
    with pytest.raises(ElectionUnchanged):
        change(case, model=CommissionModel.RECURRING)


def test_not_without_a_reason(case: UseCase) -> None:
    with pytest.raises(ElectionNeedsReason):
        change(case, reason=" \n")


# --- what the database refuses, whoever writes --------------------------------------------------------
def written(case: UseCase, **fields: Any) -> ElectionChange:
    values = {"before": "recurring", "model": "first_invoice", "reason": "So.", "changed_at": LATER}
    return ElectionChange.objects.create(use_case=case, **{**values, "director": director(), **fields})


def test_the_database_takes_a_change_and_lets_the_use_case_follow(case: UseCase) -> None:
    written(case)

    UseCase.objects.filter(pk=case.pk).update(model="first_invoice")


def test_the_database_changes_no_election_without_one(case: UseCase) -> None:
    with pytest.raises(IntegrityError, match="no director changed"), transaction.atomic():
        UseCase.objects.filter(pk=case.pk).update(model="first_invoice")


def test_the_database_unlocks_no_election(case: UseCase) -> None:
    with pytest.raises(IntegrityError, match="stays locked"), transaction.atomic():
        UseCase.objects.filter(pk=case.pk).update(window_starts_on=None, model_locked_at=None)


def test_the_database_takes_nothing_back(case: UseCase) -> None:
    written(case)
    UseCase.objects.filter(pk=case.pk).update(model="first_invoice")

    with pytest.raises(IntegrityError), transaction.atomic():
        UseCase.objects.filter(pk=case.pk).update(model="recurring")


@pytest.mark.parametrize("sql", ["update", "delete"])
def test_the_database_keeps_a_change(case: UseCase, sql: str) -> None:
    rows = ElectionChange.objects.filter(pk=written(case).pk)

    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        rows.update(reason="Other.") if sql == "update" else rows._raw_delete("default")


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "  "},
        {"model": "recurring"},
        {"model": "both"},
        {"before": "first_invoice", "model": "recurring"},
    ],
)
def test_the_database_refuses_another_change(case: UseCase, wrong: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        written(case, **wrong)


def test_the_database_refuses_who_isnt_a_director_or_earns(case: UseCase) -> None:
    bram, partner = recruiter_who_directs()
    theirs = a_won_deal(partner=partner).use_case
    for one, by in ((case, UserFactory(roles=[Role.SALES_LEAD], is_superuser=True)), (theirs, bram)):
        with pytest.raises(IntegrityError, match=r"only a director|who earns"), transaction.atomic():
            written(one, director=by)


@pytest.mark.parametrize("who", ["partner", "recruiter"])
def test_a_second_account_of_who_earns_changes_nothing(who: str) -> None:
    person = UserFactory(email="bram.jansen@gmail.com", roles=[Role.PARTNER])
    earner = PartnerFactory(user=person)
    theirs = a_won_deal(partner=earner if who == "partner" else PartnerFactory(recruiter=earner)).use_case
    second = UserFactory(email="bramjansen+semi@googlemail.com", roles=[Role.DIRECTOR])

    with pytest.raises(ChangesOwnElection if who == "partner" else ChangerEarns):
        change(theirs, by=second)
    with pytest.raises(IntegrityError, match="who earns"), transaction.atomic():
        written(theirs, director=second)

    # The address that somebody applied with is known to the service alone, by its keyed hash.
    User.objects.filter(pk=person.pk).update(email="elsewhere@partners.example")
    with pytest.raises(ChangesOwnElection if who == "partner" else ChangerEarns):
        change(theirs, by=second)


def test_the_database_refuses_a_change_once_an_invoice_exists(case: UseCase) -> None:
    an_invoice(case.deal)

    with pytest.raises(IntegrityError, match="first invoice exists"), transaction.atomic():
        written(case)


# --- the page ----------------------------------------------------------------------------------------
def address(case: UseCase) -> str:
    return reverse("commissions:election_change", args=[case.pk])


def test_a_director_reads_what_changes_and_changes_it(case: UseCase, at_monday: object) -> None:
    client = signed_in(director())

    page = client.get(address(case)).text
    done = client.post(address(case), {"reason": "They asked."}, follow=True)

    assert "It would pay by" in page
    assert "First invoice" in done.text
    assert "They asked." in done.text
    assert UseCase.objects.get(pk=case.pk).model == ONCE


def test_the_deal_leads_a_director_there_until_it_is_done(case: UseCase, at_monday: object) -> None:
    client = signed_in(director())
    deal = reverse("desk:deal", args=[case.deal.pk])

    assert address(case) in client.get(deal).text
    change(case)
    assert address(case) not in client.get(deal).text


def test_without_a_reason_the_form_says_so(case: UseCase, at_monday: object) -> None:
    page = signed_in(director()).post(address(case), {"reason": " "})

    assert "Say why it is changed" in page.text
    assert not ElectionChange.objects.exists()


def test_posting_twice_changes_once_and_says_why_not_again(case: UseCase, at_monday: object) -> None:
    client = signed_in(director())
    client.post(address(case), {"reason": "They asked."})

    page = client.post(address(case), {"reason": "Again."})

    assert "can be changed once" in page.text
    assert UseCase.objects.get(pk=case.pk).model == ONCE
    assert OutboxMessage.objects.filter(kind="commissions.election_changed").count() == 1


def test_looking_changes_nothing(case: UseCase, at_monday: object) -> None:
    signed_in(director()).get(address(case))

    assert not ElectionChange.objects.exists()


def test_the_partner_reads_who_changed_it_and_why(case: UseCase, client: Client, at_monday: object) -> None:
    change(case)
    client.force_login(case.partner.user, backend="ssp.core.auth.RoleBackend")

    page = client.get(reverse("referrals:election", args=[case.pk])).text

    assert "They asked at the signing." in page
