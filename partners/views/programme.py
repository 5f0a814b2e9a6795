"""The programme page, and the numbers as pages show them."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partners.models import (
    CapUnit,
    Contract,
    ProgramTerms,
)
from partners.rules import share_of
from ssp.core import clock

EXAMPLE = Decimal(12000)


def numbers_in_words(terms: ProgramTerms | Contract | None) -> dict[str, Any]:
    """Return the numbers with an example for each, as the pages show them (C5, C20)."""
    if terms is None:
        return {}
    yearly = share_of(terms.recurring_percent, EXAMPLE)
    return {
        "terms": terms,
        "example": EXAMPLE,
        "yearly": yearly,
        "in_all": yearly * terms.cap_count if terms.cap_unit == CapUnit.YEARS else None,
        "first": share_of(terms.first_invoice_percent, EXAMPLE),
        "bonus": share_of(terms.bonus_percent, yearly),
        "bonus_of_first": share_of(terms.bonus_percent, EXAMPLE),
    }


@require_safe
def programme(request: HttpRequest) -> HttpResponse:
    """Say how it works, with the numbers in force."""
    terms = ProgramTerms.objects.in_force(on=clock.today())
    return render(request, "partners/programme.html", {"numbers": numbers_in_words(terms), "terms": terms})
