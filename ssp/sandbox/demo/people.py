"""People's data in the story: an objection, refusals that look like probing, a file that waits for a lead."""

import csv
import io

from partners.models import Partner
from referrals.errors import NotEligible
from referrals.models import Referral
from referrals.services.claims import object_to_contact
from referrals.services.moving_in import upload_running
from referrals.services.probing import look_for_probing
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.scenes import Teller


def people_who_object_and_who_are_tried(
    when: Calendar, *, karl: User, pieter: User, lead: User, host: User
) -> None:
    """Let Nils object, let Karl walk into Halden Retail, and let the lead look at a file from before."""
    tries = Teller(Partner.objects.get(user=karl))
    nils = tries.registers(
        "Nils Aune", "Planner", "Aune Maskin", "nils@aunemaskin.example", at=when.at(9, 11)
    )
    object_to_contact(referral=nils, at=when.at(10, 11, 14))
    at_halden = (
        Referral.objects.live().filter(company__domain="halden.example").exclude(partner=tries.partner)
    )
    for minutes, owned in enumerate(at_halden.order_by("pk")[:3]):
        try:
            tries.registers(
                owned.person_name, owned.title, "Halden Retail", owned.email, at=when.at(19, 11, 15, minutes)
            )
        except NotEligible:
            continue
    look_for_probing(partner_id=tries.partner.pk, at=when.at(19, 11, 15, 10))
    rows = _from_before(when, karl=karl, pieter=pieter, host=host)
    for name, part in (("Pharma.csv", rows[2:]), ("Introductions before July.csv", rows[:2])):
        upload_running(content=_file_of(part), file_name=name, by=lead, at=when.at(20, 11, 15))


def _from_before(when: Calendar, *, karl: User, pieter: User, host: User) -> list[dict[str, object]]:
    met: dict[str, object] = {"agreed": "yes", "medium": "video", "host": host.email, "currency": "EUR"}
    return [
        {
            **met,
            "partner": karl.email,
            "first_name": "Hedda",
            "last_name": "Moen",
            "email": "hedda.moen@vestkraft.example",
            "company": "Vestkraft",
            "title": "Grid planner",
            "registered_on": when.day(8, 6),
            "told_on": when.day(8, 6),
            "use_case": "Outage reports",
            "problem": "Reports of ten years are searched by hand.",
            "introduced_on": when.day(22, 6),
            "stage": "negotiating",
            "value": "27500.00",
        },
        {
            **met,
            "partner": pieter.email,
            "first_name": "Lotte",
            "last_name": "Claes",
            "email": "lotte.claes@scheldehaven.example",
            "company": "Scheldehaven",
            "title": "Permit officer",
            "registered_on": when.day(15, 6),
            "use_case": "Permit answers",
            "problem": "Shippers ask the same questions every day.",
            "introduced_on": when.day(6, 7),
            "stage": "proposal",
            "value": "19000.00",
        },
        {
            **met,
            "partner": pieter.email,
            "first_name": "Rik",
            "last_name": "Vermeer",
            "email": "rik.vermeer@amstel.example",
            "company": "Amstel Pharma",
            "registered_on": when.day(15, 6),
            "use_case": "Protocols",
            "problem": "Nobody finds the protocol of last year.",
            "introduced_on": when.day(6, 7),
        },
    ]


def _file_of(rows: list[dict[str, object]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted({name for row in rows for name in row}))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
