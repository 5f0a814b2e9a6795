"""Proposing times for an introduction, and taking one of SeMI's (C12)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners.access import PartnerRequest, partner_required
from referrals import proposals
from referrals.models import Proposal, Referral
from referrals.proposal_forms import ChooseTimeForm, ProposalForm
from referrals.services.proposals import accept_time, propose_times, take_times_back
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.templatetags.ssp import weekday_day


@partner_required
@require_http_methods(["GET", "POST"])
def propose(request: PartnerRequest, pk: int) -> HttpResponse:
    """Propose up to three times; SeMI takes one or answers with others."""
    referral = get_object_or_404(Referral.objects.owned_by(request.partner).select_related("company"), pk=pk)
    today = clock.today()
    initial = {"use_cases": list(referral.the_root.use_cases.values_list("pk", flat=True))}
    form = ProposalForm(request.POST or None, referral=referral, initial=initial)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            proposal = propose_times(
                referral=referral,
                times=form.all_times,
                host=form.cleaned_data["host"],
                medium=form.cleaned_data["medium"],
                place=form.cleaned_data["place"],
                use_cases=form.cleaned_data["use_cases"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request,
                _("Your times are with SeMI. If nobody answers, a sales lead is asked on %(day)s.")
                % {"day": weekday_day(proposals.escalates_on(proposal))},
            )
            return redirect(referral)
    context = {
        "form": form,
        "referral": referral,
        "before": proposals.open_proposal(referral),
        "hosts": proposals.how_busy(referral, on=today),
        "last_on": None if referral.vested_at else referral.claim_last_on,
        "nav": "referrals:list",
    }
    return render(request, "referrals/propose.html", context)


def _own(request: PartnerRequest, pk: int) -> Proposal:
    rows = Proposal.objects.filter(referral__partner=request.partner).select_related(*proposals.RELATED)
    return get_object_or_404(rows, pk=pk)


@partner_required
@require_http_methods(["GET", "POST"])
def times(request: PartnerRequest, pk: int) -> HttpResponse:
    """Take one of the times that SeMI proposed instead."""
    proposal = _own(request, pk)
    if proposal.by_partner or not proposal.is_open:
        return redirect(proposal.referral)
    form = ChooseTimeForm(request.POST or None, proposal=proposal, at=clock.now())
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError, field=None):
            meeting = accept_time(
                proposal=proposal, time=form.cleaned_data["time"], by=request.user, at=clock.now()
            )
            messages.success(
                request,
                _("The meeting on %(day)s is booked, and the three of you have an invitation.")
                % {"day": weekday_day(meeting.starts_at)},
            )
            return redirect(proposal.referral)
    context = {"form": form, "proposal": proposal, "referral": proposal.referral, "nav": "referrals:list"}
    return render(request, "referrals/times.html", context)


@partner_required
@require_POST
def take_back(request: PartnerRequest, pk: int) -> HttpResponse:
    """Take one's own times back before SeMI answers."""
    proposal = _own(request, pk)
    try:
        take_times_back(proposal=proposal, by=request.user, at=clock.now())
        messages.success(request, _("Your times are taken back. Propose others whenever you like."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(proposal.referral)
