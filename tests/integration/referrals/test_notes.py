"""Notes of sales: kept as they were written, read by sales alone, gone with the person."""

import contextlib
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.urls import reverse

from partners.models import Partner
from referrals.errors import NoteAboutNobody, NoteMissing, NoteTooLong, OwnReferral
from referrals.invariants import NOTES
from referrals.models import Company, Introduction, Note, Referral, UseCase
from referrals.models.notes import Subject
from referrals.services import notes
from referrals.services.claims import object_to_contact
from referrals.services.notes import write_note
from ssp.core import outbox
from ssp.core.errors import NotAllowed
from ssp.core.invariants import broken
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from tests.architecture.access import ANYBODY, MATRIX, PARTNER, SIGNED_IN
from tests.architecture.test_access import ADDRESSES, PLACEHOLDERS
from tests.factories.core import UserFactory
from tests.factories.referrals import active_partner, asked, confirmed_warm, held, registered, seller
from tests.integration.dashboard.test_desk import signed_in as at_desk
from tests.integration.referrals.conftest import signed_in
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
SECRET = "They find him difficult."


@pytest.fixture
def tom() -> User:
    return seller()


@pytest.fixture
def ana() -> Referral:
    return registered(first_name="Ana", last_name="Reis", email="ana@acme.example", company_name="Acme")


def each_subject(referral: Referral) -> list[Subject]:
    return [referral, referral.use_cases.get(), referral.company, referral.partner]


def note(about: Subject, by: User, text: str = SECRET) -> Note:
    return write_note(about=about, text=text, by=by, at=MONDAY)


def texts() -> list[str]:
    return list(Note.objects.order_by("pk").values_list("text", flat=True))


# --- writing -----------------------------------------------------------------------
def test_sales_notes_about_four_kinds_of_things(ana: Referral, tom: User) -> None:
    for subject in each_subject(ana):
        note(subject, tom)

    assert [Note.objects.about(subject).count() for subject in each_subject(ana)] == [1, 1, 1, 1]


@pytest.mark.parametrize("role", [Role.FINANCE, Role.DIRECTOR, Role.ADMINISTRATOR, Role.PARTNER])
def test_nobody_else_notes_anything(ana: Referral, role: Role) -> None:
    for subject in each_subject(ana):
        with pytest.raises(NotAllowed):
            note(subject, UserFactory(roles=[role]))


def test_a_seller_does_not_note_about_their_own_business_under_another_account(ana: Referral) -> None:
    name, domain = ana.partner.user.email.split("@")
    double = UserFactory(email=f"{name}+semi@{domain}", roles=[Role.SALES])

    for subject in each_subject(ana):
        with pytest.raises(OwnReferral):
            note(subject, double)


@pytest.mark.parametrize(("text", "refusal"), [(" \x00\n ", NoteMissing), ("x" * 4001, NoteTooLong)])
def test_a_note_says_something_and_not_too_much(
    ana: Referral, tom: User, text: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        note(ana, tom, text)


def test_the_trail_of_a_note_holds_ids_alone(ana: Referral, tom: User) -> None:
    owed = OutboxMessage.objects.count()
    kept = note(ana, tom)

    assert AuditEntry.objects.get(action="note.written").data == {"note": kept.pk}
    assert OutboxMessage.objects.count() == owed


@pytest.mark.parametrize("change", ["text", "author_id", "company_id", "written_at", "delete"])
def test_the_database_keeps_a_note_as_it_was_written(ana: Referral, tom: User, change: str) -> None:
    rows = Note.objects.filter(pk=note(ana, tom).pk)
    other = {
        "author_id": ana.partner.user_id,
        "company_id": ana.company_id,
        "text": "Other",
        "written_at": MONDAY + timedelta(days=1),
    }

    with pytest.raises(IntegrityError, match="notes are only added"):
        if change == "delete":
            rows.delete()
        else:
            rows.update(**{change: other[change]})


@pytest.mark.parametrize("about", [[], ["referral", "company"]])
def test_the_database_wants_one_thing_that_a_note_is_about(
    ana: Referral, tom: User, about: list[str]
) -> None:
    subject = {"referral": ana, "company": ana.company}

    with pytest.raises(IntegrityError, match="note_about_one_thing"):
        Note.objects.create(
            author=tom, text="x", written_at=MONDAY, **{name: subject[name] for name in about}
        )


# --- gone with the person (C11) ------------------------------------------------------
@pytest.mark.clause("C11")
def test_an_objection_erases_what_was_noted_about_the_person(ana: Referral, tom: User) -> None:
    note(ana, tom)
    note(ana.use_cases.get(), tom)
    note(registered(), tom, "Somebody else.")

    object_to_contact(referral=ana, at=MONDAY)

    assert texts() == ["", "", "Somebody else."]


@pytest.mark.clause("C11")
def test_an_objection_erases_notes_nearby_that_name_the_person_and_no_others(
    ana: Referral, tom: User
) -> None:
    colleague = registered(ana.partner, email="bo@acme.example", company_name="Acme")
    note(ana.company, tom, "Ask (reis) first.")
    note(ana.company, tom, "Their name is Reisinger.")
    note(ana.partner, tom, "Has ana@acme.example's ear.")
    note(colleague, tom, "Reports to Ana Reis.")
    note(registered(), tom, "Reis is a common name.")

    object_to_contact(referral=ana, at=MONDAY)

    assert texts() == ["", "Their name is Reisinger.", "", "", "Reis is a common name."]


@pytest.mark.clause("C11")
def test_a_name_is_no_pattern(tom: User) -> None:
    odd = registered(last_name="O.*(Brien", email="ob@acme.example", company_name="Acme")
    note(odd.company, tom, "Nothing about anybody.")
    note(odd.company, tom, "Ask O.*(Brien.")

    object_to_contact(referral=odd, at=MONDAY)

    assert texts() == ["Nothing about anybody.", ""]


@pytest.mark.clause("C11")
def test_the_database_erases_notes_whoever_removes_the_details(ana: Referral, tom: User) -> None:
    note(ana, tom)
    note(ana.use_cases.get(), tom)
    note(ana.company, tom, "Stays.")

    Referral.objects.filter(pk=ana.pk).update(
        objected_at=MONDAY,
        anonymised_at=MONDAY,
        first_name="",
        last_name="",
        email="",
        title="",
        relation="",
        name_key="",
    )

    assert texts() == ["", "", "Stays."]


@pytest.mark.clause("C11")
def test_nothing_is_noted_about_somebody_who_objected(ana: Referral, tom: User) -> None:
    object_to_contact(referral=ana, at=MONDAY)

    for subject in (ana, ana.use_cases.get()):
        with pytest.raises(NoteAboutNobody):
            note(subject, tom)


@pytest.mark.clause("C11")
def test_the_database_keeps_no_note_about_somebody_who_objected(ana: Referral, tom: User) -> None:
    object_to_contact(referral=ana, at=MONDAY)

    with pytest.raises(IntegrityError, match="the details of this person were removed"):
        Note.objects.create(use_case=ana.use_cases.get(), author=tom, text="x", written_at=MONDAY)


def test_the_invariant_holds_after_an_objection_and_sees_a_text_that_is_left(
    ana: Referral, tom: User
) -> None:
    note(ana, tom)
    object_to_contact(referral=ana, at=MONDAY)
    assert broken(NOTES) == []

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE referrals_note DISABLE TRIGGER USER")
    Note.objects.update(text="left")

    assert len(broken(NOTES)) == 1


# --- two at once -----------------------------------------------------------------------
@pytest.fixture
def meet_after_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both threads look for the last note before either writes, if the lock lets them."""
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)
    barrier, real = threading.Barrier(2), notes.last_about

    def look(subject: Subject) -> Note | None:
        found = real(subject)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=0.5)
        return found

    monkeypatch.setattr(notes, "last_about", look)


def two_presses(ana: Referral, tom: User) -> int:
    raised = at_once(*[lambda: note(ana, tom)] * 2)
    assert [each for each in raised if isinstance(each, Exception)] == []
    return Note.objects.count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("meet_after_the_look")
def test_two_presses_at_once_note_it_once(ana: Referral, tom: User) -> None:
    assert two_presses(ana, tom) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("meet_after_the_look")
def test_without_the_lock_it_is_noted_twice(
    ana: Referral, tom: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "lock", lambda about: None)

    assert two_presses(ana, tom) == 2


# --- who reads it ------------------------------------------------------------------------
@pytest.fixture
def noted(tom: User) -> Partner:
    """A partner whose person, use case, company and self were noted about, with a meeting and a deal."""
    ines = active_partner()
    case = confirmed_warm(registered(ines, at=MONDAY - timedelta(days=20)))
    assert case.referral
    for subject in each_subject(case.referral):
        note(subject, tom)
    later = registered(ines, at=MONDAY - timedelta(days=9))
    note(later, tom)
    asked(held(later), who="partner")
    return ines


def addresses_of(partner: Partner) -> Iterator[tuple[str, str]]:
    """Every address that a partner may open, for each row of theirs that it could be about."""
    meetings = Introduction.objects.filter(referral__partner=partner)
    own = {
        *partner.referrals.values_list("pk", flat=True),
        *partner.use_cases.values_list("pk", flat=True),
        *partner.contracts.values_list("pk", flat=True),
        *meetings.values_list("pk", flat=True),
        *meetings.values_list("confirmations", flat=True),
    }
    for name, wanted in ADDRESSES.items():
        if MATRIX[name] in (ANYBODY, SIGNED_IN, PARTNER) and name != "core:readyz":
            nobody = PLACEHOLDERS["pk"]
            for pk in own if f"/{nobody}/" in wanted else [nobody]:
                yield name, wanted.replace(f"/{nobody}/", f"/{pk}/")


def test_no_page_and_no_export_of_a_partner_shows_a_note(noted: Partner) -> None:
    portal, opened = signed_in(noted), set()

    for name, path in addresses_of(noted):
        answer = portal.get(path)
        said = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert SECRET.encode() not in said, path
        opened |= {name} if answer.status_code == 200 else set()

    assert opened >= {
        "portal:home",
        "referrals:list",
        "referrals:detail",
        "referrals:use_case",
        "referrals:election",
        "referrals:answer",
        "referrals:last_day",
        "commissions:earnings",
        "commissions:earnings_export",
        "partners:profile",
        "partners:recruits",
        "partners:directory_feed",
    }


def pages(noted: Partner) -> dict[str, str]:
    case = UseCase.objects.get(partner=noted, deal__isnull=False)
    assert case.referral
    return {
        "referral": reverse("desk:referral", args=[case.referral_id]),
        "deal": reverse("desk:deal", args=[case.deal.pk]),
        "use_case": reverse("desk:use_case", args=[case.pk]),
        "company": reverse("desk:company", args=[case.referral.company_id]),
        "partner": reverse("desk:partner", args=[noted.pk]),
    }


def test_sales_reads_it_with_who_and_when_and_in_the_timeline(noted: Partner, tom: User) -> None:
    desk = at_desk(tom)
    told = {page: desk.get(path).text for page, path in pages(noted).items()}

    assert [page for page, text in told.items() if text.count(SECRET) < 2] == []
    assert [page for page, text in told.items() if "Note by Tom Brandt" not in text] == []


@pytest.mark.parametrize(("page", "role"), [("referral", Role.FINANCE), ("deal", Role.DIRECTOR)])
def test_others_at_the_desk_do_not_read_it(noted: Partner, page: str, role: Role) -> None:
    answer = at_desk(UserFactory(roles=[role])).get(pages(noted)[page])

    assert (answer.status_code, SECRET in answer.text) == (200, False)


def test_nobody_reads_what_is_noted_about_their_own_business(noted: Partner) -> None:
    name, domain = noted.user.email.split("@")
    desk = at_desk(UserFactory(email=f"{name}+semi@{domain}", roles=[Role.SALES]))
    answers = [desk.get(path) for path in pages(noted).values()]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.request["PATH_INFO"] for answer in answers if SECRET in answer.text] == []


# --- the form ----------------------------------------------------------------------------
def test_a_press_keeps_a_note_and_goes_back(noted: Partner, tom: User) -> None:
    desk = at_desk(tom)
    for kind in ("referral", "use_case", "company", "partner"):
        page = pages(noted)["deal" if kind == "use_case" else kind]
        subject = int(pages(noted)[kind].rstrip("/").rpartition("/")[2])
        said = {"text": f"<b>Call</b> the {kind}."}

        answer = desk.post(reverse(f"desk:{kind}_note", args=[subject]), said)

        assert answer.headers["Location"] == f"{page}#notes"
        assert f"&lt;b&gt;Call&lt;/b&gt; the {kind}." in desk.get(page).text


def test_an_empty_note_says_what_is_missing(ana: Referral, tom: User) -> None:
    answer = at_desk(tom).post(reverse("desk:partner_note", args=[ana.partner_id]), {"text": " "})

    assert (answer.status_code, Note.objects.count()) == (422, 0)
    assert "Write what you want to note." in answer.text


def test_looking_writes_nothing(ana: Referral, tom: User) -> None:
    desk, address = at_desk(tom), reverse("desk:partner_note", args=[ana.partner_id])

    assert [call(address, {"text": "x"}).status_code for call in (desk.get, desk.head)] == [405, 405]


def test_a_company_nobody_knows_has_no_page_to_note_on(tom: User) -> None:
    missing = Company.objects.count() + 999

    assert at_desk(tom).post(f"/desk/companies/{missing}/note/", {"text": "x"}).status_code == 404
