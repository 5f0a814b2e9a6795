"""C10: a similar name at the same company is held for a human, and the candidates come by an index."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from referrals import names, rules, similar_names
from referrals.errors import NotEligible
from referrals.models import Company, KnownContact, Referral, ReferralStatus
from referrals.services.claims import object_to_contact, withdraw_referral
from referrals.services.contacts import import_known_contacts
from referrals.services.registration import register_referral
from tests.factories.referrals import active_partner, person, registered
from tests.moments import MONDAY
from tests.unit.referrals.test_names import HELD_BACK, PAIRS

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C10")]


def know(first: str, last: str, email: str = "known@acme.example", company: str = "Acme BV") -> KnownContact:
    content = f'email,first_name,last_name,company\n{email},"{first}","{last}",{company}\n'.encode()
    import_known_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY)
    return KnownContact.objects.get(email=email)


def register(first: str, last: str, email: str = "new@acme.example", **fields: Any) -> Referral:
    partner = fields.pop("partner", None) or active_partner()
    fields = {"company_name": "Acme", **fields}
    who = person(first_name=first, last_name=last, email=email, **fields)
    return register_referral(partner=partner, person=who, by=partner.user, at=MONDAY)


# --- who is held ----------------------------------------------------------------------
def test_a_nickname_at_the_same_company_is_held_and_the_evidence_says_why() -> None:
    robert = know("Robert", "Smith")
    bob = register("Bob", "Smith")

    assert bob.status == ReferralStatus.CHECKING
    assert bob.evidence["similar_contacts"] == [robert.pk]
    assert bob.evidence["why_contacts"] == [
        {"id": robert.pk, "score": 0.94, "given": "form", "family": "same", "turned": False}
    ]


def test_the_evidence_holds_no_name_and_no_address() -> None:
    know("Robert", "Smith")
    registered(email="rob@acme.example", first_name="Rob", last_name="Smith")
    frozen = str(register("Bob", "Smith").evidence).casefold()
    assert [word for word in ("bob", "rob", "robert", "smith", "acme", "@") if word in frozen] == []


@pytest.mark.parametrize(
    ("email", "company"),
    [
        ("robert@other.example", "Other BV"),
        ("robert.smith@gmail.com", "Other BV"),
        ("robert.smith@gmail.com", ""),
    ],
)
def test_the_same_name_at_another_company_is_not_held(email: str, company: str) -> None:
    know("Robert", "Smith", email, company)
    assert register("Robert", "Smith").status == ReferralStatus.REGISTERED


@pytest.mark.parametrize(
    ("known_at", "company", "registered_as"),
    [
        ("robert@acme.example", "Something else", "bob@acme.example"),
        ("robert.smith@gmail.com", "ACME B.V.", "bob@acme.example"),
        ("robert@acme.example", "Acme", "bob.smith@gmail.com"),
    ],
    ids=["by domain", "by the company's name", "with a private address"],
)
def test_a_company_is_recognised_by_domain_or_name(known_at: str, company: str, registered_as: str) -> None:
    know("Robert", "Smith", known_at, company)
    assert register("Bob", "Smith", registered_as).status == ReferralStatus.CHECKING


def test_another_person_with_the_same_last_name_is_not_held() -> None:
    know("Robert", "Smith")
    assert register("Jana", "Smith").status == ReferralStatus.REGISTERED


@pytest.mark.parametrize("email", ["kasia@acme.example", "kasia.nowak@gmail.com"])
def test_a_live_claim_of_another_partner_with_a_similar_name_is_found(email: str) -> None:
    theirs = registered(
        email="katarzyna@acme.example", first_name="Katarzyna", last_name="Nowak", company_name="Acme"
    )
    mine = register("Kasia", "Nowak", email)

    assert mine.status == ReferralStatus.CHECKING
    assert mine.evidence["similar_referrals"] == [theirs.pk]
    assert mine.evidence["why_referrals"][0]["given"] == "form"


def test_a_claim_that_ended_holds_nobody() -> None:
    theirs = registered(email="katarzyna@acme.example", first_name="Katarzyna", last_name="Nowak")
    withdraw_referral(referral=theirs, by=theirs.partner.user, at=MONDAY)
    assert register("Kasia", "Nowak").status == ReferralStatus.REGISTERED


def test_a_known_address_is_refused_before_any_name_is_compared() -> None:
    know("Robert", "Smith", "bob@acme.example")
    know("Bob", "Smith", "smith@acme.example")
    with pytest.raises(NotEligible):
        register("Bob", "Smith", "bob@acme.example")
    assert not Referral.objects.exists()


def test_somebody_forgotten_leaves_no_key_behind() -> None:
    gone = register("Bob", "Smith")
    assert gone.name_key == "bob robert smith"
    object_to_contact(referral=gone, at=MONDAY)
    gone.refresh_from_db()
    assert gone.name_key == ""


def test_a_company_renamed_is_found_by_its_new_name() -> None:
    company = Company.objects.create(name="Acme GmbH")
    company.name = "Umbrella Holding"
    company.save(update_fields=["name"])
    company.refresh_from_db()
    assert company.key == "umbrella"


# --- the index ------------------------------------------------------------------------
def test_every_labelled_pair_that_is_held_is_also_found() -> None:
    """The trigrams that choose whom to judge must lose nobody whom the judge would hold."""
    lost = []
    held = [pair for pair in PAIRS + HELD_BACK if pair.score >= names.THRESHOLD]
    contacts = KnownContact.objects.bulk_create(
        KnownContact(
            identity=str(number),
            email=f"{number}@acme.example",
            first_name=pair.one[0],
            last_name=pair.one[1],
            name_key=rules.name_key(*pair.one),
            company_key="acme",
            known_since=MONDAY,
        )
        for number, pair in enumerate(held)
    )
    for pair, contact in zip(held, contacts, strict=True):
        who = person(first_name=pair.other[0], last_name=pair.other[1])
        if not similar_names.candidates(KnownContact.objects.filter(pk=contact.pk), who).exists():
            lost.append(pair)
    assert len(held) > 150
    assert lost == []


FIRST = sorted(names.KNOWN)
SYLLABLES = "ber gan hol mar ten vis kor lin dra sen nov pet ruz wal zim feld"
PARTS = SYLLABLES.split()


@pytest.fixture
def many_contacts(db: None) -> None:
    """12,000 people: 10,000 at one very large company, the others four by four."""
    KnownContact.objects.bulk_create(
        KnownContact(
            identity=str(n),
            email=f"{n}@x.example",
            name_key=rules.name_key(FIRST[n * 31 % len(FIRST)], last_name(n)),
            company_key="large" if n < 10_000 else f"small {n // 4}",
            domain="large.example" if n < 10_000 else f"small{n // 4}.example",
            known_since=MONDAY,
        )
        for n in range(12_000)
    )
    with connection.cursor() as cursor:  # as autovacuum does after an import
        cursor.execute("SELECT gin_clean_pending_list('known_contact_by_name_like')")
        cursor.execute("ANALYZE referrals_knowncontact")


def last_name(n: int) -> str:
    return PARTS[n // 16 % 16] + PARTS[n // 256 % 16] + PARTS[n * 7 // 64 % 16]


@pytest.mark.usefixtures("many_contacts")
@pytest.mark.parametrize(
    ("company", "domain", "indexes"),
    [
        ("Large", "", ["known_contact_by_name_like"]),
        ("Large", "large.example", ["known_contact_by_name_like"]),
        ("Small 2600", "", ["known_contact_by_company"]),
        ("Small 2600", "small2600.example", ["known_contact_by_company", "known_contact_by_domain"]),
    ],
)
def test_the_candidates_of_one_person_come_by_an_index(company: str, domain: str, indexes: list[str]) -> None:
    """Where a company is small its people are read; where it is large, those with a similar name."""
    who = person(first_name="Bob", last_name="Bergmarten", company_name=company)
    at = Company.objects.create(name=company, domain=domain)
    with CaptureQueriesContext(connection) as captured:
        similar_names.similar_contacts(who, identity="x", company=at)
    query = next(q["sql"] for q in captured if "referrals_knowncontact" in q["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan, plan
    assert [index for index in indexes if index not in plan] == [], plan


# --- the migration -----------------------------------------------------------------------
@pytest.fixture
def rows_of_before() -> tuple[KnownContact, Referral]:
    claim = registered(first_name="Bob", last_name="Smith", company_name="Ætna GmbH")
    contact = know("Kasia", "Đurić", company="Ætna")
    return contact, claim


def test_the_migration_keys_what_is_there_and_goes_back(
    rows_of_before: tuple[KnownContact, Referral],
) -> None:
    contact, claim = rows_of_before
    migration = import_module("referrals.migrations.0006_name_matching")
    editor = connection.schema_editor()
    migration.back(apps, editor)
    contact.refresh_from_db()
    assert (contact.name_key, contact.company_key) == ("kasia đuric", "ætna")

    migration.fill(apps, editor)
    for row in (contact, claim, claim.company):
        row.refresh_from_db()
    assert (contact.name_key, contact.company_key) == ("catherine duric kasia", "aetna")
    assert (claim.name_key, claim.company.key) == ("bob robert smith", "aetna")
