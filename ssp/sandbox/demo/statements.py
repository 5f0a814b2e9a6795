"""The months that are over have their statements; Ines contests two entries, and one is answered."""

from datetime import datetime, time

from commissions.contests import answer_contest, contest_entry
from commissions.models import Commission, Fact, Statement, StatementLine
from commissions.statements import close_months
from partners.models import Partner
from ssp.core.models import User
from ssp.core.periods import add_months, at_local, local_date
from ssp.sandbox.demo.moments import Calendar


def months_are_closed(when: Calendar, *, until: datetime) -> None:
    """Issue the statements of every month since the first payment, each in the night after its end."""
    first = add_months(when.day(1, 7).replace(day=1), 1)
    while first <= local_date(until):
        close_months(at=at_local(first, time(0, 30)))
        first = add_months(first, 1)


def two_entries_are_contested(ines: Partner, when: Calendar, *, finance: User) -> None:
    """One about a credit note, answered within a week; one about a payment, still open."""
    taken_back = _entry(ines, kind=Fact.Kind.CREDIT)
    answered = contest_entry(
        entry=taken_back,
        statement=_statement_of(taken_back),
        text=(
            "The credit note was about the set-up, which the customer did not need after all. "
            "Does it really count against the first invoice?"
        ),
        by=ines.user,
        at=when.at(5, 11, 9),
    )
    answer_contest(
        contest=answered,
        agreed=False,
        answer=(
            "It does. You chose the first invoice, and that is all of it, set-up included: you were paid "
            "25% of the set-up in July. CN-2026-0031 credits €2,000.00 net of that invoice, so 25% of it, "
            "€500.00, is taken back."
        ),
        by=finance,
        at=when.at(10, 11, 15),
    )
    half = _entry(ines, kind=Fact.Kind.PAYMENT, reference="P-2026-0412-1")
    contest_entry(
        entry=half,
        statement=_statement_of(half),
        text=(
            "Kestrel Biotech told me that they paid €10,000.00 on 12 October. The sum starts from €9,438.00. "
            "Could you look at the bank statement again?"
        ),
        by=ines.user,
        at=when.at(18, 11, 11),
    )


def _entry(partner: Partner, *, kind: str, reference: str = "") -> Commission:
    mine = Commission.objects.owned_by(partner).filter(fact__kind=kind, fact__reference__startswith=reference)
    return mine.select_related("partner").exclude(kind="bonus").order_by("pk")[0]


def _statement_of(entry: Commission) -> Statement | None:
    """Return the month's statement that an entry stands in, once that month is over."""
    line = StatementLine.objects.filter(commission=entry).select_related("statement").first()
    return line.statement if line else None
