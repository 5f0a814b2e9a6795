"""Which deal an invoice may be for: found by company, judged by what fits, for a human to accept.

A customer reference that a deal has matches by itself (`services`). Everything here is a suggestion: the
company must speak for it; use case, currency, value and dates make it likelier or less so, and say why.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.models import Invoice
from referrals.models import Deal, DealStage
from referrals.rules import company_key
from ssp.core.money import format_money
from ssp.core.templatetags.ssp import day

ALIKE = 0.35  # the share of trigrams from which two companies' names are called alike
ABOUT = 0.5  # … and from which the words of a line are about a use case
NEAR = Decimal("0.15")  # how far an amount may be from the expected one
PARTS = {
    1: gettext_lazy("The amount is close to the %s expected for the deal."),
    2: gettext_lazy("The amount is close to half of the %s expected for the deal."),
    4: gettext_lazy("The amount is close to a quarter of the %s expected for the deal."),
    12: gettext_lazy("The amount is close to a twelfth of the %s expected for the deal."),
}
KEPT = 5
CANDIDATES = 20


@dataclass
class Suggestion:
    """A deal that an invoice may be for: what speaks for it, and what against it."""

    deal: Deal
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def speaks(self, weight: float, reason: str) -> None:
        self.score += weight
        self.reasons.append(reason)

    def doubts_it(self, weight: float, doubt: str) -> None:
        self.score -= weight
        self.doubts.append(doubt)


def deals_to_match() -> QuerySet[Deal]:
    """Return the deals that an invoice can belong to: not those that were lost."""
    return Deal.objects.exclude(stage=DealStage.LOST).select_related(
        "use_case__referral__company", "use_case__partner"
    )


def suggestions(invoice: Invoice) -> list[Suggestion]:
    """Return the deals that an invoice may be for, the likeliest first; the company must speak for each."""
    earlier = _earlier_deals(invoice)
    judged = [_judge(invoice, deal, earlier) for deal in _candidates(invoice, earlier)]
    return sorted(judged, key=lambda each: (-each.score, each.deal.pk))[:KEPT]


def suggestions_for(invoices: Iterable[Invoice]) -> list[tuple[Invoice, list[Suggestion]]]:
    return [(invoice, suggestions(invoice)) for invoice in invoices]


def _candidates(invoice: Invoice, earlier: set[int]) -> list[Any]:
    """Return the deals of companies that look like the customer, with what they have in common with it."""
    key = company_key(invoice.customer_name)[:300]
    company = Q(alike__gte=ALIKE) if key else Q()
    if invoice.customer_domain:
        company |= Q(use_case__referral__company__domain=invoice.customer_domain)
    if reference := re.sub(r"[^0-9a-z]+", "", invoice.customer_reference.casefold()):
        company |= Q(bare_reference=reference)
    if earlier:
        company |= Q(pk__in=earlier)
    if not company:
        return []
    lines = [line.description for line in invoice.lines.all()]
    title: Any = Lower("use_case__title")
    words: Any = Value(" ".join(lines).casefold()[:500], TextField())
    common = {
        "alike": TrigramSimilarity("use_case__referral__company__key", key),
        "about": TrigramWordSimilarity(title, words),
        "bare_reference": Func(
            Lower("customer_reference"),
            Value("[^0-9a-z]+"),
            Value(""),
            Value("g"),
            function="regexp_replace",
            output_field=TextField(),
        ),
    }
    found = deals_to_match().annotate(**common).filter(company)
    return list(found.order_by(F("alike").desc(nulls_last=True), "pk")[:CANDIDATES])


def _earlier_deals(invoice: Invoice) -> set[int]:
    """Return the deals of other invoices to the same customer, as the same system names it."""
    if not invoice.customer_name:
        return set()
    same = Invoice.objects.filter(
        source=invoice.source, customer_name=invoice.customer_name, deal__isnull=False
    )
    return {pk for pk in same.values_list("deal_id", flat=True).distinct()[:CANDIDATES] if pk}


def _judge(invoice: Invoice, deal: Any, earlier: set[int]) -> Suggestion:
    found = Suggestion(deal)
    _company(found, invoice, deal)
    if deal.pk in earlier:
        found.speaks(2, _("Another invoice to this customer belongs to it."))
    if deal.about and deal.about >= ABOUT:
        found.speaks(1, _("A line is about “%s”.") % deal.use_case.title)
    if deal.currency == invoice.currency:
        found.speaks(0.5, _("The currency is the deal’s, %s.") % deal.currency)
    else:
        found.doubts_it(1, _("The deal is in %s.") % deal.currency)
    _value(found, invoice, deal)
    _days(found, invoice, deal)
    return found


def _company(found: Suggestion, invoice: Invoice, deal: Any) -> None:
    company = deal.use_case.referral.company if deal.use_case.referral else None
    if invoice.customer_reference and deal.customer_reference:
        bare = re.sub(r"[^0-9a-z]+", "", invoice.customer_reference.casefold())
        if invoice.customer_reference == deal.customer_reference:  # a machine left it to people
            found.speaks(3, _("The customer reference is the deal’s."))
        elif bare == deal.bare_reference:
            found.speaks(3, _("The customer reference is the same but for its spelling."))
    if company is None:
        return
    if company.domain and company.domain == invoice.customer_domain:
        found.speaks(3, _("The customer’s mail or website is at %s.") % company.domain)
    if company.key and company.key == company_key(invoice.customer_name)[:300]:
        found.speaks(3, _("The customer has the company’s name."))
    elif deal.alike and deal.alike >= ALIKE:
        found.speaks(2 * deal.alike, _("The customer’s name is like “%s”.") % company.name)


def _value(found: Suggestion, invoice: Invoice, deal: Deal) -> None:
    if not deal.expected_net or deal.currency != invoice.currency:
        return
    for part, words in PARTS.items():
        expected = deal.expected_net / part
        if abs(invoice.net - expected) <= expected * NEAR:
            found.speaks(1 / part**0.5, str(words) % format_money(deal.expected_net, deal.currency))
            return


def _days(found: Suggestion, invoice: Invoice, deal: Deal) -> None:
    if deal.signed_on is None:
        found.doubts_it(1, _("The deal isn’t won yet."))
    elif invoice.issued_on >= deal.signed_on:
        found.speaks(0.5, _("It was issued after the customer signed on %s.") % day(deal.signed_on))
    else:
        found.doubts_it(1, _("It was issued before the customer signed on %s.") % day(deal.signed_on))
