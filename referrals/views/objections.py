"""The referred person's own word: one page, one button, no sign-in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from referrals.services.claims import find_by_objection_token, object_to_contact
from ssp.core import clock


@require_http_methods(["GET", "HEAD", "POST"])
def objection(request: HttpRequest, token: str) -> HttpResponse:
    """Say what is kept and why; opening changes nothing, the button ends it (C11)."""
    referral = find_by_objection_token(token)
    if referral is None:
        raise Http404
    if request.method == "POST":
        object_to_contact(referral=referral, at=clock.now())
        return redirect("referrals:object", token=token)
    response = render(request, "referrals/objection.html", {"referral": referral})
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
