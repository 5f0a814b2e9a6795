"""What the partners of the story show in the public directory: each a little different (C16)."""

from datetime import datetime
from typing import Any

from partners.models import Partner
from partners.services.profiles import DETAILS, save_profile
from ssp.sandbox import people
from ssp.sandbox.people import DemoPerson

PROFILES: dict[DemoPerson, dict[str, Any]] = {
    people.INES: {
        "company": "Marchetti Advisory",
        "city": "Amsterdam",
        "country": "NL",
        "headline": "Retail and energy: product search, grid incidents",
        "about": (
            "I built product search for shops for ten years before I advised them. I know the people who "
            "answer for what customers can't find, in Italy and the Netherlands.\n\n"
            "Ask me about search that understands a description, and about finding what happened before when "
            "the grid has an incident."
        ),
        "languages": ["it", "nl", "en"],
        "topics": ["retail", "energy", "product search", "incident search"],
        "website": "https://marchetti.example",
        "email": "ines@marchetti.example",
        "phone": "+31 20 555 01 44",
    },
    people.PIETER: {
        "company": "Vos & Partners",
        "city": "Ghent",
        "country": "BE",
        "headline": "Ports and pharma: permit and protocol search",
        "languages": ["nl", "fr", "en"],
        "topics": ["ports", "pharma", "documents"],
        "email": "pieter@vos.example",
    },
    people.KARL: {
        "company": "Jensen Industri",
        "city": "Aarhus",
        "country": "DK",
        "headline": "Manufacturing: search over service manuals",
        "languages": ["da", "de", "en"],
        "topics": ["manufacturing", "service manuals", "spare parts"],
        "website": "https://jensen.example",
        "phone": "+45 55 50 12 90",
    },
    people.LEILA: {
        "company": "Haddad & Co",
        "city": "Brussels",
        "country": "BE",
        "headline": "Insurance and banking: policies, claims, complaints",
        "about": "Twenty years in insurance, the last eight with claims. I speak the language of both sides.",
        "languages": ["fr", "ar", "en"],
        "topics": ["insurance", "banking", "claims"],
        "email": "leila@haddad.example",
    },
}
HIDDEN = ("phone",)


def fill_in_profiles(*, at: datetime) -> None:
    """Let every partner of the story say something about themself, and keep the phone number to themself."""
    for partner in Partner.objects.filter(started_at__isnull=False).select_related("user").order_by("pk"):
        mine = next((said for person, said in PROFILES.items() if person.email == partner.user.email), None)
        if mine is None:
            continue
        empty: dict[str, Any] = dict.fromkeys(DETAILS, "") | {"languages": [], "topics": []}
        save_profile(
            partner=partner,
            details={**empty, **mine, "display_name": partner.display_name},
            shown=[name for name in mine if name not in HIDDEN],
            by=partner.user,
            at=at,
        )
