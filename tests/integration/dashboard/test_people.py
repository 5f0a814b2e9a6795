"""What a referred person and a partner may ask for (*People's data*): theirs, all of it, nobody else's."""

import csv
import io
import json
import zipfile

import pytest
from django.test import Client
from pypdf import PdfReader

from referrals.models import Referral
from referrals.person_papers import as_json, as_pdf
from referrals.person_record import record_of
from referrals.rules import Colleague
from referrals.services.claims import object_to_contact
from referrals.services.comments import comment_on_use_case
from referrals.services.contacts import import_known_contacts
from referrals.services.notes import write_note
from referrals.services.outcomes import add_internal_referral
from referrals.services.people import export_person
from ssp.core.errors import NotAllowed
from ssp.core.models import AuditEntry, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.referrals import (
    active_partner,
    confirmed_warm,
    registered,
    sales_lead,
    seller,
)
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.conftest import deliver_all
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
SEARCH, RECORD = "/desk/people/", "/desk/people/record/"
MILA = "mila@ostrava.example"
PASSWORD = "correct horse battery"


@pytest.fixture
def mila() -> Referral:
    """Somebody warm, with a colleague, a remark, and another partner's person at the same company."""
    ines = active_partner("Ines Marchetti")
    referral = registered(ines, email=MILA, last_name="Novak", title="Head of Search", relation="From school")
    add_internal_referral(
        passed_on_by=referral,
        colleague=Colleague("Milan", "Hora", "milan@ostrava.example"),
        by=ines.user,
        at=MONDAY,
    )
    case = confirmed_warm(referral)
    comment_on_use_case(use_case=case, text="Zdenka decides, not Mila.", by=ines.user, at=MONDAY)
    registered(active_partner("Leila Haddad"), email="petr@ostrava.example", last_name="Svoboda")
    return referral


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


# --- the record ------------------------------------------------------------------------
def test_everything_that_is_hers_is_in_it(mila: Referral, inbox: Inbox) -> None:
    deliver_all()
    said = as_json(record_of("Mila+news@Ostrava.example", at=MONDAY)).decode()
    for fact in ("Novak", MILA, "Head of Search", "From school", "Ines Marchetti", "Tom Brandt", "Warm"):
        assert fact in said
    titles = [section.key for section in record_of(MILA, at=MONDAY).sections]
    assert titles == ["registrations", "meetings", "mails", "decisions", "remarks"]


def test_nobody_elses_data_and_no_partners_secret_is_in_it(mila: Referral) -> None:
    said = as_json(record_of(MILA, at=MONDAY)).decode()
    for other in (
        "Milan",
        "Hora",
        "Svoboda",
        "petr@",
        "Leila",
        "Zdenka",
        "Nobody finds anything",
        "evidence",
    ):
        assert other not in said


def test_a_colleague_isnt_told_who_named_them(mila: Referral) -> None:
    said = as_json(record_of("milan@ostrava.example", at=MONDAY)).decode()
    assert "A colleague of yours, whom Ines Marchetti had introduced to us" in said
    assert "Novak" not in said


def test_each_decision_has_its_legal_basis(mila: Referral) -> None:
    decisions = next(s for s in record_of(MILA, at=MONDAY).sections if s.key == "decisions")
    assert [row["What"] for row in decisions.rows] == ["A partner registered you", "The introduction counts"]
    assert all("GDPR" in str(row["Legal basis"]) for row in decisions.rows)


def test_a_contact_we_knew_is_in_it_too() -> None:
    import_known_contacts(
        content=f"email,name\n{MILA},Mila N".encode(), file_name="c.csv", by=None, at=MONDAY
    )
    record = record_of(MILA, at=MONDAY)
    assert [section.key for section in record.sections] == ["known_contacts"]


def test_after_an_objection_only_what_is_left_is_in_it(mila: Referral) -> None:
    object_to_contact(referral=mila, at=MONDAY)
    said = as_json(record_of(MILA, at=MONDAY)).decode()
    assert "You objected" in said
    assert "Novak" not in said
    assert "From school" not in said


def test_it_is_valid_json_and_a_readable_pdf_that_takes_no_markup() -> None:
    registered(email=MILA, title='#panic("x") *bold* ] $', last_name="Novák")
    record = record_of(MILA, at=MONDAY)
    assert json.loads(as_json(record))["registrations"][0]["Last name"] == "Novák"
    read = text_of(as_pdf(record))
    assert '#panic("x") *bold* ] $' in read
    assert "Novák" in read


def test_what_sales_noted_is_counted_and_not_handed_out(mila: Referral) -> None:
    write_note(about=mila, text="Zdenka decides.", by=seller(), at=MONDAY)
    remarks = next(each for each in record_of(MILA, at=MONDAY).sections if each.key == "remarks")
    assert remarks.rows[-1]["Notes that sales keeps for itself"] == 1
    assert "Zdenka" not in as_json(record_of(MILA, at=MONDAY)).decode()


# --- who may ----------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.SALES, Role.FINANCE, Role.DIRECTOR])
def test_others_of_the_staff_get_nothing(mila: Referral, role: Role) -> None:
    user = UserFactory(roles=[role])
    with pytest.raises(NotAllowed):
        export_person(email=MILA, form="pdf", by=user, at=MONDAY)
    assert signed_in(user).post(RECORD, {"email": MILA, "form": "pdf"}).status_code == 403


@pytest.mark.parametrize("roles", [[Role.SALES, Role.SALES_LEAD], [Role.ADMINISTRATOR]])
def test_a_lead_or_an_administrator_looks_up_and_hands_out_on_record(
    mila: Referral, roles: list[Role]
) -> None:
    user = UserFactory(roles=roles)
    client = signed_in(user)
    assert "Head of Search" in client.post(SEARCH, {"email": MILA}).content.decode()
    answer = client.post(RECORD, {"email": MILA, "form": "json"})
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Cache-Control"] == "no-store"
    trail = AuditEntry.objects.filter(action__startswith="person.", by=user).order_by("pk")
    assert [(each.action, each.target_id) for each in trail] == [
        ("person.looked_up", mila.pk),
        ("person.exported", mila.pk),
    ]
    assert MILA not in str([each.data for each in trail])


def test_an_address_is_never_asked_for_in_the_url(mila: Referral) -> None:
    client = signed_in(sales_lead())
    assert "Novak" not in client.get(SEARCH, {"email": MILA}).content.decode()
    assert client.get(RECORD).status_code == 405
    assert not AuditEntry.objects.filter(action__startswith="person.").exists()


def test_an_address_nobody_has_gets_a_plain_answer() -> None:
    client = signed_in(sales_lead())
    assert "Nothing is held" in client.post(SEARCH, {"email": "no@where.example"}).content.decode()
    assert "Nothing is held" in text_of(
        client.post(RECORD, {"email": "no@where.example", "form": "pdf"}).content
    )


@pytest.mark.parametrize("typed", [{"email": "nobody"}, {"email": MILA, "form": "exe"}, {}])
def test_what_isnt_asked_for_properly_is_asked_again(typed: dict[str, str]) -> None:
    assert signed_in(sales_lead()).post(RECORD, typed).status_code == 200
    assert not AuditEntry.objects.filter(action="person.exported").exists()


# --- a partner's own ----------------------------------------------------------------------
@pytest.fixture
def own(mila: Referral) -> Client:
    client = Client()
    user = User.objects.get(pk=mila.partner.user_id)
    user.set_password(PASSWORD)
    user.save()
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    return client


def proven(client: Client) -> Client:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def unpacked(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name).decode("utf-8-sig", "replace") for name in packed.namelist()}


def test_a_partner_proves_who_they_are_before_their_data_leave(own: Client) -> None:
    assert own.get("/my-data/").status_code == 200
    asked_again = own.post("/my-data/")
    assert asked_again.status_code == 302
    assert asked_again["Location"].startswith("/accounts/reauthenticate/")
    assert not AuditEntry.objects.filter(action="partner.exported").exists()

    resumed = own.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/my-data/"})
    assert resumed["Content-Type"] == "application/zip"
    assert AuditEntry.objects.filter(action="partner.exported").count() == 1


def test_their_file_holds_all_that_is_theirs(own: Client) -> None:
    files = unpacked(proven(own).post("/my-data/").content)
    assert {"README.txt", "profile.json", "contracts.json", "referrals.csv", "ledger.csv"} <= set(files)
    people = list(csv.reader(io.StringIO(files["referrals.csv"])))
    assert [row[3] for row in people[1:]] == [MILA, "milan@ostrava.example"]
    assert "Zdenka decides" in files["comments.csv"]
    assert json.loads(files["contracts.json"])[0]["recurring_percent"] == "10.00"
    assert json.loads(files["profile.json"])["public_name"] == "Ines Marchetti"


def test_nothing_of_others_and_nothing_of_what_semi_knew_is_in_it(own: Client) -> None:
    everything = " ".join(unpacked(proven(own).post("/my-data/").content).values())
    for other in ("Svoboda", "petr@", "Leila", "known_contact", "similar", "evidence", "identity"):
        assert other not in everything


def test_a_cell_that_a_spreadsheet_would_calculate_is_text(own: Client, mila: Referral) -> None:
    Referral.objects.filter(pk=mila.pk).update(title="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in unpacked(proven(own).post("/my-data/").content)["referrals.csv"]


def test_a_name_that_was_refused_shows_no_cause(own: Client) -> None:
    """A refused registration leaves no row, so it stands in no file."""
    import_known_contacts(content=b"email\nk@acme.example", file_name="c.csv", by=None, at=MONDAY)
    assert "acme" not in unpacked(proven(own).post("/my-data/").content)["referrals.csv"]
