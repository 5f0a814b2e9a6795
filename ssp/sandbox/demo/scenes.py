"""What one can do in the story, in one line each; every line is a public service."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from partners.models import CommissionModel, Partner
from referrals.models import Confirmation, Deal, Introduction, Medium, Referral, UseCase
from referrals.rules import Answer, Colleague, Person
from referrals.services.confirmations import answer_confirmation, ask_for_confirmations
from referrals.services.introductions import book_introduction
from referrals.services.registration import register_referral
from referrals.services.use_cases import define_use_case, elect_model
from ssp.core.models import User

LASTS = timedelta(minutes=45)


@dataclass
class Teller:
    """Tells the story of one partner."""

    partner: Partner

    def defines(
        self, title: str, problem: str, *, at: datetime, about: Referral | None = None, value: str = ""
    ) -> UseCase:
        return define_use_case(
            partner=self.partner,
            title=title,
            problem=problem,
            data="",
            who_feels_it="",
            expected_value=value,
            referral=about,
            by=self.partner.user,
            at=at,
        )

    def registers(
        self,
        name: str,
        title: str,
        company: str,
        email: str,
        *,
        at: datetime,
        relation: str = "We worked together for years.",
        use_cases: Iterable[UseCase] = (),
    ) -> Referral:
        first, _space, last = name.partition(" ")
        person = Person(
            first_name=first,
            last_name=last,
            email=email,
            company_name=company,
            title=title,
            relation=relation,
            agreed=True,
        )
        return register_referral(
            partner=self.partner, person=person, use_cases=use_cases, by=self.partner.user, at=at
        )

    def books(
        self,
        referral: Referral,
        host: User,
        *,
        at: datetime,
        starts_at: datetime,
        use_cases: Iterable[UseCase] = (),
        medium: Medium = Medium.VIDEO,
    ) -> Introduction:
        return book_introduction(
            referral=referral,
            host=host,
            starts_at=starts_at,
            ends_at=starts_at + LASTS,
            medium=medium,
            place="https://meet.semi.example/introduction"
            if medium == Medium.VIDEO
            else "Prinsengracht 769, Amsterdam",
            use_cases=use_cases,
            by=host,
            at=at,
        )

    def elects(self, use_case: UseCase, model: CommissionModel, *, at: datetime) -> None:
        elect_model(use_case=use_case, model=model, by=self.partner.user, at=at)


def is_asked(meeting: Introduction, *, at: datetime) -> Confirmation:
    """Let the meeting's end pass, and return the host's question (C14)."""
    ask_for_confirmations(at=at)
    return meeting.confirmations.get(asked=Confirmation.Asked.HOST)


def host_says_warm(
    meeting: Introduction,
    *,
    at: datetime,
    discussed: Iterable[UseCase],
    colleagues: Iterable[Colleague] = (),
) -> None:
    question = is_asked(meeting, at=meeting.ends_at)
    answer = Answer(
        kind="warm",
        medium=meeting.medium,
        use_case_ids=tuple(use_case.pk for use_case in discussed),
        colleagues=tuple(colleagues),
    )
    answer_confirmation(confirmation=question, answer=answer, by=meeting.host, at=at)


def host_says_not_warm(meeting: Introduction, reason: str, *, at: datetime) -> None:
    question = is_asked(meeting, at=meeting.ends_at)
    answer_confirmation(
        confirmation=question, answer=Answer(kind="not_warm", reason=reason), by=meeting.host, at=at
    )


def deal_of(use_case: UseCase) -> Deal:
    return Deal.objects.get(use_case=use_case)
