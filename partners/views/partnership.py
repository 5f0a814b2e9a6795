"""A partner's own partnership: the contract in force, its papers, and the way out."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners import queries
from partners.access import PartnerRequest, partner_required
from partners.consequences import by_notice, consequences_of, of_ending, seal_of
from partners.forms_endings import LastDayForm, ReadForm, first_suggestion
from partners.models import Ending, EndingSide
from partners.services.endings import give_notice, take_notice_back
from partners.views.programme import numbers_in_words
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.templatetags.ssp import weekday_day


@partner_required
@require_safe
def partnership(request: PartnerRequest) -> HttpResponse:
    """Show the contract in force in plain words, its papers, and what runs on after an ending."""
    partner, now = request.partner, clock.now()
    contract = queries.contract_in_force(partner, clock.today())
    ending = _standing(request)
    is_over = ending is not None and ending.has_happened(at=now)
    runs_on = []
    if ending is not None:
        runs_on = [each for each in consequences_of(of_ending(ending, at=now)) if each.stays or not is_over]
    context = {
        "partner": partner,
        "contract": contract,
        "numbers": numbers_in_words(contract),
        "papers": queries.papers_for_partner(contract),
        "earlier": partner.contracts.filter(status="signed").exclude(pk=contract.pk).order_by("-signed_at"),
        "former": queries.former_endings(partner, at=now).filter(rejoined_at__isnull=False),
        "ending": ending,
        "is_over": is_over,
        "may_keep": ending is not None and not is_over and ending.side == EndingSide.PARTNER,
        "runs_on": runs_on,
        "nav": "partners:partnership",
    }
    return render(request, "partners/partnership.html", context)


def _standing(request: PartnerRequest) -> Ending | None:
    return request.partner.endings.standing().select_related("partner__user").first()


@partner_required
@require_http_methods(["GET", "POST"])
def end(request: PartnerRequest) -> HttpResponse:
    """Choose the last day, read what it means, then give notice: the button is under what it does."""
    if _standing(request) is not None or not request.partner.is_active(at=clock.now()):
        return redirect("partners:partnership")
    today = clock.today()
    asked = request.POST if request.method == "POST" else request.GET
    days = LastDayForm(
        asked if "last_on" in asked else None, today=today, initial={"last_on": first_suggestion(today)}
    )
    if not days.is_valid():
        return render(request, "partners/partnership_end.html", {"form": days, "nav": "partners:partnership"})
    last_on = days.cleaned_data["last_on"]
    form = ReadForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing(DomainError):
            give_notice(
                partner=request.partner,
                last_on=last_on,
                seal=form.cleaned_data["seal"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request,
                _("You gave notice. Until the end of %(day)s you are a partner, and can take it back.")
                % {"day": weekday_day(last_on)},
            )
            return redirect("partners:partnership")
    return render(request, "partners/partnership_end.html", _reading(request, form, last_on))


def _reading(request: PartnerRequest, form: ReadForm, last_on: date) -> dict[str, Any]:
    consequences = consequences_of(by_notice(request.partner, last_on=last_on, at=clock.now()))
    return {
        "form": form,
        "last_on": last_on,
        "consequences": consequences,
        "seal": seal_of(consequences),
        "nav": "partners:partnership",
    }


@partner_required
@require_http_methods(["GET", "POST"])
def keep(request: PartnerRequest) -> HttpResponse:
    """Take one's own notice back, before its last day is over."""
    ending = _standing(request)
    if ending is None or ending.side != EndingSide.PARTNER or ending.has_happened(at=clock.now()):
        return redirect("partners:partnership")
    if request.method == "POST":
        try:
            take_notice_back(ending=ending, by=request.user, at=clock.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("You took your notice back. Your partnership goes on as before."))
        return redirect("partners:partnership")
    return render(
        request, "partners/partnership_keep.html", {"ending": ending, "nav": "partners:partnership"}
    )
