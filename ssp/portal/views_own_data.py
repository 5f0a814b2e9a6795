"""A partner takes their own data along; asked for the password or second factor first."""

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from partners.access import PartnerRequest, partner_required
from ssp.core import audit, clock
from ssp.portal.own_data import archive


@partner_required
@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)
def own_data(request: PartnerRequest) -> HttpResponse:
    """Say what is in the file; the button gives it, to whoever proved just now that the account is theirs."""
    if request.method != "POST":
        return render(request, "portal/own_data.html", {"nav": "partners:partnership"})
    at = clock.now()
    content = archive(request.partner, at=at)
    audit.record("partner.exported", request.partner, by=request.user, at=at)
    answer = HttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="my-partnership-{clock.today()}.zip"'
    answer["Cache-Control"] = "no-store"
    return answer
