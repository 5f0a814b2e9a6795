"""What waits between partners and SeMI: proposed times, appeals against a refusal, a dispute (C12)."""

from datetime import datetime, timedelta

from partners.models import Partner
from referrals.errors import NotEligible
from referrals.models import Referral, Refusal
from referrals.rules import Person
from referrals.services.appeals import appeal_refusal
from referrals.services.disputes import open_dispute
from referrals.services.proposals import propose_other_times, propose_times
from referrals.services.registration import register_referral
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.scenes import LASTS, Teller


def _hours(*starts: datetime) -> list[tuple[datetime, datetime]]:
    return [(each, each + LASTS) for each in starts]


def times_under_way(ines: Teller, karl: Teller, when: Calendar, *, tom: User) -> None:
    """Karl waits for an answer; Ines got other times from Tom."""
    lookup = karl.defines("Answers for field engineers", "They call the office.", at=when.at(16, 11, 9))
    astrid = karl.registers(
        "Astrid Holm",
        "Service Director",
        "Vestas Lift",
        "astrid.holm@vestaslift.example",
        at=when.at(16, 11),
        use_cases=[lookup],
    )
    propose_times(
        referral=astrid,
        times=_hours(when.at(1, 12, 10), when.at(2, 12, 14), when.at(3, 12, 9)),
        host=None,
        medium="video",
        place="",
        use_cases=[lookup],
        by=karl.partner.user,
        at=when.at(20, 11, 9),
    )
    tariffs = ines.defines("Tariff questions", "Two people know the tariffs by heart.", at=when.at(9, 11, 9))
    tomasz = ines.registers(
        "Tomasz Zielinski",
        "Head of Customs",
        "Baltyk Freight",
        "tomasz.zielinski@baltyk.example",
        at=when.at(9, 11),
        use_cases=[tariffs],
    )
    proposal = propose_times(
        referral=tomasz,
        times=_hours(when.at(24, 11, 9), when.at(25, 11, 11)),
        host=tom,
        medium="video",
        place="",
        use_cases=[tariffs],
        by=ines.partner.user,
        at=when.at(17, 11, 11),
    )
    propose_other_times(
        proposal=proposal,
        times=_hours(when.at(1, 12, 15), when.at(4, 12, 10)),
        host=tom,
        medium="video",
        place="https://meet.semi.example/introduction",
        by=tom,
        at=when.at(19, 11, 9),
    )


def _refused(partner: Partner, person: Person, *, at: datetime) -> Refusal | None:
    try:
        register_referral(partner=partner, person=person, by=partner.user, at=at)
    except NotEligible as refusal:
        return Refusal.objects.filter(pk=refusal.refusal_id or 0).first()
    return None


def contested(ines: Teller, karl: Teller, when: Calendar, *, seller: User) -> None:
    """Ines wanted two people who are Karl's; one refusal she lets be, the other she appeals against."""
    rik, samuel = (
        Person(
            first_name=first,
            last_name=last,
            email=email,
            company_name=company,
            relation="We met at a fair.",
            agreed=True,
        )
        for first, last, email, company in (
            ("Rik", "Vermeer", "rik.vermeer@amstel.example", "Amstel Pharma"),
            ("Samuel", "Okoye", "samuel.okoye@lagernord.example", "Lager Nord"),
        )
    )
    at = when.at(18, 11, 15)
    _refused(ines.partner, rik, at=at)
    if refusal := _refused(ines.partner, samuel, at=at + timedelta(minutes=20)):
        appeal_refusal(
            refusal=refusal,
            text="He asked me himself, in March, to bring you together.",
            person=samuel,
            by=ines.partner.user,
            at=when.at(19, 11, 9),
        )
    ruth = karl.registers(
        "Ruth Ellis",
        "Research Librarian",
        "Kestrel Biotech",
        "ruth.ellis@kestrel.example",
        at=when.at(16, 11),
    )
    open_dispute(
        one=Referral.objects.get(email="owen.hughes@kestrel.example"),
        other=ruth,
        question="Both say that the library was their idea.",
        by=seller,
        at=when.at(19, 11, 14),
    )
