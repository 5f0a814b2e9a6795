"""A line is contested and answered: who may, once, in words, in time; and the ledger stays as it is (C5)."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from commissions import contests, handlers_statements, statements, tasks
from commissions.errors_statements import (
    AlreadyAnswered,
    AlreadyContested,
    AnsweredBefore,
    OwnEntry,
    TextMissing,
)
from commissions.models import Commission, ContestedEntry, Statement
from partners.models import Partner
from ssp.core import clock
from ssp.core.errors import NotAllowed
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory, ended
from tests.factories.statements import FEBRUARY, MARCH, enters
from tests.integration.commissions.test_pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]


@pytest.fixture(autouse=True)
def in_march():
    clock.install(lambda: MARCH)
    yield
    clock.install(clock.wall)


@pytest.fixture
def ines() -> Partner:
    return PartnerFactory(display_name="Ines Marchetti")


@pytest.fixture
def entry(ines: Partner) -> Commission:
    return enters(ines, at=FEBRUARY)


@pytest.fixture
def nadia() -> User:
    return UserFactory(full_name="Nadia Berg", roles=[Role.FINANCE])


def a_contest(entry: Commission, *, at: datetime = MARCH) -> ContestedEntry:
    return contests.contest_entry(entry=entry, text="They paid more.", by=entry.partner.user, at=at)


def an_answer(contest: ContestedEntry, by: User, *, at: datetime = MARCH) -> ContestedEntry:
    return contests.answer_contest(contest=contest, agreed=False, answer="They didn't.", by=by, at=at)


# --- contesting -------------------------------------------------------------------
def test_a_partner_contests_a_line_of_a_statement_and_finance_is_told(entry: Commission, nadia: User) -> None:
    statements.close_months(at=MARCH)
    partner = signed_in(entry.partner.user)
    page = partner.get(reverse("commissions:statement", args=["M2027-0001"])).content.decode()
    address = f"{reverse('commissions:contest', args=[entry.pk])}?statement=M2027-0001"
    assert f'href="{address}"' in page

    said = partner.post(address, {"text": "They paid more."}, follow=True).content.decode()

    assert "Finance answers by" in said
    contest = ContestedEntry.objects.get()
    assert contest.statement == Statement.objects.get()
    assert AuditEntry.objects.filter(action="entry.contested", data__entry=entry.pk).count() == 1
    handlers_statements.mail_contested(OutboxMessage.objects.get(kind="commissions.entry_contested"))
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        ([nadia.email], f"Ines Marchetti contests {entry}: answer by Fri 26 Mar 2027")
    ]
    assert "They paid more" not in mail.outbox[0].body  # words about people stay on the page


def test_an_entry_is_contested_from_the_earnings_too(entry: Commission) -> None:
    page = signed_in(entry.partner.user).get(reverse("commissions:earnings")).content.decode()

    assert f'href="{reverse("commissions:contest", args=[entry.pk])}"' in page


def test_without_words_nothing_is_contested(entry: Commission) -> None:
    partner, address = signed_in(entry.partner.user), reverse("commissions:contest", args=[entry.pk])

    assert partner.post(address, {"text": "  "}).context["form"].errors
    with pytest.raises(TextMissing):
        contests.contest_entry(entry=entry, text=" ", by=entry.partner.user, at=MARCH)
    with pytest.raises(IntegrityError, match="contested_entry_says_why"), transaction.atomic():
        ContestedEntry.objects.create(
            commission=entry, text="", contested_by=entry.partner.user, contested_at=MARCH
        )


def test_nobody_contests_anothers_entry(entry: Commission) -> None:
    stranger = PartnerFactory()
    contest = a_contest(entry)
    reader = signed_in(stranger.user)

    assert reader.get(reverse("commissions:contest", args=[entry.pk])).status_code == 404
    assert reader.post(reverse("commissions:contest", args=[entry.pk]), {"text": "x"}).status_code == 404
    assert reader.get(reverse("commissions:contested", args=[contest.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        contests.contest_entry(entry=entry, text="Mine", by=stranger.user, at=MARCH)
    with pytest.raises(IntegrityError, match="who earned an entry contests it"), transaction.atomic():
        ContestedEntry.objects.create(
            commission=enters(entry.partner, at=FEBRUARY), text="x", contested_by=stranger.user,
            contested_at=MARCH,
        )  # fmt: skip


def test_anothers_statement_is_no_place_to_contest_from(entry: Commission) -> None:
    enters(PartnerFactory(), at=FEBRUARY)
    statements.close_months(at=MARCH)
    theirs = Statement.objects.exclude(partner=entry.partner).get()

    address = f"{reverse('commissions:contest', args=[entry.pk])}?statement={theirs.number}"
    signed_in(entry.partner.user).post(address, {"text": "They paid more."})

    assert ContestedEntry.objects.get().statement is None
    with pytest.raises(NotAllowed):
        contests.contest_entry(entry=entry, text="x", statement=theirs, by=entry.partner.user, at=MARCH)


def test_an_entry_is_contested_once_at_a_time_however_often_one_presses(entry: Commission) -> None:
    partner, address = signed_in(entry.partner.user), reverse("commissions:contest", args=[entry.pk])
    partner.post(address, {"text": "They paid more."})
    again = partner.post(address, {"text": "They paid more."})

    assert "You contest this entry already" in again.content.decode()
    assert partner.get(address).status_code == 302  # to what was said
    assert ContestedEntry.objects.count() == 1
    with pytest.raises(AlreadyContested):
        a_contest(entry)
    with pytest.raises(IntegrityError, match="contested_entry_one_open"), transaction.atomic():
        ContestedEntry.objects.create(
            commission=entry, text="x", contested_by=entry.partner.user, contested_at=MARCH
        )


def test_who_left_still_contests(entry: Commission) -> None:
    ended(entry.partner, at=MARCH - timedelta(days=1), kind="cause")

    page = signed_in(entry.partner.user).post(
        reverse("commissions:contest", args=[entry.pk]), {"text": "They paid more."}, follow=True
    )

    assert page.status_code == 200
    assert ContestedEntry.objects.count() == 1


# --- answering --------------------------------------------------------------------
def test_finance_agrees_and_says_what_follows_and_the_ledger_stays(entry: Commission, nadia: User) -> None:
    contest = a_contest(entry)
    before = list(Commission.objects.values())
    desk = signed_in(nadia)
    address = reverse("commissions:contested_entry", args=[contest.pk])
    assert "They paid more." in desk.get(address).content.decode()
    answer = {"decision": "agreed", "answer": "You are right."}

    assert desk.post(address, answer).context["form"].errors["follows"]
    said = desk.post(
        address, {**answer, "follows": "The second payment, today."}, follow=True
    ).content.decode()

    assert "Nadia Berg agreed" in said
    assert "The second payment, today." in said
    assert list(Commission.objects.values()) == before
    thread = signed_in(entry.partner.user).get(reverse("commissions:contested", args=[contest.pk]))
    assert "The second payment, today." in thread.content.decode()
    handlers_statements.mail_answer(OutboxMessage.objects.get(kind="commissions.contest_answered"))
    assert mail.outbox[-1].subject == f"Agreed: your entry {entry}"
    assert AuditEntry.objects.filter(action="contest.answered", by=nadia, data__agreed=True).exists()


def test_finance_does_not_agree_and_says_why(entry: Commission, nadia: User) -> None:
    contest = a_contest(entry)
    desk, address = signed_in(nadia), reverse("commissions:contested_entry", args=[contest.pk])

    assert desk.post(address, {"decision": "refused", "answer": " "}).context["form"].errors["answer"]
    desk.post(address, {"decision": "refused", "answer": "The bank says so.", "follows": "ignored"})

    contest.refresh_from_db()
    assert (contest.agreed, contest.answer, contest.follows) == (False, "The bank says so.", "")
    handlers_statements.mail_answer(OutboxMessage.objects.get(kind="commissions.contest_answered"))
    assert mail.outbox[-1].subject == f"Not agreed: your entry {entry}"


def test_an_answer_is_given_once(entry: Commission, nadia: User) -> None:
    contest = a_contest(entry)
    an_answer(contest, nadia)
    desk, address = (
        signed_in(UserFactory(roles=[Role.DIRECTOR])),
        reverse("commissions:contested_entry", args=[contest.pk]),
    )

    again = desk.post(address, {"decision": "refused", "answer": "No."})

    assert "answered already" in again.content.decode()
    with pytest.raises(AlreadyAnswered):
        an_answer(contest, UserFactory(roles=[Role.FINANCE]))
    with pytest.raises(IntegrityError, match="what was said stays"), transaction.atomic():
        ContestedEntry.objects.update(answer="Something else")
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        ContestedEntry.objects.all().delete()


@pytest.mark.parametrize(
    "fields",
    [
        {"answer": "x"},
        {"answered_at": MARCH, "answer": "x", "agreed": False},
        {"answered_at": MARCH, "answer": "", "agreed": False},
        {"answered_at": MARCH, "answer": "x", "agreed": True},
        {"answered_at": MARCH, "answer": "x", "agreed": False, "follows": "x"},
    ],
)
def test_the_database_refuses_half_an_answer(
    fields: dict[str, object], entry: Commission, nadia: User
) -> None:
    contest = a_contest(entry)
    by = {} if fields == {"answered_at": MARCH, "answer": "x", "agreed": False} else {"answered_by": nadia}

    with pytest.raises(IntegrityError, match="contested_entry_answer_is_whole"), transaction.atomic():
        ContestedEntry.objects.filter(pk=contest.pk).update(**fields, **by)


def test_nobody_answers_about_their_own_entry(nadia: User) -> None:
    entry = enters(PartnerFactory(user=nadia), at=FEBRUARY)
    contest = a_contest(entry)
    handlers_statements.mail_contested(OutboxMessage.objects.get(kind="commissions.entry_contested"))
    desk = signed_in(nadia)

    assert mail.outbox == []
    assert desk.get(reverse("commissions:contested_entries")).context["rows"] == []
    page = desk.get(reverse("commissions:contested_entry", args=[contest.pk])).content.decode()
    assert "somebody else answers" in page
    with pytest.raises(OwnEntry):
        an_answer(contest, nadia)
    with pytest.raises(IntegrityError, match="somebody else answers"), transaction.atomic():
        ContestedEntry.objects.update(answered_by=nadia, answered_at=MARCH, agreed=False, answer="x")


def test_contested_again_somebody_else_answers(entry: Commission, nadia: User) -> None:
    an_answer(a_contest(entry), nadia)
    again = a_contest(entry)

    with pytest.raises(AnsweredBefore):
        an_answer(again, nadia)
    with pytest.raises(IntegrityError, match="somebody else answers"), transaction.atomic():
        ContestedEntry.objects.filter(pk=again.pk).update(
            answered_by=nadia, answered_at=MARCH, agreed=False, answer="x"
        )
    an_answer(again, UserFactory(roles=[Role.DIRECTOR]))

    assert ContestedEntry.objects.open().count() == 0


def test_sales_neither_reads_nor_answers(entry: Commission) -> None:
    contest = a_contest(entry)
    seller = UserFactory(roles=[Role.SALES])

    desk = signed_in(seller)
    for name, args in (("contested_entries", []), ("contested_entry", [contest.pk])):
        assert desk.get(reverse(f"commissions:{name}", args=args)).status_code == 403
    with pytest.raises(NotAllowed):
        an_answer(contest, seller)


# --- in time ----------------------------------------------------------------------
def test_after_ten_working_days_the_directors_hear_of_it_once(entry: Commission, nadia: User) -> None:
    director = UserFactory(roles=[Role.DIRECTOR])
    contest = a_contest(entry)
    last = MARCH + timedelta(days=13)  # Fri 26 March

    assert contests.escalate_overdue(at=last) == 0
    clock.install(lambda: last + timedelta(days=1))
    tasks.follow_contests()
    tasks.follow_contests()

    contest.refresh_from_db()
    assert contest.escalated_at is not None
    handlers_statements.mail_overdue(OutboxMessage.objects.get(kind="commissions.contest_overdue"))
    told = [address for sent in mail.outbox for address in sent.to]
    assert director.email in told
    assert nadia.email not in told
    listed = signed_in(nadia).get(reverse("commissions:contested_entries")).content.decode()
    assert "Overdue since 26 Mar 2027" in listed


def test_what_is_answered_is_not_escalated(entry: Commission, nadia: User) -> None:
    an_answer(a_contest(entry), nadia)

    assert contests.escalate_overdue(at=MARCH + timedelta(days=60)) == 0


def test_finance_sees_what_waits_where_it_pays(entry: Commission, nadia: User) -> None:
    desk = signed_in(nadia)
    assert "contested and wait" not in desk.get(reverse("commissions:payouts")).content.decode()

    contest = a_contest(entry)

    assert "1 entry is contested and waits" in desk.get(reverse("commissions:payouts")).content.decode()
    an_answer(contest, nadia)
    answered = desk.get(reverse("commissions:contested_entries"), {"state": "answered"})
    assert len(answered.context["rows"]) == 1
