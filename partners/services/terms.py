"""Terms: dated versions of the numbers, entered by directors (C5)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from partners.errors import TermsInUse, TermsOfThatDay, TermsRewriteHistory
from partners.models import Contract, ProgramTerms, Tier
from partners.permissions import check_is_director
from ssp.core import audit
from ssp.core.errors import constraint_as
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.periods import start_of_day

ENTERING = "partners.terms"  # applications wait, too: none is made on terms that another is replacing


def check_terms(terms: ProgramTerms, *, by: User) -> None:
    """Refuse terms that can't be entered, before they are shown to be confirmed.

    :raises NotDirector: C6.  :raises TermsInUse: a contract stands on them.
    :raises TermsOfThatDay, TermsRewriteHistory: a day that is taken, or over.
    """
    check_is_director(by)
    if terms.pk and ProgramTerms.objects.get(pk=terms.pk).is_used:
        raise TermsInUse
    others = ProgramTerms.objects.filter(tier=terms.tier).exclude(pk=terms.pk)
    if others.filter(effective_on=terms.effective_on).exists():
        raise TermsOfThatDay
    of_that_day = Q(paper_signed_on__gte=terms.effective_on) | Q(
        paper_signed_on__isnull=True, created_at__gte=start_of_day(terms.effective_on)
    )
    earlier = others.filter(effective_on__lt=terms.effective_on)
    if Contract.objects.filter(of_that_day, terms__in=earlier).exists():
        raise TermsRewriteHistory


@transaction.atomic
def enter_terms(*, terms: ProgramTerms, by: User, at: datetime) -> ProgramTerms:
    """Save a new version of the terms, or correct one that nobody used yet.

    :raises NotDirector: C6.  :raises TermsInUse: a contract stands on them.
    :raises TermsOfThatDay, TermsRewriteHistory: a day that is taken, or over.
    """
    one_after_another(ENTERING)
    check_terms(terms, by=by)
    terms.entered_by, terms.entered_at = by, at
    with (
        constraint_as("terms_used_are_kept", TermsInUse),
        constraint_as("terms_do_not_rewrite_history", TermsRewriteHistory),
        constraint_as("terms_one_version_per_day", TermsOfThatDay),
        transaction.atomic(),
    ):
        terms.save()
    audit.record("terms.entered", terms, by=by, at=at, effective_on=terms.effective_on.isoformat())
    return terms


@transaction.atomic
def keep_tier(*, tier: Tier, by: User, at: datetime) -> Tier:
    """Save a tier. Its name and whether it is the default hold for contracts to come (C5).

    :raises NotDirector: C6.
    """
    check_is_director(by)
    tier.save()
    audit.record("tier.kept", tier, by=by, at=at, is_default=tier.is_default)
    return tier
