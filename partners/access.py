"""The door to partners' pages."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from partners import queries
from partners.models import Partner
from ssp.core.models import User


class PartnerRequest(HttpRequest):
    """A request whose user is a partner: the partnership has started, and may have ended."""

    user: User
    partner: Partner


def partner_required[**P](
    view: Callable[Concatenate[PartnerRequest, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Let partners in, ended ones too (statements stay readable; services refuse what they may no longer do).

    Applicants are led to their application, people who haven't applied to the form, strangers to the sign-in.
    """

    @wraps(view)
    @login_required
    def checked(request: PartnerRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        partner = Partner.objects.select_related("user").filter(user=request.user).first()
        if partner is None or partner.started_at is None:
            application = queries.latest_application(request.user)
            if application is None or application.status == application.Status.DRAFT:
                return redirect("partners:apply")
            return redirect("partners:application")
        request.partner = partner
        return view(request, *args, **kwargs)

    return checked
