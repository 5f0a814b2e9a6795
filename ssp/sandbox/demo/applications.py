"""Applications on their way: in review, late and perhaps a second account, returned, declined, a draft."""

from datetime import datetime

from partners.models import Application, Contract, ContractReview, Partner, ProgramTerms
from partners.services.applications import reject_application, save_application, submit_application
from partners.services.contracts import change_numbers, review_contract
from partners.services.recruits import invite_recruit
from ssp.core.models import User
from ssp.sandbox.demo.cast import make_account
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.people import DemoPerson

YARA = DemoPerson("Yara Nordin", "yara@nordin.example", ())
SECOND_INES = DemoPerson("Ines Marchetti", "ines.marchetti@studio.example", ())
OTTO = DemoPerson("Otto Brandl", "otto@brandl.example", ())
HUGO = DemoPerson("Hugo Santos", "hugo@santos.example", ())
NINA = DemoPerson("Nina Kovac", "nina@kovac.example", ())


def applications(when: Calendar, *, directors: tuple[User, User], recruiter: Partner) -> None:
    """Tell of those who applied lately."""
    bram, carla = directors
    yara = _applies(
        YARA,
        legal_name="Nordin Data AB",
        country="SE",
        knows_field="Eight years of search at a Nordic bookseller.",
        can_open="Publishers and libraries in Sweden and Finland.",
        at=when.at(19, 11, 15),
    )
    change_numbers(
        contract=yara,
        numbers={"first_invoice_percent": 20},
        version=yara.version,
        by=carla,
        at=when.at(20, 11, 9),
    )
    _applies(
        SECOND_INES,
        legal_name="Marchetti Advisory S.r.l.",
        country="NL",
        knows_field="Product search, and now fashion.",
        can_open="Fashion houses in Milan.",
        at=when.at(12, 11, 11),
    )
    otto = _applies(
        OTTO,
        legal_name="Brandl Beratung GmbH",
        country="AT",
        knows_field="Document search for public offices.",
        can_open="Ministries and courts in Austria.",
        at=when.at(18, 11, 10),
    )
    review_contract(
        contract=otto,
        director=bram,
        decision=ContractReview.Decision.REJECTED,
        reason="He sits on a tender board that buys from us: ask our lawyers first.",
        version=otto.version,
        at=when.at(20, 11, 14),
    )
    hugo = _applies(
        HUGO,
        legal_name="Santos Marketing",
        country="PT",
        knows_field="Mailing lists.",
        can_open="Everybody in my list of 40,000 addresses.",
        at=when.at(9, 11, 9),
    )
    reject_application(
        application=Application.objects.get(partner=hugo.partner),
        reason="We work with people who introduce somebody they know. A mailing list isn't that.",
        by=carla,
        at=when.at(11, 11, 16),
    )
    invite_recruit(partner=recruiter, email="dana@okafor.example", by=recruiter.user, at=when.at(16, 11, 9))
    nina = make_account(NINA, at=when.at(20, 11))
    save_application(
        applicant=nina, answers={"legal_name": "Kovac d.o.o."}, invitation=None, at=when.at(20, 11)
    )


def _applies(person: DemoPerson, *, at: datetime, **answers: str) -> Contract:
    user = make_account(person, at=at)
    said = {"display_name": person.name, "listing_consent": True, **answers}
    application = save_application(applicant=user, answers=said, invitation=None, at=at)
    terms = ProgramTerms.objects.in_force(on=at.date())
    return submit_application(application=application, terms=terms, by=user, at=at)
