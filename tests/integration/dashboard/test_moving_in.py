"""Running referrals move in by a file (C1, C2, C9, C12): previewed, attested by a lead, all rows or none."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from commissions.invariants import INVARIANTS as MONEY
from partners.invariants import INVARIANTS as PARTNERSHIPS
from partners.models import Partner
from referrals.errors import NotEligible, OwnReferral
from referrals.errors_moving import (
    MoveInChanged,
    MovesInByALead,
    MovesInOnce,
    NotAttested,
    NothingToMoveIn,
    RowsInTheWay,
)
from referrals.invariants import INVARIANTS
from referrals.models import Confirmation, Deal, Introduction, Referral, ReferralMoveIn, UseCase
from referrals.running_plan import Plan
from referrals.services import moving_in
from referrals.services.claims import object_to_contact
from referrals.services.confirmations import ask_for_confirmations
from referrals.services.contacts import import_known_contacts
from referrals.services.deals import move_deal
from referrals.services.registration import register_referral
from ssp.core.intake import CONFLICT, KNOWN, NEW, REFUSED
from ssp.core.invariants import broken
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from ssp.dashboard.views.moving_in import SAMPLE
from tests.factories.core import UserFactory
from tests.factories.partners import ended
from tests.factories.referrals import active_partner, person, registered, sales_lead, seller
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.conftest import deliver_all
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday"), pytest.mark.clause("C2")]
HEADINGS = next(csv.reader(io.StringIO(SAMPLE.read_text())))


@pytest.fixture
def ines() -> Partner:
    return active_partner("Ines Marchetti")


@pytest.fixture
def tom() -> User:
    return seller()


@pytest.fixture
def sofie() -> User:
    return sales_lead()


@pytest.fixture
def row(ines: Partner, tom: User) -> dict[str, str]:
    """A warm person with a window and a proposal."""
    return {
        "partner": ines.user.email,
        "first_name": "Noor",
        "last_name": "Jansen",
        "email": "noor@harbour.example",
        "company": "Harbour Lines",
        "registered_on": "2026-08-03",
        "agreed": "yes",
        "told_on": "2026-08-03",
        "use_case": "Search",
        "problem": "Nobody finds anything.",
        "introduced_on": "2026-08-31",
        "medium": "video",
        "host": tom.email,
        "stage": "proposal",
        "value": "48000.00",
    }


def without_meeting(row: dict[str, str], **changes: str) -> dict[str, str]:
    bare = {**row, "introduced_on": "", "medium": "", "host": "", "stage": "", "value": ""}
    return {**bare, "registered_on": "2026-11-02", "told_on": "", **changes}


def file_of(*rows: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADINGS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def handed_in(by: User, *rows: dict[str, str]) -> ReferralMoveIn:
    return moving_in.upload_running(content=file_of(*rows), file_name="running.csv", by=by, at=MONDAY)


def moved_in(by: User, *rows: dict[str, str]) -> Plan:
    record = handed_in(by, *rows)
    shown = moving_in.shown_by(moving_in.plan_of(record, at=MONDAY))
    return moving_in.commit_running(record=record, shown=shown, attested=True, by=by, at=MONDAY)


def everything_holds() -> bool:
    return broken([*PARTNERSHIPS, *INVARIANTS, *MONEY]) == []


def counts() -> list[int]:
    return [model.objects.count() for model in (Referral, UseCase, Introduction, Deal, OutboxMessage)]


# --- what comes of a row ---------------------------------------------------------------
@pytest.mark.clause("C1")
def test_a_warm_person_comes_with_meeting_window_and_deal(
    sofie: User, row: dict[str, str], ines: Partner, tom: User
) -> None:
    moved_in(sofie, row)

    person_ = Referral.objects.get()
    case = UseCase.objects.get()
    assert (person_.partner, person_.status, person_.seller, person_.registered_by) == (
        ines,
        "warm",
        tom,
        sofie,
    )
    assert (person_.registered_on, person_.claim_last_on, person_.is_live) == (date(2026, 8, 3), None, True)
    assert (case.window_starts_on, case.window_ends_on) == (date(2026, 8, 31), date(2027, 2, 28))
    assert (case.model, case.deal.stage, case.deal.expected_net) == ("recurring", "proposal", 48000)
    meeting = Introduction.objects.get()
    assert (meeting.status, meeting.medium, meeting.host, meeting.held_on) == (
        "held",
        "video",
        tom,
        date(2026, 8, 31),
    )
    assert everything_holds()


@pytest.mark.clause("C9")
def test_two_use_cases_of_one_meeting_share_person_and_meeting(sofie: User, row: dict[str, str]) -> None:
    won = {
        **row,
        "use_case": "Answers",
        "stage": "won",
        "signed_on": "2026-11-02",
        "customer_reference": "H-1",
    }
    moved_in(sofie, row, won)
    assert [Referral.objects.count(), Introduction.objects.count(), UseCase.objects.count()] == [1, 1, 2]
    assert Deal.objects.get(stage="won").is_within_window()
    assert everything_holds()


@pytest.mark.clause("C12")
def test_somebody_not_met_yet_has_sixty_days_from_their_registration(
    sofie: User, row: dict[str, str]
) -> None:
    moved_in(sofie, without_meeting(row))
    person_ = Referral.objects.get()
    assert (person_.status, person_.claim_last_on) == ("registered", date(2027, 1, 1))
    assert not Deal.objects.exists()
    assert everything_holds()


def test_a_deal_signed_after_its_window_is_won_and_pays_nothing(sofie: User, row: dict[str, str]) -> None:
    late = {**row, "registered_on": "2026-01-05", "introduced_on": "2026-01-12", "told_on": "2026-01-05"}
    plan = moved_in(sofie, {**late, "stage": "won", "signed_on": "2026-07-13"})
    assert not Deal.objects.get().is_within_window()
    assert "pays nothing" in plan.rows[0].warnings[0]
    assert everything_holds()


def test_the_same_file_twice_changes_nothing(sofie: User, row: dict[str, str]) -> None:
    rows = [row, without_meeting(row, email="emre@quarry.example", first_name="Emre")]
    moved_in(sofie, *rows)
    before = counts()
    again = handed_in(sofie, *rows)
    plan = moving_in.plan_of(again, at=MONDAY)
    assert [each.outcome for each in plan.rows] == [KNOWN, KNOWN]
    with pytest.raises(NothingToMoveIn):
        moving_in.commit_running(
            record=again, shown=moving_in.shown_by(plan), attested=True, by=sofie, at=MONDAY
        )
    assert counts() == before


def test_a_longer_file_adds_only_what_is_new_and_leaves_what_went_on(
    sofie: User, row: dict[str, str]
) -> None:
    moved_in(sofie, row)
    move_deal(deal=Deal.objects.get(), stage="contract_out", by=sofie, at=MONDAY)
    plan = moved_in(sofie, row, {**row, "use_case": "Answers", "introduced_on": "2026-09-30"})
    assert [each.outcome for each in plan.rows] == [KNOWN, NEW]
    assert "gone on since" in plan.rows[0].warnings[0]
    assert Referral.objects.count() == 1
    assert set(Deal.objects.values_list("stage", flat=True)) == {"contract_out", "proposal"}
    assert everything_holds()


# --- what is refused -----------------------------------------------------------------------
WRONG: list[tuple[dict[str, str], str]] = [
    ({"partner": "nobody@else.example"}, "no active partner"),
    ({"registered_on": "2023-12-01"}, "no signed contract"),
    ({"email": "info@harbour.example"}, "shared address"),
    ({"email": "x@semi.example"}, "belongs to SeMI"),
    ({"agreed": "no"}, "didn't agree"),
    ({"agreed": ""}, "didn't agree"),
    ({"registered_on": "2026-12-24", "introduced_on": "2026-12-25"}, "future"),
    ({"introduced_on": "2026-08-02"}, "before the registration"),
    ({"defined_on": "2026-09-01"}, "defined after the introduction"),
    ({"medium": "phone"}, "none of"),
    ({"medium": ""}, "medium is missing"),
    ({"host": ""}, "host's e-mail"),
    ({"introduced_on": ""}, "day of the introduction is missing"),
    ({"window_ends_on": "2027-05-31"}, "28 Feb 2027"),
    ({"stage": "won"}, "won deal has the day"),
    ({"signed_on": "2026-11-02"}, "won deal has the day"),
    ({"stage": "won", "signed_on": "2026-08-30"}, "before the introduction"),
    ({"stage": "won", "signed_on": "2026-11-24"}, "future"),
    ({"stage": "lost"}, "needs its reason"),
    ({"value": "-5"}, "isn't an amount"),
    ({"value": "=1+1"}, "formula"),
    ({"registered_on": "08/09/2026"}, "two ways"),
    ({"introduced_on": "2026-11-23"}, "may not be over"),
    ({"told_on": "2026-08-01"}, "before the person was registered"),
]


@pytest.mark.parametrize(("changes", "why"), WRONG, ids=[f"{why}" for _changes, why in WRONG])
def test_a_row_that_cant_be_is_refused_and_says_why(
    sofie: User, row: dict[str, str], changes: dict[str, str], why: str
) -> None:
    record = handed_in(sofie, {**row, **changes})
    plan = moving_in.plan_of(record, at=MONDAY)
    assert plan.rows[0].outcome == REFUSED
    assert why in plan.rows[0].message
    with pytest.raises(RowsInTheWay):
        moving_in.commit_running(
            record=record, shown=moving_in.shown_by(plan), attested=True, by=sofie, at=MONDAY
        )
    assert not Referral.objects.exists()


def test_one_bad_row_keeps_the_whole_file_out(sofie: User, row: dict[str, str]) -> None:
    with pytest.raises(RowsInTheWay):
        moved_in(sofie, row, {**row, "email": "other@harbour.example", "agreed": "no"})
    assert not Referral.objects.exists()


@pytest.mark.clause("C12")
def test_a_claim_that_lapsed_before_isnt_brought_back(sofie: User, row: dict[str, str]) -> None:
    lapsed = without_meeting(row, registered_on="2026-09-23")
    plan = moving_in.plan_of(handed_in(sofie, lapsed), at=MONDAY)
    assert "lapsed on 22 Nov 2026" in plan.rows[0].message
    kept = moving_in.plan_of(handed_in(sofie, {**lapsed, "registered_on": "2026-09-24"}), at=MONDAY)
    assert kept.rows[0].outcome == NEW


def test_rows_that_contradict_each_other_are_refused(sofie: User, row: dict[str, str]) -> None:
    twice = moving_in.plan_of(handed_in(sofie, row, row), at=MONDAY)
    assert "twice" in twice.rows[1].message
    other = moving_in.plan_of(handed_in(sofie, row, {**row, "last_name": "X", "use_case": "B"}), at=MONDAY)
    assert "Row 2 says something else" in other.rows[1].message


@pytest.mark.clause("C12")
def test_another_partners_person_is_a_conflict_and_stays_theirs(sofie: User, row: dict[str, str]) -> None:
    owned = registered(email=row["email"])
    plan = moving_in.plan_of(handed_in(sofie, row), at=MONDAY)
    assert (plan.rows[0].outcome, Referral.objects.get()) == (CONFLICT, owned)


def test_somebody_registered_here_gets_nothing_by_file(
    sofie: User, row: dict[str, str], ines: Partner
) -> None:
    registered(ines, email=row["email"])
    plan = moving_in.plan_of(handed_in(sofie, row), at=MONDAY)
    assert (plan.rows[0].outcome, Introduction.objects.count()) == (CONFLICT, 0)


def test_another_introduction_than_recorded_is_a_conflict(sofie: User, row: dict[str, str]) -> None:
    moved_in(sofie, row)
    plan = moving_in.plan_of(handed_in(sofie, {**row, "introduced_on": "2026-09-01"}), at=MONDAY)
    assert plan.rows[0].outcome == CONFLICT
    assert "introduction" in plan.rows[0].message


@pytest.mark.clause("C11")
def test_who_objected_stays_out(sofie: User, row: dict[str, str]) -> None:
    object_to_contact(referral=registered(email=row["email"]), at=MONDAY)
    plan = moving_in.plan_of(handed_in(sofie, row), at=MONDAY)
    assert "objected" in plan.rows[0].message


@pytest.mark.clause("C10")
def test_who_is_known_today_comes_in_on_the_leads_word(sofie: User, row: dict[str, str]) -> None:
    content = f"email\n{row['email']}".encode()
    import_known_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY)
    plan = moved_in(sofie, row)
    assert "unknown then" in plan.rows[0].warnings[0]
    assert Referral.objects.get().evidence["attested_by"] == sofie.pk


# --- who, and when ------------------------------------------------------------------------
@pytest.mark.parametrize("roles", [[Role.SALES], [Role.DIRECTOR], [Role.ADMINISTRATOR], [Role.FINANCE]])
def test_only_a_sales_lead_moves_in(row: dict[str, str], sofie: User, roles: list[Role]) -> None:
    other, record = UserFactory(roles=roles), handed_in(sofie, row)
    with pytest.raises(MovesInByALead):
        moving_in.commit_running(record=record, shown="", attested=True, by=other, at=MONDAY)
    assert signed_in(other).get(reverse("desk:moving_in_file", args=[record.pk])).status_code == 403


def test_a_lead_moves_in_nothing_of_their_own(row: dict[str, str], ines: Partner) -> None:
    own = UserFactory(email="ines+work@marchetti.example", roles=[Role.SALES, Role.SALES_LEAD])
    ines.user.email = "ines@marchetti.example"
    ines.user.save()
    with pytest.raises(OwnReferral):
        moved_in(own, {**row, "partner": ines.user.email})


def test_nothing_moves_in_without_the_leads_word(row: dict[str, str], sofie: User) -> None:
    record = handed_in(sofie, row)
    shown = moving_in.shown_by(moving_in.plan_of(record, at=MONDAY))
    with pytest.raises(NotAttested):
        moving_in.commit_running(record=record, shown=shown, attested=False, by=sofie, at=MONDAY)


def test_what_changed_since_the_preview_is_looked_at_again(row: dict[str, str], sofie: User) -> None:
    record = handed_in(sofie, row)
    shown = moving_in.shown_by(moving_in.plan_of(record, at=MONDAY))
    registered(email=row["email"])
    with pytest.raises(MoveInChanged):
        moving_in.commit_running(record=record, shown=shown, attested=True, by=sofie, at=MONDAY)


def test_a_second_press_finds_it_done(row: dict[str, str], sofie: User) -> None:
    record = handed_in(sofie, row)
    shown = moving_in.shown_by(moving_in.plan_of(record, at=MONDAY))
    moving_in.commit_running(record=record, shown=shown, attested=True, by=sofie, at=MONDAY)
    with pytest.raises(MovesInOnce):
        moving_in.commit_running(record=record, shown=shown, attested=True, by=sofie, at=MONDAY)


def test_a_partner_who_left_brings_nobody(row: dict[str, str], sofie: User, ines: Partner) -> None:
    ended(ines, at=MONDAY - timedelta(days=1))
    assert "no active partner" in moving_in.plan_of(handed_in(sofie, row), at=MONDAY).rows[0].message


# --- what is kept of the file, and who is told ---------------------------------------------
def test_the_rows_are_dropped_and_the_record_names_nobody(row: dict[str, str], sofie: User) -> None:
    moved_in(sofie, row)
    record = ReferralMoveIn.objects.get()
    assert bytes(record.content) == b""
    assert record.report == [{"number": 2, "outcome": "new"}]
    trail = str([each.data for each in AuditEntry.objects.all()])
    assert "Noor" not in trail
    assert "harbour" not in trail


def test_a_preview_nobody_applies_goes_after_a_week(row: dict[str, str], sofie: User) -> None:
    handed_in(sofie, row)
    assert moving_in.forget_previews(at=MONDAY + timedelta(days=7)) == 0
    assert moving_in.forget_previews(at=MONDAY + timedelta(days=7, seconds=1)) == 1


@pytest.mark.clause("C11")
def test_only_who_was_never_told_is_told_and_nobody_is_asked(
    row: dict[str, str], sofie: User, ines: Partner, tom: User, inbox: Inbox
) -> None:
    untold = {**row, "email": "mia@harbour.example", "first_name": "Mia", "told_on": ""}
    unmet = without_meeting(row, email="emre@quarry.example", first_name="Emre", company="Quarry")
    moved_in(sofie, row, untold, unmet)
    ask_for_confirmations(at=MONDAY)
    deliver_all()

    assert not inbox.to("noor@harbour.example")
    assert [mail["Subject"] for mail in inbox.to("mia@harbour.example")] == [
        "What SeMI keeps about you since Ines Marchetti introduced us"
    ]
    assert [mail["Subject"] for mail in inbox.to("emre@quarry.example")] == [
        "Ines Marchetti would like to introduce you to SeMI"
    ]
    assert [mail["Subject"] for mail in inbox.to(ines.user.email)] == [
        "Your running introductions are here now"
    ]
    assert not inbox.to(tom.email)
    assert not Confirmation.objects.exists()


@pytest.mark.clause("C12")
def test_who_moved_in_is_owned_like_anybody_else(row: dict[str, str], sofie: User) -> None:
    moved_in(sofie, row)
    other = active_partner("Leila Haddad")
    with pytest.raises(NotEligible):
        register_referral(partner=other, person=person(email=row["email"]), by=other.user, at=MONDAY)


# --- the pages -----------------------------------------------------------------------------
def test_a_lead_looks_attests_and_sees_what_became_of_it(row: dict[str, str], sofie: User) -> None:
    client = signed_in(sofie)
    file = SimpleUploadedFile("running.csv", file_of(row))
    preview = client.post(reverse("desk:moving_in"), {"file": file}, follow=True)
    assert "Introduction on 31 Aug 2026, window until 28 Feb 2027." in preview.content.decode()
    assert not Referral.objects.exists()

    record = ReferralMoveIn.objects.get()
    commit = reverse("desk:moving_in_commit", args=[record.pk])
    shown = {"shown": preview.context["shown"]}
    assert "Tick that you attest" in client.post(commit, shown).content.decode()
    done = client.post(commit, {**shown, "attested": "on"}, follow=True).content.decode()
    assert "1 use case moved in." in done
    assert "Noor Jansen, Harbour Lines" in done
    again = client.post(commit, {**shown, "attested": "on"}, follow=True).content.decode()
    assert "moved in already" in again
    report = client.get(reverse("desk:moving_in_report", args=[record.pk])).content.decode()
    assert "2,New," in report


def test_columns_of_another_name_are_asked_for(row: dict[str, str], sofie: User) -> None:
    client = signed_in(sofie)
    content = file_of(row).replace(b"registered_on", b"Since", 1)
    asked = client.post(
        reverse("desk:moving_in"), {"file": SimpleUploadedFile("r.csv", content)}, follow=True
    )
    assert "Which column is which?" in asked.content.decode()
    chosen = {name: name for name in HEADINGS} | {"registered_on": "since"}
    page = client.post(asked.redirect_chain[-1][0], chosen, follow=True).content.decode()
    assert "Referral, registered on 3 Aug 2026." in page


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"PK\x03\x04broken", b"a,b\n"])
def test_a_file_that_is_no_table_says_so(sofie: User, content: bytes) -> None:
    answer = signed_in(sofie).post(reverse("desk:moving_in"), {"file": SimpleUploadedFile("x.xlsx", content)})
    assert answer.status_code == 200
    assert not ReferralMoveIn.objects.exists()


def test_the_sample_reads_as_it_should(sofie: User, ines: Partner, tom: User) -> None:
    text = SAMPLE.read_text().replace("partner@example.com", ines.user.email)
    content = text.replace("host@semi.example", tom.email).encode()
    record = moving_in.upload_running(content=content, file_name="s.csv", by=sofie, at=MONDAY)
    plan = moving_in.plan_of(record, at=MONDAY)
    assert [(each.outcome, each.message) for each in plan.rows] == [(NEW, "")] * 3


def test_a_preview_is_deleted_by_its_button(row: dict[str, str], sofie: User) -> None:
    record = handed_in(sofie, row)
    client = signed_in(sofie)
    assert client.get(reverse("desk:moving_in_discard", args=[record.pk])).status_code == 405
    client.post(reverse("desk:moving_in_discard", args=[record.pk]))
    assert not ReferralMoveIn.objects.exists()
