"""A partner is left out of a run by hand: with a reason, which the approver and the partner read."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta

import pgtrigger
import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from commissions import contests, handlers, payouts
from commissions.candidates import candidates
from commissions.errors import NothingToPay
from commissions.errors_left_out import EverybodyLeftOut, NotAmongThePaid, ReasonForLeavingOut
from commissions.models import LeftOut, Payout, PayoutRun
from partners.models import Partner
from ssp.core import clock
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from ssp.portal.own_data import archive
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_accrual import all_at_once
from tests.integration.commissions.test_pages import AT, a_paid_invoice, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
WHY = "Your bank asks about the account holder."


@pytest.fixture(autouse=True)
def much_later() -> Iterator[None]:
    clock.install(lambda: AT)
    yield
    clock.install(clock.wall)


@pytest.fixture
def femke() -> User:
    return UserFactory(full_name="Femke Bakker", roles=[Role.FINANCE])


@pytest.fixture
def noah() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def ines() -> Partner:
    partner = PartnerFactory(display_name="Ines Marchetti")
    a_paid_invoice(partner)
    return partner


@pytest.fixture
def karl() -> Partner:
    partner = PartnerFactory(display_name="Karl Jensen")
    a_paid_invoice(partner)
    return partner


def without(*partners: Partner, by: User, reason: str = WHY) -> PayoutRun:
    left_out = {partner.pk: reason for partner in partners}
    return payouts.prepare_payout_run(currency="EUR", left_out=left_out, by=by, at=AT)


def test_who_is_left_out_isnt_paid_and_waits_for_the_next_run(
    ines: Partner, karl: Partner, femke: User
) -> None:
    run = without(ines, by=femke)

    assert [payout.partner for payout in run.payouts.all()] == [karl]
    row = LeftOut.objects.get(run=run)
    assert (row.partner, row.reason, f"{row.amount:.2f}") == (ines, WHY, "630.00")
    assert [each.partner for each in candidates("EUR", at=AT) if each.is_paid] == [ines]
    told = AuditEntry.objects.get(action="payout_run.left_out")
    assert told.data["partner"] == ines.pk
    assert WHY not in str(told.data)  # words about people stay on the page


@pytest.mark.parametrize("reason", ["", "   "])
def test_nobody_is_left_out_without_a_reason(reason: str, ines: Partner, karl: Partner, femke: User) -> None:
    with pytest.raises(ReasonForLeavingOut):
        without(ines, by=femke, reason=reason)
    assert not PayoutRun.objects.exists()


def test_only_who_would_be_paid_is_left_out(ines: Partner, femke: User) -> None:
    with pytest.raises(NotAmongThePaid):
        without(PartnerFactory(), by=femke)
    assert not PayoutRun.objects.exists()


def test_a_run_of_nobody_isnt_prepared(ines: Partner, karl: Partner, femke: User) -> None:
    with pytest.raises(EverybodyLeftOut):
        without(ines, karl, by=femke)
    assert not PayoutRun.objects.exists()


# --- the pages ----------------------------------------------------------------------
def test_finance_ticks_who_is_left_out_and_the_approver_reads_why(
    ines: Partner, karl: Partner, femke: User, noah: User
) -> None:
    typed = {"currency": "EUR", f"EUR-leave_{ines.pk}": "on", f"EUR-reason_{ines.pk}": WHY}
    made = signed_in(femke).post(reverse("commissions:payout_prepare"), typed)

    run = PayoutRun.objects.get()
    assert made.url == reverse("commissions:payout_run", args=[run.pk])
    page = signed_in(noah).get(made.url).content.decode()
    assert "Left out of this run" in page
    assert WHY in page
    assert "Approve €630.00" in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"leave": "on"}, "Say why Ines Marchetti isn’t paid this time."),
        ({"reason": WHY}, "Tick it to leave Ines Marchetti out"),
        ({"leave": "on", "reason": "x" * 301}, "at most 300 characters"),
    ],
)
def test_half_of_it_is_asked_for_again_and_nothing_is_prepared(
    typed: dict[str, str], words: str, ines: Partner, karl: Partner, femke: User
) -> None:
    data = {f"EUR-{name}_{ines.pk}": value for name, value in typed.items()}
    page = signed_in(femke).post(reverse("commissions:payout_prepare"), {"currency": "EUR", **data})

    assert words in page.content.decode()
    assert not PayoutRun.objects.exists()


def test_who_leaves_everybody_out_reads_why_not_and_types_nothing_again(ines: Partner, femke: User) -> None:
    typed = {"currency": "EUR", f"EUR-leave_{ines.pk}": "on", f"EUR-reason_{ines.pk}": WHY}
    page = signed_in(femke).post(reverse("commissions:payout_prepare"), typed)

    assert "you left out everybody" in page.text
    assert WHY in page.text
    assert not PayoutRun.objects.exists()


def test_the_partner_reads_it_from_the_approval_until_they_are_paid(
    ines: Partner, karl: Partner, femke: User, noah: User
) -> None:
    earnings = reverse("commissions:earnings")
    mine, others = signed_in(ines.user), signed_in(karl.user)
    run = without(ines, by=femke)
    assert WHY not in mine.get(earnings).text  # it may still be returned

    payouts.approve_payout_run(run=run, by=noah, at=AT)
    assert f"You were left out of the payout of {clock.today():%-d %b %Y}: €630.00" in mine.get(earnings).text
    assert WHY in mine.get(earnings).text
    assert WHY not in others.get(earnings).text

    later = AT + timedelta(minutes=1)
    again = payouts.prepare_payout_run(currency="EUR", by=femke, at=later)
    payouts.approve_payout_run(run=again, by=noah, at=later)
    assert WHY not in mine.get(earnings).text


def test_a_mail_says_what_waits_and_why_once_it_is_approved(
    ines: Partner, karl: Partner, femke: User, noah: User
) -> None:
    run = without(ines, by=femke)
    assert not OutboxMessage.objects.filter(kind="commissions.left_out").exists()
    payouts.approve_payout_run(run=run, by=noah, at=AT)

    handlers.mail_left_out(OutboxMessage.objects.get(kind="commissions.left_out"))

    (sent,) = mail.outbox
    assert sent.to == [ines.user.email]
    assert sent.subject == "€630.00 waits: this payout leaves you out"
    assert WHY in sent.body
    assert "/earnings/" in sent.body


def test_the_next_preview_says_who_was_left_out_and_who_contests_an_entry(
    ines: Partner, karl: Partner, femke: User, noah: User
) -> None:
    payouts.approve_payout_run(run=without(ines, by=femke), by=noah, at=AT)
    entry = ines.commissions.order_by("pk")[0]
    contests.contest_entry(entry=entry, text="They paid more.", by=ines.user, at=AT)

    page = signed_in(femke).get(reverse("commissions:payouts")).text

    assert f"Left out of the payout of {clock.today():%-d %b %Y}: {WHY}" in page
    assert "1 entry contested" in page


def test_hostile_words_stay_words(ines: Partner, karl: Partner, femke: User, noah: User) -> None:
    run = without(ines, by=femke, reason="<script>alert(1)</script>")
    payouts.approve_payout_run(run=run, by=noah, at=AT)

    for page in (
        signed_in(ines.user).get(reverse("commissions:earnings")),
        signed_in(noah).get(reverse("commissions:payout_run", args=[run.pk])),
    ):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_whoever_takes_their_data_along_reads_why(
    ines: Partner, karl: Partner, femke: User, noah: User
) -> None:
    payouts.approve_payout_run(run=without(ines, by=femke, reason="=1+1"), by=noah, at=AT)

    with zipfile.ZipFile(io.BytesIO(archive(ines, at=AT))) as packed:
        told = packed.read("left-out.csv").decode("utf-8-sig")

    assert "EUR,630.000,'=1+1" in told  # and no spreadsheet calculates it


# --- the database -------------------------------------------------------------------
def test_the_database_pays_nobody_who_is_left_out(ines: Partner, karl: Partner, femke: User) -> None:
    run = without(ines, by=femke)
    paid = run.payouts.get()
    values = {"partner": ines, "currency": "EUR", "entries_total": 630, "bank_details": None}

    with (
        pytest.raises(IntegrityError, match="leaves them out"),
        transaction.atomic(),
    ):
        Payout.objects.create(run=run, **values)
    with pytest.raises(IntegrityError, match="leaves them out"), transaction.atomic():
        LeftOut.objects.create(run=run, partner=paid.partner, reason=WHY, amount=1)


def test_the_database_leaves_out_nobody_once_it_is_decided(
    ines: Partner, karl: Partner, femke: User, noah: User
) -> None:
    run = payouts.approve_payout_run(run=without(ines, by=femke), by=noah, at=AT)

    with pytest.raises(IntegrityError, match="before the decision"), transaction.atomic():
        LeftOut.objects.create(run=run, partner=PartnerFactory(), reason=WHY, amount=1)


def test_the_database_wants_a_reason_and_keeps_it(ines: Partner, karl: Partner, femke: User) -> None:
    run = without(ines, by=femke)

    with pytest.raises(IntegrityError, match="left_out_says_why"), transaction.atomic():
        LeftOut.objects.create(run=run, partner=PartnerFactory(), reason="", amount=1)
    with pytest.raises(IntegrityError, match="left_out_once_per_run"), transaction.atomic():
        LeftOut.objects.create(run=run, partner=ines, reason=WHY, amount=1)
    for change in (lambda: LeftOut.objects.update(reason="Other."), lambda: LeftOut.objects.all().delete()):
        with pytest.raises(Exception, match="Cannot update or delete rows"), transaction.atomic():
            change()


def test_without_its_trigger_a_run_pays_and_leaves_out_the_same_partner(
    ines: Partner, karl: Partner, femke: User
) -> None:
    run = without(ines, by=femke)

    with pgtrigger.ignore("commissions.LeftOut:left_out_of_an_open_run"):
        LeftOut.objects.create(run=run, partner=karl, reason=WHY, amount=1)

    assert run.payouts.filter(partner=karl).exists()


@pytest.mark.django_db(transaction=True)
def test_who_is_left_out_by_one_and_paid_by_another_at_once_is_paid_once(
    ines: Partner, karl: Partner
) -> None:
    first, second, third, fourth = UserFactory.create_batch(4, roles=[Role.FINANCE])
    todo: list[Callable[[], PayoutRun]] = [
        lambda: without(ines, by=first),
        lambda: payouts.prepare_payout_run(currency="EUR", by=second, at=AT),
        lambda: without(ines, by=third),
        lambda: payouts.prepare_payout_run(currency="EUR", by=fourth, at=AT),
    ]

    raised = all_at_once(lambda: todo.pop()(), threads=4)

    refusals = (NothingToPay, NotAmongThePaid, EverybodyLeftOut)
    assert all(isinstance(error, refusals) for error in raised), raised
    assert sorted(payout.partner.display_name for payout in Payout.objects.all()) == [
        "Ines Marchetti", "Karl Jensen",
    ]  # fmt: skip
    for row in LeftOut.objects.all():
        assert not Payout.objects.filter(run=row.run, partner=row.partner).exists()
