"""Two partners at one company: a need that both brought, one that may be another, a lost deal, a reseller."""

from decimal import Decimal

from partners.models import Partner
from referrals.models import UseCase
from referrals.services.deals import lose_deal, update_deal
from referrals.services.links import link_use_cases
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.scenes import Teller, deal_of, host_says_warm


def two_at_one_company(when: Calendar, *, karl: User, leila: User, tom: User, lead: User) -> None:
    """Let Leila bring what Karl had brought to Amstel Pharma, and Karl something to Leila's Danubia Bank."""
    first, second = (Teller(Partner.objects.get(user=user)) for user in (karl, leila))
    trials = UseCase.objects.get(title="Trial-protocol search", partner=first.partner)
    update_deal(
        deal=deal_of(trials),
        expected_net=Decimal(48000),
        expected_on=None,
        currency="EUR",
        customer_reference="",
        reseller_name="Lichtpunt IT",
        by=lead,
        at=when.at(3, 11, 10),
    )
    protocols = _brought(
        second,
        tom,
        ("Bart Hendriks", "Head of Medical Writing", "Amstel Pharma", "bart.hendriks@amstel.example"),
        "Find passages in protocols",
        when=when,
        met=(9, 6),
    )
    link_use_cases(
        use_case=protocols,
        other=trials,
        reason="Rik Vermeer and Bart Hendriks told us about the same project.",
        by=lead,
        at=when.at(19, 11, 11),
    )
    _brought(
        first,
        tom,
        ("Ioana Dumitru", "Knowledge Manager", "Danubia Bank", "ioana.dumitru@danubia.example"),
        "Answers for the call centre",
        when=when,
        met=(10, 11),
    )
    water = _brought(
        first,
        tom,
        ("Wout Terpstra", "Asset Manager", "Veluwe Water", "wout.terpstra@veluwewater.example"),
        "Pump histories",
        when=when,
        met=(22, 9),
    )
    lose_deal(deal=deal_of(water), reason="They build it themselves.", by=tom, at=when.at(17, 11, 10))


def _brought(
    teller: Teller,
    host: User,
    person: tuple[str, str, str, str],
    title: str,
    *,
    when: Calendar,
    met: tuple[int, int],
) -> UseCase:
    """Return a use case that was discussed in a meeting on the day the person was registered."""
    problem = "What people look for is there and can't be found."
    use_case = teller.defines(title, problem, at=when.at(*met, 8))
    referral = teller.registers(*person, at=when.at(*met, 9), use_cases=[use_case])
    meeting = teller.books(
        referral, host, at=when.at(*met, 10), starts_at=when.at(*met, 15), use_cases=[use_case]
    )
    host_says_warm(meeting, at=when.at(*met, 17), discussed=[use_case])
    return use_case
