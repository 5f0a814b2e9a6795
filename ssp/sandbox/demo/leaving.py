"""Two who leave: Rosa, whose partnership is over, and Leila, whose notice runs to the end of next month."""

from datetime import datetime, time, timedelta

from partners.models import Partner
from partners.services.endings import end_partnerships, give_notice
from referrals.services.leaving import end_claims_of_left_partners
from ssp.core.models import User
from ssp.core.periods import at_local
from ssp.sandbox.demo.cast import become_partner
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.scenes import Teller


def rosa_left_and_leila_leaves(
    rosa: User, leila: User, when: Calendar, *, directors: tuple[User, User]
) -> None:
    """Let Rosa be gone since the end of September, and Leila give notice last Friday."""
    partner = become_partner(
        rosa,
        answers={
            "display_name": "Rosa Silva",
            "legal_name": "Silva Consultoria",
            "country": "PT",
            "knows_field": "Archives and records in the public sector.",
            "can_open": "City archives.",
            "listing_consent": True,
        },
        directors=directors,
        signed_at=when.at(23, 2, 15),
    )
    Teller(partner).registers(
        "Rui Tavares", "Head of Records", "Lusora", "rui.tavares@lusora.example", at=when.at(14, 9)
    )
    give_notice(partner=partner, last_on=when.day(25, 9), by=rosa, at=when.at(15, 9))
    over: datetime = when.at(26, 9, 1)
    end_partnerships(at=over)
    end_claims_of_left_partners(at=over)
    given_at = when.at(20, 11, 16)
    leaves = Partner.objects.get(user=leila)
    next_month = (at_local(when.day(23, 11).replace(day=1), time(12)) + timedelta(days=63)).replace(day=1)
    give_notice(partner=leaves, last_on=next_month.date() - timedelta(days=1), by=leila, at=given_at)
