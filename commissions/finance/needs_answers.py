"""What waits for a person's answer: entries that partners contest, and deals that the ledger refuses."""

from datetime import date

from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext as _

from commissions.finance.needs import ROWS, Need, Row, added, provides
from commissions.models import AccrualFailure, ContestedEntry
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import day


@provides("not_worked_out", place=5)
def not_worked_out(today: date) -> Need | None:
    """Deals whose commission the ledger refuses: their partners get nothing of it meanwhile."""
    failures = AccrualFailure.objects.select_related("deal__use_case__referral__company")
    rows = [
        Row(what=_company(failure), text=failure.reason, since=local_date(failure.first_failed_at))
        for failure in failures[:ROWS]
    ]
    if not rows:
        return None
    return Need(
        name="not_worked_out",
        title=_("Commission that can’t be worked out"),
        text=_("It is tried again every half hour. Tell whoever runs this software what it says here."),
        count=failures.count(),
        since=rows[0].since,
        rows=rows,
        url=reverse("commissions:invoices"),
        action=_("All of them"),
    )


def _company(failure: AccrualFailure) -> str:
    referral = failure.deal.use_case.referral
    return referral.company.name if referral else failure.deal.use_case.title


@provides("contested", place=25)
def contested(today: date) -> Need | None:
    """Entries that a partner says are wrong, and by when they were promised an answer."""
    waiting = ContestedEntry.objects.open().order_by("contested_at", "pk")
    if not (count := waiting.count()):
        return None
    oldest = waiting.aggregate(first=Min("contested_at"))["first"]
    return Need(
        name="contested",
        title=_("Contested entries"),
        text=_("Their partners were promised an answer within 10 working days."),
        count=count,
        amounts=added(waiting.values_list("commission__currency", "commission__amount")),
        since=local_date(oldest),
        rows=[
            Row(
                what=_("%(entry)s of %(partner)s")
                % {"entry": row.commission, "partner": row.commission.partner},
                text=_("answer by %(day)s") % {"day": day(row.answer_by)},
                since=local_date(row.contested_at),
                amounts={row.commission.currency: row.commission.amount},
                url=reverse("commissions:contested_entry", args=[row.pk]),
                action=_("Answer"),
            )
            for row in waiting.with_all()[:ROWS]
        ],
        url=reverse("commissions:contested_entries"),
        action=_("All contested entries"),
    )
