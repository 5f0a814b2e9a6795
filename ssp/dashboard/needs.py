"""Use cases of several partners at one company, side by side: which might be one, and what that does."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from commissions.ledger_sums import sums_by
from commissions.models import Commission
from referrals import story
from referrals.models import DealStage, Introduction, UseCase, UseCaseLink
from referrals.same_needs import others_at_the_company, qualifying_meetings
from referrals.services.links import first_of, why_not_link
from ssp.core.errors import DomainError
from ssp.core.money import format_money
from ssp.core.templatetags.ssp import day


@dataclass(frozen=True)
class Side:
    """A use case as one column: what it is, when its meeting began, where it stands, what it earned."""

    use_case: UseCase
    meeting: Introduction | None
    tone: str
    word: str
    earned: list[str]


@dataclass(frozen=True)
class Candidate:
    """Another partner's use case, why it can't be linked, or what linking would do."""

    side: Side
    refusal: DomainError | None
    consequence: str = ""
    pays_first: bool = False  # this one would pay

    @property
    def use_case(self) -> UseCase:
        return self.side.use_case


def side_by_side(use_case: UseCase, *, on: date) -> tuple[Side, list[Candidate]]:
    """Return a use case and those of other partners at the same company (C18)."""
    others = list(others_at_the_company(use_case))
    sides = {side.use_case.pk: side for side in _sides([use_case, *others])}
    mine = sides[use_case.pk]
    return mine, [_candidate(mine, sides[other.pk], on=on) for other in others]


def _sides(cases: list[UseCase]) -> list[Side]:
    meetings = qualifying_meetings(cases)
    earned: dict[int, list[str]] = {}
    for row in sums_by(Commission.objects.filter(use_case__in=cases), "use_case"):
        earned.setdefault(row["use_case"], []).append(format_money(row["amount"], row["currency"], code=True))
    return [
        Side(case, meetings.get(case.pk), *story.deal_status(case), earned.get(case.pk, [])) for case in cases
    ]


def _candidate(mine: Side, other: Side, *, on: date) -> Candidate:
    refusal = why_not_link(mine.use_case, other.use_case)
    if refusal is not None:
        return Candidate(other, refusal)
    paying, duplicate = first_of(mine.use_case, other.use_case)
    loser = mine if duplicate.pk == mine.use_case.pk else other
    said = _consequence(paying, loser, on=on)
    return Candidate(other, None, said, pays_first=paying.pk == other.use_case.pk)


def _consequence(paying: UseCase, loser: Side, *, on: date) -> str:
    facts = {"pays": paying.partner, "closes": loser.use_case.partner, "earned": ", ".join(loser.earned)}
    said = [
        _("“%(title)s” by %(pays)s pays: its meeting began first. The one by %(closes)s is closed.")
        % {**facts, "title": paying.title}
    ]
    if loser.earned:
        said.append(_("What %(closes)s earned with it stays (%(earned)s); nothing is added.") % facts)
    deal = getattr(paying, "deal", None)
    if deal and deal.stage == DealStage.LOST:
        said.append(_("But that deal was lost, so then neither of them can pay."))
    elif deal and deal.is_open and paying.window_ends_on and paying.window_ends_on < on:
        said.append(
            _("But its window ended on %(day)s: only a signature until that day pays.")
            % {"day": day(paying.window_ends_on)}
        )
    return " ".join(said)


def links_of(use_case: UseCase) -> list[UseCaseLink]:
    """Return the links of a use case, those in force first, with who said so."""
    rows = UseCaseLink.objects.about(use_case).select_related(
        "paying__partner__user", "duplicate__partner__user", "linked_by", "taken_back_by"
    )
    return sorted(rows, key=lambda link: (not link.is_live, -link.pk))
