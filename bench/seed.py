"""Fill an empty database with introductions and known contacts, in states that every guard lets through.

    python -m bench.seed 100000 1000000

seeds a database of its own on the server of DATABASE_URL. Everything is copied or updated in bulk, and no
trigger and no constraint is switched off; the plain indexes of the known contacts alone are built afterwards, from
their own definitions. At the end `verify_invariants` is asked.
"""

import hashlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssp.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from psycopg.types.json import Jsonb  # noqa: E402

from bench import databases  # noqa: E402
from bench.bulk import copy, indexed_afterwards, reset_sequences  # noqa: E402
from bench.lives import MEDIA, Life, Need, expected_on, lives  # noqa: E402
from bench.moment import LONG_AGO, NOW  # noqa: E402
from bench.partnerships import DIRECTORS, FIRST_PARTNER, seed_partners, seed_staff  # noqa: E402
from bench.people import FOUR, MANY, address, firm, name_key, somebody  # noqa: E402
from referrals.models import (  # noqa: E402
    Company,
    Confirmation,
    ContactImport,
    Deal,
    Discussion,
    Introduction,
    KnownContact,
    Referral,
    UseCase,
    WindowExtension,
)
from ssp.core.identity import identity_of  # noqa: E402
from ssp.core.models import AuditEntry  # noqa: E402
from ssp.core.periods import start_of_day  # noqa: E402

REFERRALS_A_PARTNER = 250
Row = Sequence[Any]


def seed(*, referrals: int, contacts: int) -> None:
    """Seed the database that the connection leads to."""
    partners = max(4, referrals // REFERRALS_A_PARTNER)
    with transaction.atomic():
        seed_staff()
        everybody = list(lives(referrals, seed_partners(partners)))
        _seed_companies(everybody)
        _seed_referrals(everybody)
        _seed_use_cases(everybody)
        _seed_meetings(everybody)
        _analyse()  # the triggers of what follows look these rows up
        _open_windows(everybody)
        _seed_deals(everybody)
        _seed_audit(everybody, partners)
        _seed_contacts(contacts)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE referrals_usecase, referrals_discussion, referrals_introduction")


def _seed_companies(everybody: list[Life]) -> None:
    firms = {life.firm.number: life.firm for life in everybody} | {MANY: firm(MANY), FOUR: firm(FOUR)}
    copy(
        Company,
        ["id", "name", "domain", "key"],
        ((each.number + 1, each.name, each.domain, each.key) for each in firms.values()),
    )
    reset_sequences(Company)


def _seed_referrals(everybody: list[Life]) -> None:
    """Insert roots first: an internal referral is compared with its root."""
    fields = ["id", "partner", "company", "root", "passed_on_by", "internal_slot", "first_name", "last_name"]
    fields += ["email", "title", "name_key", "identity", "evidence", "status", "registered_at"]
    fields += ["registered_on", "agreement_attested", "registered_by", "partner_confirmed_at", "vested_at"]
    fields += ["accepted_at", "told_at", "claim_last_on", "claim_ended_at", "seller", "objection_hash"]
    evidence = Jsonb({"known_contact": False, "similar_contacts": [], "similar_referrals": []})

    def row(life: Life) -> Row:
        accepted_at = None if life.status in ("checking", "declined") else life.registered_at
        return (
            (life.number, life.partner, life.firm.number + 1, life.root, life.root, life.slot)
            + (life.first, life.last, life.email, "Head of data", name_key(life.first, life.last))
            + (identity_of(life.email), evidence, life.status, life.registered_at, life.registered_on)
            + (life.root is None, life.partner, life.registered_at, life.vested_at, accepted_at, accepted_at)
            + (life.claim_last_on, life.ended_at, life.seller, _digest("objection", life.number))
        )

    copy(Referral, fields, (row(life) for life in everybody if life.root is None))
    copy(Referral, fields, (row(life) for life in everybody if life.root is not None))
    reset_sequences(Referral)


def _digest(*of: object) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest()


def _needs(everybody: list[Life]) -> Iterator[tuple[int, Life, Need]]:
    number = 0
    for life in everybody:
        for need in life.needs:
            number += 1
            yield number, life, need


def _seed_use_cases(everybody: list[Life]) -> None:
    def row(number: int, life: Life, need: Need) -> Row:
        closed_at = life.meeting.ends_at if need.outcome and life.meeting else None
        said = (need.title, "Nobody finds anything.", "Manuals", "Support", "Two hours a day")
        return (number, life.partner, life.number, *said, need.defined_at, need.outcome, closed_at)

    fields = ["id", "partner", "referral", "title", "problem", "data", "who_feels_it", "expected_value"]
    copy(
        UseCase,
        [*fields, "defined_at", "outcome", "closed_at"],
        (row(number, life, need) for number, life, need in _needs(everybody)),
    )
    reset_sequences(UseCase)


def _seed_meetings(everybody: list[Life]) -> None:
    met = [(life, life.meeting) for life in everybody if life.meeting]
    medium = Random("media")
    copy(
        Introduction,
        ["id", "referral", "host", "starts_at", "ends_at", "medium", "place", "status", "calendar_uid"]
        + ["proposed_by", "proposed_at", "asked_at"],
        (
            (life.number, life.number, meeting.host, meeting.starts_at, meeting.ends_at)
            + (medium.choice(MEDIA), "https://meet.example/1", meeting.status, f"{life.number}@bench")
            + (life.partner, life.registered_at, meeting.ends_at if meeting.is_asked else None)
            for life, meeting in met
        ),
    )
    copy(
        Discussion,
        ["introduction", "use_case", "discussed"],
        (
            (life.number, number, need.starts_on is not None if life.meeting.status == "held" else None)
            for number, life, need in _needs(everybody)
            if life.meeting
        ),
    )
    asked = [(life, meeting) for life, meeting in met if meeting.is_asked]
    copy(
        Confirmation,
        ["introduction", "asked", "token_salt", "token_hash", "asked_at", "expires_at"]
        + ["answered_at", "answered_by", "answer", "reason", "decides"],
        (
            (life.number, who, "salt", _digest(who, life.number), meeting.ends_at, meeting.ends_at)
            + _answer(life, who)
            for life, meeting in asked
            for who in ("host", "partner")
        ),
    )
    reset_sequences(Introduction, Discussion, Confirmation)


def _answer(life: Life, who: str) -> Row:
    meeting = life.meeting
    assert meeting
    if not meeting.answer or (who == "partner" and life.number % 3):
        return (None, None, "", "", False)
    by = meeting.host if who == "host" else life.partner
    reason = "They have no budget." if meeting.answer == "not_warm" else ""
    return (meeting.ends_at, by, meeting.answer, reason, who == "host")


def _open_windows(everybody: list[Life]) -> None:
    """Open the windows of what was discussed, in one statement; then lengthen some, each by its extension."""
    opened = [(number, life, need) for number, life, need in _needs(everybody) if need.starts_on]
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TEMPORARY TABLE opened (id bigint PRIMARY KEY, starts_on date, locked_at timestamptz)
               ON COMMIT DROP"""
        )
        with cursor.copy("COPY opened FROM STDIN") as copied:
            for number, life, need in opened:
                copied.write_row((number, need.starts_on, life.vested_at))
        cursor.execute(
            """UPDATE referrals_usecase u
                  SET window_starts_on = o.starts_on, model = 'recurring', model_locked_at = o.locked_at,
                      window_ends_on = (o.starts_on + interval '6 months')::date
                 FROM opened o WHERE o.id = u.id"""
        )
        copy(
            WindowExtension,
            ["use_case", "months", "reason", "director", "granted_at"],
            (
                (number, need.extended_months, "Their budget moved.", DIRECTORS[0], life.vested_at)
                for number, life, need in opened
                if need.extended_months
            ),
        )
        cursor.execute(
            """UPDATE referrals_usecase u
                  SET extended_months = x.months,
                      window_ends_on = (u.window_ends_on + make_interval(months => x.months))::date
                 FROM referrals_windowextension x WHERE x.use_case_id = u.id"""
        )
    reset_sequences(WindowExtension)


def _seed_deals(everybody: list[Life]) -> None:
    def row(number: int, life: Life, need: Need) -> Row:
        sale, worth = need.sale, Random(f"worth {number}").randrange(5, 200) * 1000
        assert sale
        recorded_at = start_of_day(sale.signed_on) if sale.signed_on else None
        why = "They chose somebody else." if sale.stage == "lost" else ""
        return (
            (number, number, sale.stage, worth, expected_on(need), f"C-{number}", sale.signed_on, recorded_at)
            + (why, life.vested_at)
        )

    copy(
        Deal,
        ["id", "use_case", "stage", "expected_net", "expected_on", "customer_reference", "signed_on"]
        + ["recorded_at", "lost_reason", "created_at"],
        (row(number, life, need) for number, life, need in _needs(everybody) if need.sale),
    )
    reset_sequences(Deal)


def _seed_audit(everybody: list[Life], partners: int) -> None:
    """Write down each registration, and the refusals: a fifth more asked about somebody known or owned."""
    random = Random("refusals")
    refused = ((FIRST_PARTNER + random.randrange(partners), life) for life in everybody if random.random() < 0.2)
    fields = ["at", "by", "action", "target_type", "target_id", "data", "recorded_at"]
    nothing = Jsonb({})
    copy(
        AuditEntry,
        fields,
        (
            (life.registered_at, life.partner, "referral.registered", "referrals.referral", life.number)
            + (nothing, life.registered_at)
            for life in everybody
        ),
    )
    copy(
        AuditEntry,
        fields,
        (
            (life.registered_at, partner, "referral.refused", "partners.partner", partner)
            + (nothing, life.registered_at)
            for partner, life in refused
        ),
    )
    reset_sequences(AuditEntry)


def _seed_contacts(count: int) -> None:
    """Insert whom SeMI knew: two in a hundred at one company, two at that of four, the others spread."""
    imported = ContactImport.objects.create(
        file_name="crm.csv",
        sha256="0" * 64,
        uploaded_at=LONG_AGO,
        imported_at=LONG_AGO,
        finished_at=LONG_AGO,
        rows_total=count,
        rows_done=count,
        rows_new=count,
    )
    random = Random("contacts")
    firms = max(20, count // 5)

    def row(number: int) -> Row:
        chance = random.random()
        where = firm(FOUR if number < 2 else MANY if chance < 0.02 else random.randrange(2, firms))
        first, last = somebody(random)
        email = address(first, last, f"k{number}", where)
        return (
            (identity_of(email), first, last, email, where.name, where.key, name_key(first, last))
            + (where.domain, LONG_AGO, imported.pk)
        )

    fields = ["identity", "first_name", "last_name", "email", "company_name", "company_key", "name_key"]
    with indexed_afterwards(KnownContact):
        copy(
            KnownContact,
            [*fields, "domain", "known_since", "imported_in"],
            (row(number) for number in range(count)),
        )


def main(referrals: int = 100_000, contacts: int = 1_000_000) -> None:
    name = databases.name_of(referrals)
    started = time.monotonic()
    databases.make(name)
    with databases.at(name):
        print(f"{name}: empty and migrated ({time.monotonic() - started:.0f} s)", flush=True)
        started = time.monotonic()
        seed(referrals=referrals, contacts=contacts)
        took = time.monotonic() - started
        print(f"{referrals:,} referrals and {contacts:,} known contacts in {took:.0f} s ({NOW:%d %B %Y})")
        call_command("verify_invariants")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
