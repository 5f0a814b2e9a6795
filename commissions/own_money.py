"""Whoever brings invoices and payments in earns nothing from them: somebody else from finance does it.

What finds no deal yet may be of one that they earn from: then no machine gives it to that deal later, and
another person from finance says where it belongs.
"""

from collections.abc import Mapping

from django.db.models import Q

from commissions.errors import OwnMoney
from commissions.intake import Plan
from commissions.models import Fact, Invoice, InvoiceImport
from commissions.permissions import earns_from
from partners.models import Partner
from partners.permissions import is_person
from referrals.models import Deal
from ssp.core.identity import GMAIL, canonical_email, identity_of
from ssp.core.models import AuditEntry, User

BY_HAND = ("invoice.recorded", "fact.recorded")  # in the audit: what came without a file


def check_brings_in(plan: Plan, *, by: User | None, deals: Mapping[str, int] | None = None) -> None:
    """Refuse a plan with news about deals that `by` earns from. Nobody is the command line and the system.

    :param deals: {customer reference: deal} as the invoices will get them; looked up unless told.
    :raises OwnMoney: another person from finance brings it in.
    """
    if by is None or not plan.has_news:
        return
    own = partners_of(by)
    if not own:
        return
    references = {draft.customer_reference for draft in plan.invoices} - {""}
    invoices = {fact.invoice for fact in plan.facts}
    theirs = Q(customer_reference__in=references) if deals is None else Q(pk__in=list(deals.values()))
    earning = Deal.objects.filter(
        Q(use_case__partner__in=own) | Q(use_case__partner__recruiter__in=own)
    ).filter(theirs | Q(invoices__source=plan.source, invoices__reference__in=invoices))
    if earning.exists():
        raise OwnMoney


def partners_of(person: User) -> list[int]:
    """Return the partners that somebody is, under any account of theirs (`is_person`)."""
    identity, domain = identity_of(person.email), canonical_email(person.email).rpartition("@")[2]
    same = Q(user=person) | Q(identity=identity)
    for each in GMAIL if domain in GMAIL else {domain}:
        same |= Q(user__email__iendswith=f"@{each}")
    likely = Partner.objects.filter(same).select_related("user")
    return [partner.pk for partner in likely if is_person(partner, person, identity)]


def was_brought_in_by_who_earns(invoice: Invoice, deal: Deal) -> bool:
    """Tell whether whoever brought in an invoice, or what happened to it, would earn from that deal."""
    partner = Partner.objects.select_related("user", "recruiter__user").get(use_cases__deal=deal)
    return any(earns_from(person, partner) for person in _who_brought_in(invoice))


def _who_brought_in(invoice: Invoice) -> list[User]:
    """Return the people of the files that it came in, and of what was entered by hand."""
    files = InvoiceImport.objects.filter(Q(invoices=invoice) | Q(facts__invoice=invoice))
    facts = Fact.objects.filter(invoice=invoice).values("pk")
    by_hand = AuditEntry.objects.filter(
        Q(target_type=Invoice._meta.label_lower, target_id=invoice.pk)
        | Q(target_type=Fact._meta.label_lower, target_id__in=facts),
        action__in=BY_HAND,
    )
    people = Q(pk__in=files.values("imported_by")) | Q(pk__in=by_hand.values("by"))
    return list(User.objects.filter(people))
