"""What happened, told on four kinds of pages: the newest on top, what comes next above today."""

from datetime import timedelta

import pytest

from referrals.models import DealStage, Referral, UseCase
from referrals.rules import Colleague
from referrals.services.comments import comment_on_use_case
from referrals.services.deals import lose_deal, move_deal
from referrals.services.notes import write_note
from referrals.services.outcomes import add_internal_referral
from ssp.core.models import User
from ssp.dashboard import timelines
from tests.factories.referrals import active_partner, confirmed_warm, registered, seller
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
TODAY = MONDAY.date()


@pytest.fixture
def tom() -> User:
    return seller()


@pytest.fixture
def case(tom: User) -> UseCase:
    """Introduced three weeks ago; moved, commented on and noted about on one later day."""
    found = confirmed_warm(registered(at=MONDAY - timedelta(days=23), last_name="Reis"))
    hours = iter(range(3))
    on = MONDAY - timedelta(days=2)
    move_deal(deal=found.deal, stage=DealStage.PROPOSAL, by=tom, at=on + timedelta(hours=next(hours)))
    comment_on_use_case(use_case=found, text="A comment.", by=tom, at=on + timedelta(hours=next(hours)))
    write_note(about=found, text="A note.", by=tom, at=on + timedelta(hours=next(hours)))
    return found


def person(case: UseCase) -> Referral:
    assert case.referral
    return case.referral


def titles(items: list[timelines.Item]) -> list[str]:
    return [str(item["title"]) for item in items]


LATEST = ["Note by Tom Brandt", "Tom Brandt commented on “Search”", "“Search”: Proposal sent"]


@pytest.mark.parametrize("page", ["referral", "use_case"])
def test_what_happened_on_one_day_stands_in_its_order_below_today(case: UseCase, page: str) -> None:
    if page == "referral":
        items = timelines.of_referral(person(case), on=TODAY, with_notes=True)
    else:
        items = timelines.of_use_case(case, on=TODAY, with_notes=True)

    now = next(n for n, item in enumerate(items) if item["kind"] == "today")
    assert titles(items)[now - 1] == "Last day to sign “Search”"
    assert titles(items)[now + 1 : now + 4] == LATEST


@pytest.mark.parametrize("page", ["referral", "use_case", "company", "partner"])
def test_who_may_not_read_notes_gets_the_rest(case: UseCase, page: str) -> None:
    items = {
        "referral": lambda: timelines.of_referral(person(case), on=TODAY, with_notes=False),
        "use_case": lambda: timelines.of_use_case(case, on=TODAY, with_notes=False),
        "company": lambda: timelines.of_company(person(case).company, on=TODAY, with_notes=False),
        "partner": lambda: timelines.of_partner(case.partner, on=TODAY, with_notes=False),
    }[page]()

    assert "“Search”: Proposal sent" in titles(items)
    assert "Note by Tom Brandt" not in titles(items)


def test_a_company_tells_of_everybody_in_it_whoever_introduced_them(case: UseCase, tom: User) -> None:
    company = person(case).company
    other = registered(
        active_partner("Pieter Vos"), email=f"bo@{company.domain}", last_name="Lund", at=MONDAY
    )
    registered(email="cy@elsewhere.example", last_name="Adler", at=MONDAY)
    add_internal_referral(
        passed_on_by=person(case),
        colleague=Colleague("Milan", "Hora", f"milan@{company.domain}"),
        by=tom,
        at=MONDAY,
    )
    write_note(about=other, text="About Bo.", by=tom, at=MONDAY)

    told = titles(timelines.of_company(company, on=TODAY, with_notes=True))

    assert {"Pieter Vos registered Mila Lund", "Met Mila Reis", "We were passed on to Milan Hora"} <= {*told}
    assert told.count("Note by Tom Brandt") == 2
    assert not any("Adler" in title for title in told)


def test_a_partner_tells_of_their_own_people_alone(case: UseCase) -> None:
    registered(active_partner("Pieter Vos"), last_name="Lund")

    told = titles(timelines.of_partner(case.partner, on=TODAY, with_notes=True))

    assert told[-1] == "The partnership started"
    assert {"Met Mila Reis", *LATEST[:1], *LATEST[2:]} <= {*told}
    assert not any("Lund" in title for title in told)


def test_a_lost_deal_says_who_closed_it_and_why(case: UseCase, tom: User) -> None:
    lose_deal(deal=case.deal, reason="No budget.", by=tom, at=MONDAY)

    items = timelines.of_use_case(case, on=TODAY, with_notes=True)

    [lost] = [item for item in items if item["title"] == "“Search” lost"]
    assert (lost["text"], lost["kind"]) == ("by Tom Brandt: No budget.", "key")


def test_a_long_life_is_told_from_its_newest_end(case: UseCase, tom: User, monkeypatch) -> None:
    monkeypatch.setattr(timelines, "PAST", 2)
    monkeypatch.setattr(timelines, "COMING", 0)

    told = titles(timelines.of_company(person(case).company, on=TODAY, with_notes=True))

    assert told[1:] == [LATEST[0], LATEST[2]]
