"""Guides that fit the use case somebody is writing (C7)."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from partners.access import PartnerRequest, partner_required
from partners.finding import fitting_guides, newest_guides
from referrals.forms import UseCaseForm

LONGEST = 4000  # as in the form; what is longer isn't read


def suggestions(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the guides beside a use-case form: what fits, else the newest, and which of the two it is."""
    texts = [str(written.get(name) or "")[:LONGEST] for name in UseCaseForm.base_fields]
    fitting = fitting_guides(*texts)
    guides = fitting or list(newest_guides())
    return {
        "guides": guides,
        "they_fit": bool(fitting),
        "has_written": any(text.strip() for text in texts),
        "shown": "-".join([str(int(bool(fitting))), *(str(guide.pk) for guide in guides)]),
    }


@partner_required
@require_POST
def suggested_guides(request: PartnerRequest) -> HttpResponse:
    """Answer what fits by now, while somebody types. It only reads; a POST keeps the words out of logs."""
    found = suggestions(request.POST)
    if request.POST.get("shown") == found["shown"]:
        return HttpResponse(status=204)  # the same guides: nothing moves, nothing is read out again
    return render(request, "referrals/suggested_guides.html#guides", {"suggested": found})
