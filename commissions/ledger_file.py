"""A partner's whole ledger as a table: every entry with what it is for, its rule and where it stands."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from commissions import queries
from commissions.explain import explain
from partners.models import Partner


def ledger_table(partner: Partner, *, on: date) -> tuple[list[str], list[Sequence[object]]]:
    """Return headings and rows, the newest entry first."""
    explained = [explain(entry, on=on) for entry in queries.entries(partner)]
    headers = [
        _("Entry"), _("Earned on"), _("What for"), _("Detail"), _("Rule"), _("State"), _("Payable on"),
        _("Rate"), _("Counted net"), _("Amount"), _("Currency"), _("Statement"), _("Clause"),
        _("Arithmetic"), _("Source"),
    ]  # fmt: skip
    rows: list[Sequence[object]] = [
        [
            str(e.entry), e.entry.earned_on, e.title, e.subtitle, e.rule, e.state_word, e.entry.payable_on,
            e.entry.rate_percent, e.entry.eligible_net, e.entry.amount, e.entry.currency,
            str(queries.payout_of(e.entry) or ""), e.clause, e.brief, e.source,
        ]
        for e in explained
    ]  # fmt: skip
    return headers, rows
