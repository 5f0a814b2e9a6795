"""The door to partners' pages."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from partners import queries
from partners.errors import PartnershipNotStarted
from partners.models import Partner
from ssp.core import clock
from ssp.core.models import User


class PartnerRequest(HttpRequest):
    """A request whose user is a partner: the partnership has started, and may have ended."""

    user: User
    partner: Partner
    partnership_is_over: bool


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
        request.partnership_is_over = not partner.is_active(at=clock.now())
        return view(request, *args, **kwargs)

    return checked


def active_partner_required[**P](
    view: Callable[Concatenate[PartnerRequest, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Let only partners in whose partnership runs: what begins something new is over with it (*Ending*).

    Former ones are led to the page that says what still runs; the services refuse them as well.
    """

    @partner_required
    @wraps(view)
    def checked(request: PartnerRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.partnership_is_over:
            messages.error(request, str(PartnershipNotStarted()))
            return redirect("partners:partnership")
        return view(request, *args, **kwargs)

    return checked
