"""Terms: dated versions of the numbers, entered by directors (C5)."""

from datetime import datetime

from django.db import transaction

from partners.errors import TermsInUse
from partners.models import ProgramTerms
from partners.permissions import check_is_director
from ssp.core import audit
from ssp.core.errors import constraint_as
from ssp.core.models import User


@transaction.atomic
def enter_terms(*, terms: ProgramTerms, by: User, at: datetime) -> ProgramTerms:
    """Save a new version of the terms, or correct one that nobody used yet.

    :raises NotDirector: C6.  :raises TermsInUse: a contract stands on them.
    """
    check_is_director(by)
    if terms.pk and ProgramTerms.objects.get(pk=terms.pk).is_used:
        raise TermsInUse
    terms.entered_by, terms.entered_at = by, at
    with constraint_as("terms_used_are_kept", TermsInUse), transaction.atomic():
        terms.save()
    audit.record("terms.entered", terms, by=by, at=at, effective_on=terms.effective_on.isoformat())
    return terms
