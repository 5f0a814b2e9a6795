"""Fill an empty database with introductions and known contacts, in states that every guard lets through.

    python -m bench.seed 100000 1000000

seeds a database of its own on the server of DATABASE_URL. Everything is copied or updated in bulk, and no
trigger and no constraint is switched off; the plain indexes of the known contacts alone are built afterwards,
from their own definitions. At the end `verify_invariants` is asked.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
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
from bench.lives import Life, Meeting, Need, Sale, lives  # noqa: E402
from bench.moment import LONG_AGO, NOW  # noqa: E402
from bench.partnerships import DIRECTORS, FIRST_PARTNER, seed_partners, seed_staff  # noqa: E402
from bench.people import FOUR, MANY, address, firm, name_key, somebody  # noqa: E402
from referrals import rules  # noqa: E402
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
from ssp.core.periods import add_months, local_date, start_of_day  # noqa: E402

REFERRALS_A_PARTNER = 250
EVIDENCE = Jsonb({"known_contact": False, "similar_contacts": [], "similar_referrals": []})
Row = dict[str, Any]


def seed(*, referrals: int, contacts: int) -> None:
    """Seed the database that the connection leads to."""
    partners = max(4, referrals // REFERRALS_A_PARTNER)
    with transaction.atomic():
        keep_triggers_quick()
        seed_staff()
        everybody = list(_telling("partners and lives", lambda: lives(referrals, seed_partners(partners))))
        seed_lives(everybody)
        _telling("audit", lambda: _seed_audit(everybody, partners))
        _telling("known contacts", lambda: _seed_contacts(contacts))
    _telling("vacuum", vacuum)


def seed_lives(everybody: list[Life]) -> None:
    """Insert people with all that became of them, up to their deals."""
    _telling("companies", lambda: _seed_companies(everybody))
    _telling("referrals", lambda: _seed_referrals(everybody))
    _telling("use cases", lambda: _seed_use_cases(everybody))
    _telling("meetings and answers", lambda: _seed_meetings(everybody))
    _telling("windows", lambda: _open_windows(everybody))
    _telling("deals", lambda: _seed_deals(everybody))


def _telling[Made](what: str, make: Callable[[], Made]) -> Made:
    started = time.monotonic()
    made = make()
    print(f"    {what}: {time.monotonic() - started:.1f} s", flush=True)
    return made


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def keep_triggers_quick() -> None:
    """Let triggers cost the same for every row.

    Their plans are made while the tables are empty, so they are told to use indexes. And each asks which
    triggers to ignore; without an answer it stumbles over an exception, whose end goes through every key
    that waits to be checked, so it is told: none.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL pgtrigger.ignore = '{}'")


def _seed_companies(everybody: list[Life]) -> None:
    firms = {life.firm.number: life.firm for life in everybody} | {MANY: firm(MANY), FOUR: firm(FOUR)}
    copy(
        Company,
        (
            {"id": each.number + 1, "name": each.name, "domain": each.domain, "key": each.key}
            for each in firms.values()
        ),
    )
    reset_sequences(Company)


def _seed_referrals(everybody: list[Life]) -> None:
    """Insert roots first: an internal referral is compared with its root."""
    copy(Referral, (_referral(life) for life in everybody if life.root is None))
    copy(Referral, (_referral(life) for life in everybody if life.root is not None))
    reset_sequences(Referral)


def _referral(life: Life) -> Row:
    accepted_at = None if life.status in ("checking", "declined") else life.registered_at
    return {
        "id": life.number,
        "partner": life.partner,
        "company": life.firm.number + 1,
        "root": life.root,
        "passed_on_by": life.root,
        "internal_slot": life.slot,
        "first_name": life.first,
        "last_name": life.last,
        "email": life.email,
        "title": "Head of data",
        "name_key": name_key(life.first, life.last),
        "identity": identity_of(life.email),
        "evidence": EVIDENCE,
        "status": life.status,
        "registered_at": life.registered_at,
        "registered_on": life.registered_on,
        "agreement_attested": life.root is None,
        "registered_by": life.partner,
        "partner_confirmed_at": life.registered_at,
        "vested_at": life.vested_at,
        "accepted_at": accepted_at,
        "told_at": accepted_at,
        "claim_last_on": life.claim_last_on,
        "claim_ended_at": life.ended_at,
        "seller": life.seller,
        "objection_hash": _digest("objection", life.number),
    }


def _digest(*of: object) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest()


def _needs(everybody: list[Life]) -> Iterator[tuple[int, Life, Need]]:
    """Yield every use case with the number it gets."""
    number = 0
    for life in everybody:
        for need in life.needs:
            number += 1
            yield number, life, need


def _seed_use_cases(everybody: list[Life]) -> None:
    copy(
        UseCase,
        (
            {
                "id": number,
                "partner": life.partner,
                "referral": life.number,
                "title": need.title,
                "problem": "Nobody finds anything.",
                "data": "Manuals",
                "who_feels_it": "Support",
                "expected_value": "Two hours a day",
                "defined_at": need.defined_at,
                "outcome": need.outcome,
                "closed_at": life.meeting.ends_at if need.outcome and life.meeting else None,
            }
            for number, life, need in _needs(everybody)
        ),
    )
    reset_sequences(UseCase)


def _seed_meetings(everybody: list[Life]) -> None:
    met = [(life, life.meeting) for life in everybody if life.meeting]
    copy(Introduction, (_introduction(life, meeting) for life, meeting in met))
    copy(
        Discussion,
        (
            {
                "introduction": life.number,
                "use_case": number,
                "discussed": need.starts_on is not None if life.meeting.answer else None,
            }
            for number, life, need in _needs(everybody)
            if life.meeting
        ),
    )
    copy(
        Confirmation,
        (
            _confirmation(life, meeting, asked)
            for life, meeting in met
            if meeting.is_asked
            for asked in ("host", "partner")
        ),
    )
    reset_sequences(Introduction, Discussion, Confirmation)


def _introduction(life: Life, meeting: Meeting) -> Row:
    return {
        "id": life.number,
        "referral": life.number,
        "host": meeting.host,
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "medium": meeting.medium,
        "place": "https://meet.example/1",
        "status": meeting.status,
        "calendar_uid": f"{life.number}@bench",
        "proposed_by": life.partner,
        "proposed_at": life.registered_at,
        "asked_at": meeting.ends_at if meeting.is_asked else None,
    }


def _confirmation(life: Life, meeting: Meeting, asked: str) -> Row:
    """Return a question with its answer: the host's decides, and a third of the partners said something."""
    is_answered = bool(meeting.answer) and (asked == "host" or life.number % 3 == 0)
    by = meeting.host if asked == "host" else life.partner
    return {
        "introduction": life.number,
        "asked": asked,
        "token_salt": "salt",
        "token_hash": _digest(asked, life.number),
        "asked_at": meeting.ends_at,
        "expires_at": start_of_day(rules.partner_decides_on(local_date(meeting.ends_at))),
        "answered_at": meeting.ends_at if is_answered else None,
        "answered_by": by if is_answered else None,
        "answer": meeting.answer if is_answered else "",
        "reason": "They have no budget." if is_answered and meeting.answer == "not_warm" else "",
        "decides": is_answered and asked == "host",
    }


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
            (
                {
                    "use_case": number,
                    "months": need.extended_months,
                    "reason": "Their budget moved.",
                    "director": DIRECTORS[0],
                    "granted_at": life.vested_at,
                }
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
    copy(
        Deal,
        (
            _deal(number, life, need, need.sale)
            for number, life, need in _needs(everybody)
            if need.sale is not None
        ),
    )
    reset_sequences(Deal)


def _deal(number: int, life: Life, need: Need, sale: Sale) -> Row:
    return {
        "id": number,
        "use_case": number,
        "stage": sale.stage,
        "expected_net": Random(f"worth {number}").randrange(5, 200) * 1000,
        "expected_on": add_months(need.starts_on, 5) if need.starts_on else None,
        "customer_reference": f"C-{number}",
        "signed_on": sale.signed_on,
        "recorded_at": start_of_day(sale.signed_on) if sale.signed_on else None,
        "lost_reason": "They chose somebody else." if sale.stage == "lost" else "",
        "created_at": life.vested_at,
    }


def _seed_audit(everybody: list[Life], partners: int) -> None:
    """Write down each registration, and the refusals: a fifth more asked about somebody known or owned."""
    random = Random("refusals")

    def entry(life: Life, action: str, target_type: str, target: int) -> Row:
        return {
            "at": life.registered_at,
            "by": life.partner,
            "action": action,
            "target_type": target_type,
            "target_id": target,
            "data": Jsonb({}),
            "recorded_at": life.registered_at,
        }

    copy(
        AuditEntry,
        (entry(life, "referral.registered", "referrals.referral", life.number) for life in everybody),
    )
    refused = [life for life in everybody if random.random() < 0.2]
    copy(
        AuditEntry,
        (
            entry(life, "referral.refused", "partners.partner", FIRST_PARTNER + random.randrange(partners))
            for life in refused
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

    def contact(number: int) -> Row:
        chance = random.random()
        where = firm(FOUR if number < 2 else MANY if chance < 0.02 else random.randrange(2, firms))
        first, last = somebody(random)
        email = address(first, last, f"k{number}", where)
        return {
            "identity": identity_of(email),
            "first_name": first,
            "last_name": last,
            "email": email,
            "company_name": where.name,
            "company_key": where.key,
            "name_key": name_key(first, last),
            "domain": where.domain,
            "known_since": LONG_AGO,
            "imported_in": imported.pk,
        }

    with indexed_afterwards(KnownContact):
        copy(KnownContact, (contact(number) for number in range(count)))


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
