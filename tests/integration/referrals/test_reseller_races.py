"""Won and closed as reseller at the same moment: one of them, and a won deal keeps paying (C19)."""

import threading
from typing import Any

import pytest

from referrals.errors import DealClosed
from referrals.models import Deal, DealStage, UseCase, UseCaseOutcome
from referrals.rules import Answer
from referrals.services import deals, outcomes
from referrals.services.confirmations import answer_confirmation
from referrals.services.deals import win_deal
from ssp.core import outbox
from tests.factories.referrals import asked, confirmed_warm, held, seller
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C19")]


class Race:
    """A deal about to be won while a second meeting about it is about to be answered with *reseller*."""

    def __init__(self) -> None:
        self.case = confirmed_warm()
        self.later = held(self.case.referral, starts_at=MONDAY.replace(day=27))
        self.question, self.tom = asked(self.later), seller()
        self.first_is_there, self.never = threading.Event(), threading.Event()

    def pause(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        """Let the first one stand still for a second, its work done and not committed."""
        real = getattr(owner, name)

        def linger(*args: Any, **kwargs: Any) -> Any:
            if not self.first_is_there.is_set():
                self.first_is_there.set()
                self.never.wait(timeout=1)
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, linger)

    def win(self) -> object:
        deal = Deal.objects.get(use_case=self.case)
        return win_deal(deal=deal, signed_on=self.later.held_on, by=self.tom, at=self.later.ends_at)

    def close(self) -> object:
        return answer_confirmation(
            confirmation=self.question,
            answer=Answer(kind="reseller"),
            by=self.later.host,
            at=self.later.ends_at,
        )

    def second(self, work: Any) -> object:
        self.first_is_there.wait(timeout=10)
        return work()

    @property
    def end(self) -> tuple[str, str]:
        case = UseCase.objects.select_related("deal").get(pk=self.case.pk)
        return case.outcome, case.deal.stage


@pytest.fixture
def race(monkeypatch: pytest.MonkeyPatch) -> Race:
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)
    return Race()


def test_won_first_stays_won_and_open(race: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    race.pause(monkeypatch, deals.audit, "record")

    at_once(race.win, lambda: race.second(race.close))

    assert race.end == (UseCaseOutcome.OPEN, DealStage.WON)


def test_closed_first_can_not_be_won(race: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    race.pause(monkeypatch, outcomes, "tell_use_case_changed")

    results = at_once(race.close, lambda: race.second(race.win))

    assert isinstance(results[1], DealClosed)
    assert race.end == (UseCaseOutcome.RESELLER, DealStage.LOST)


def test_without_the_lock_a_won_deal_is_closed_as_reseller(
    race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "lock_deals", lambda introduction: None)
    race.pause(monkeypatch, deals.audit, "record")

    at_once(race.win, lambda: race.second(race.close))

    assert race.end == (UseCaseOutcome.RESELLER, DealStage.WON)  # it would never pay
