"""Finance: an approved run on its way to the bank and back."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from commissions import payment_files, payouts
from commissions.forms import CameBackForm
from commissions.forms_bank import RunPaidForm
from commissions.models import Payout, PayoutRun
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import Role
from ssp.core.tabular import csv_bytes


@never_cache
@require_POST
@role_required(Role.FINANCE)
@reauthentication_required
def sepa_file(request: StaffRequest, pk: int) -> HttpResponse:
    """Give the SEPA file of a run: made at the first time, the same ever after, each time on record."""
    run = get_object_or_404(PayoutRun, pk=pk)
    try:
        file = payment_files.take_sepa_file(run=run, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("commissions:payout_run", pk)
    return _download(file.content, f"{file.message_id}.xml", "application/xml")


@never_cache
@require_POST
@role_required(Role.FINANCE)
@reauthentication_required
def payment_list(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a run's payouts as CSV, with the numbers that have to be typed in at the bank."""
    run = get_object_or_404(PayoutRun, pk=pk)
    try:
        headers, rows = payment_files.take_payment_list(run=run, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("commissions:payout_run", pk)
    name = f"payouts-{run.currency.lower()}-{run.pk}.csv"
    return _download(csv_bytes(headers, rows), name, "text/csv; charset=utf-8")


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def run_paid(request: StaffRequest, pk: int) -> HttpResponse:
    """Mark all of a run as paid on a day, with exceptions."""
    run = get_object_or_404(PayoutRun.objects.select_related("prepared_by", "approved_by"), pk=pk)
    waiting = payment_files.open_payouts(run) if run.approved_at else []
    if not waiting:
        messages.warning(request, _("No open payout of this run is left to mark."))
        return redirect("commissions:payout_run", pk)
    form = RunPaidForm(request.POST or None, open_payouts=waiting, initial={"paid_on": clock.today()})
    if form.is_valid():
        with form.showing(DomainError):
            marked = payouts.mark_run_paid(
                run=run,
                paid_on=form.cleaned_data["paid_on"],
                excepted=[payout.pk for payout in form.cleaned_data["excepted"]],
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request,
                ngettext(
                    "%(count)s payout is marked as paid and its partner is told.",
                    "%(count)s payouts are marked as paid and their partners are told.",
                    len(marked),
                )
                % {"count": len(marked)},
            )
            return redirect("commissions:payout_run", pk)
    context = {"run": run, "form": form, "waiting": waiting, "nav": "commissions:payouts"}
    return render(request, "commissions/run_paid.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def came_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Record that the bank sent back what was marked as paid."""
    payout = get_object_or_404(Payout.objects.select_related("partner", "run"), pk=pk)
    if payout.paid_on is None or payout.failed_at:
        messages.warning(request, _("Only a payout that is marked as paid can come back, and only once."))
        return redirect("commissions:payout_run", payout.run_id)
    form = CameBackForm(request.POST or None, initial={"returned_on": clock.today()})
    if form.is_valid():
        with form.showing(DomainError):
            payouts.mark_returned(
                payout=payout,
                returned_on=form.cleaned_data["returned_on"],
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=clock.now(),
            )
            messages.warning(
                request, _("It came back. Its entries go into the next payout; the partner is told.")
            )
            return redirect("commissions:payout_run", payout.run_id)
    context = {"payout": payout, "form": form, "nav": "commissions:payouts"}
    return render(request, "commissions/came_back.html", context)
