"""The check of one person: everything between the partner's button and the answer (C10-C12)."""

from collections.abc import Callable

from bench.measuring import Subject
from bench.moment import NOW
from bench.people import FOUR, MANY, Firm, firm
from partners.models import Partner
from referrals.errors import NotEligible
from referrals.models import KnownContact, Referral, ReferralStatus
from referrals.rules import Person
from referrals.services.registration import register_referral

CHAPTER = "Registering a person"


def _registers(person: Person, wanted: str) -> Callable[[], object]:
    """Return what registers somebody, and what makes sure that it is what we measure."""
    partner = Partner.objects.select_related("user").order_by("pk")[0]

    def register() -> str:
        try:
            referral = register_referral(partner=partner, person=person, by=partner.user, at=NOW)
        except NotEligible:
            return "refused"
        return str(referral.status)

    def call() -> None:
        told = register()
        assert told == wanted, (person.company_name, told, wanted)

    return call


def _at(where: Firm, *, first: str, last: str, email: str = "") -> Person:
    email = email or f"somebody.else@{where.domain}"
    return Person(first, last, email, where.name, title="Head of data", relation="Old friends", agreed=True)


def _known() -> Callable[[], object]:
    contact = KnownContact.objects.order_by("pk")[0]
    return _registers(_at(firm(FOUR), first="Zoe", last="Xu", email=contact.email), "refused")


def _owned() -> Callable[[], object]:
    claim = Referral.objects.live().exclude(partner_id=Partner.objects.order_by("pk")[0].pk).order_by("pk")[0]
    person = Person(claim.first_name, claim.last_name, claim.email, claim.company.name, agreed=True)
    return _registers(person, "refused")


def _similar(number: int) -> Callable[[], object]:
    where = firm(number)
    contact = KnownContact.objects.filter(domain=where.domain).order_by("pk")[0]
    person = _at(where, first=contact.first_name, last=contact.last_name)
    return _registers(person, ReferralStatus.CHECKING)


def _unlike(where: Firm) -> Callable[[], object]:
    person = _at(where, first="Xiuhcoatl", last="Quetzalli", email=f"xq@{where.domain}")
    return _registers(person, ReferralStatus.REGISTERED)


SUBJECTS = [
    Subject(CHAPTER, "known by the address", _known),
    Subject(CHAPTER, "owned by another partner", _owned),
    Subject(CHAPTER, "a similar name at a company of four", lambda: _similar(FOUR)),
    Subject(CHAPTER, "a similar name where 2 in 100 of all contacts work", lambda: _similar(MANY)),
    Subject(CHAPTER, "nobody alike at a company of four", lambda: _unlike(firm(FOUR))),
    Subject(CHAPTER, "nobody alike where 2 in 100 work", lambda: _unlike(firm(MANY))),
]
