"""Whoever brings invoices and payments in earns nothing from them: somebody else from finance does it."""

from django.db.models import Q

from commissions.errors import OwnMoney
from commissions.intake import Plan
from partners.models import Partner
from referrals.models import Deal
from ssp.core.identity import identity_of
from ssp.core.models import User


def check_brings_in(plan: Plan, *, by: User | None) -> None:
    """Refuse a plan with news about deals that `by` earns from. Nobody is the command line and the system.

    :raises OwnMoney: another person from finance brings it in.
    """
    if by is None or not plan.has_news:
        return
    same = Q(user=by) | Q(identity=identity_of(by.email)) | Q(user__email__iexact=by.email)
    own = list(Partner.objects.filter(same).values_list("pk", flat=True))
    if not own:
        return
    references = {draft.customer_reference for draft in plan.invoices} - {""}
    invoices = {fact.invoice for fact in plan.facts}
    deals = Deal.objects.filter(
        Q(use_case__partner__in=own) | Q(use_case__partner__recruiter__in=own)
    ).filter(
        Q(customer_reference__in=references)
        | Q(invoices__source=plan.source, invoices__reference__in=invoices)
    )
    if deals.exists():
        raise OwnMoney
