"""Finance: payouts, prepared by one person and approved by another."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_countries import countries

from commissions import payment_files, payouts, queries, queries_statements, services
from commissions.candidates import candidates, minimum_in
from commissions.errors_left_out import EverybodyLeftOut
from commissions.forms import FailedForm, PaidForm, TaxForm
from commissions.forms_left_out import PrepareForm
from commissions.models import LeftOut, PaymentFile, Payout, PayoutEntry, PayoutRun, TaxStatus
from partners.models import Partner
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import Role


@require_safe
@role_required(Role.FINANCE, Role.DIRECTOR)
def overview(request: StaffRequest) -> HttpResponse:
    """Show what can be paid, per currency, with every inclusion and exclusion; and the runs."""
    return _overview(request)


def _overview(request: StaffRequest, typed: PrepareForm | None = None) -> HttpResponse:
    """Show the page, with what was typed into the form of one currency if it has to be typed anew."""
    now = clock.now()
    previews = []
    waiting: dict[tuple[int, str], LeftOut] = {
        (row.partner_id, row.run.currency): row
        for row in LeftOut.objects.still_waiting().select_related("run").order_by("pk")
    }
    for currency in queries.currencies():
        found = candidates(currency, at=now)
        if found:
            paid = [c for c in found if c.is_paid]
            contested = queries_statements.open_by_partner(currency)
            form = PrepareForm(currency=currency, paid=paid)
            if typed is not None and typed.currency == currency:
                form = typed
            total = sum((c.would_be_paid for c in paid), queries.ZERO)
            previews.append(
                {
                    "currency": currency,
                    "form": form,
                    "rows": [
                        {
                            "c": c,
                            "leave": form.of(c.partner.pk) if c.partner.pk in form.partners else (),
                            "contested": contested.get(c.partner.pk, 0),
                            "before": waiting.get((c.partner.pk, currency)),
                        }
                        for c in found
                    ],
                    "paid": paid,
                    "total": total,
                    "minimum": minimum_in(currency),
                    "waits_for_account": any(c.waits_for_account for c in found),
                    "waits_for_tax": any(c.waits_for_tax for c in found),
                }
            )
    context = {
        "previews": previews,
        "form": typed,
        "runs": queries.runs_told(PayoutRun.objects.select_related("prepared_by", "approved_by")).order_by(
            "-pk"
        )[:20],
        "may_prepare": request.user.has_role(Role.FINANCE),
        "contested": queries_statements.waiting().exclude(contested_by=request.user).count(),
        "nav": "commissions:payouts",
    }
    return render(request, "commissions/payouts.html", context)


@require_POST
@role_required(Role.FINANCE)
def prepare(request: StaffRequest) -> HttpResponse:
    """Prepare a run of the chosen currency, of everybody who can be paid but those who are left out."""
    currency, now = request.POST.get("currency", ""), clock.now()
    if currency not in queries.currencies():
        raise Http404
    paid = [c for c in candidates(currency, at=now) if c.is_paid]
    form = PrepareForm(request.POST, currency=currency, paid=paid)
    if not form.is_valid():
        return _overview(request, form)
    try:
        run = payouts.prepare_payout_run(
            currency=currency, left_out=form.left_out, by=request.user, at=clock.now()
        )
    except EverybodyLeftOut as refusal:
        messages.error(request, str(refusal))
        return _overview(request, form)  # the reasons stay: they were work
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("commissions:payouts")
    messages.success(request, _("The run is prepared. Another person approves it."))
    return redirect("commissions:payout_run", run.pk)


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def tax_status(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm what VAT a partner's payouts carry: before the first payout, and whenever it changes."""
    partner = get_object_or_404(Partner, pk=pk)
    known = TaxStatus.objects.filter(partner=partner).select_related("confirmed_by").first()
    names = ("treatment", "vat_percent", "note", "postal_address")
    initial = {name: getattr(known, name) for name in names} if known else {}
    initial["tax_number"] = (known.tax_number if known else "") or partner.tax_number
    form = TaxForm(request.POST or None, initial=initial)
    if form.is_valid():
        with form.showing(DomainError):
            services.confirm_tax_status(
                partner=partner,
                vat_percent=form.cleaned_data["vat_percent"],
                note=form.cleaned_data["note"],
                treatment=form.cleaned_data["treatment"],
                postal_address=form.cleaned_data["postal_address"],
                tax_number=form.cleaned_data["tax_number"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request,
                _("The tax status of %(partner)s is confirmed, for every payout prepared from now on.")
                % {"partner": partner},
            )
            return redirect("commissions:payouts")
    context = {
        "partner": partner,
        "country": countries.name(partner.country),
        "known": known,
        "changed": known is not None and not known.is_of(partner),
        "former_country": countries.name(known.of_country) if known else "",
        "form": form,
    }
    return render(request, "commissions/tax_status.html", context | {"nav": "commissions:payouts"})


@require_safe
@role_required(Role.FINANCE, Role.DIRECTOR)
def payout_run(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a run, its payouts and entries, and what this person may do with it."""
    known = PayoutRun.objects.select_related("prepared_by", "approved_by", "discarded_by")
    run = get_object_or_404(queries.runs_told(known), pk=pk)
    rows = list(run.payouts.select_related("partner", "bank_details").order_by("pk"))
    waiting = payment_files.open_payouts(run) if run.approved_at else []
    is_decided = bool(run.approved_at or run.discarded_at)
    changed = set() if is_decided else {p.pk for p in payouts.changed_since(run)}
    taxed = set() if is_decided else {p.pk for p in payouts.taxed_since(run)} - changed
    file = PaymentFile.objects.filter(run=run).select_related("made_by").first()
    context = {
        "run": run,
        "payouts": [(row, _entries(row)) for row in rows],
        "left_out": run.left_out.select_related("partner").order_by("partner__display_name", "pk"),
        "total": sum((row.total for row in rows if not row.failed_at), queries.ZERO),
        "file": file,
        "waiting": waiting,
        "by_sepa": sum(payment_files.goes_by_sepa(row) for row in waiting),
        "may_sepa": file is not None or any(payment_files.goes_by_sepa(row) for row in waiting),
        "taken": payment_files.times_taken(run),
        "changed": changed,
        "taxed": taxed,
        "is_decided": is_decided,
        "may_approve": run.prepared_by_id != request.user.pk,
        "is_own": payouts.pays(run, request.user),
        "may_pay": request.user.has_role(Role.FINANCE),
    }
    return render(request, "commissions/payout_run.html", context)


def _entries(payout: Payout) -> list[PayoutEntry]:
    related = (
        "commission__invoice",
        "commission__use_case__referral__company",
        "commission__use_case__partner",
    )
    return list(payout.entries.select_related(*related).order_by("commission__earned_on", "commission_id"))


@require_POST
@role_required(Role.FINANCE, Role.DIRECTOR)
def decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Approve a run, or return it."""
    run = get_object_or_404(PayoutRun, pk=pk)
    if request.POST.get("decision") not in ("approve", "return"):
        return HttpResponseBadRequest()
    approve = request.POST["decision"] == "approve"
    service: Any = payouts.approve_payout_run if approve else payouts.return_payout_run
    try:
        service(run=run, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("The run is approved. Its statements are numbered and the partners are told.")
            if approve
            else _("The run is returned. Its entries wait for the next one."),
        )
    return redirect("commissions:payout_run", pk)


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def settle(request: StaffRequest, pk: int) -> HttpResponse:
    """Mark a payout as paid, or its transfer as failed."""
    payout = get_object_or_404(Payout.objects.select_related("partner", "run"), pk=pk)
    failed = request.POST.get("outcome") == "failed"
    paid_form = PaidForm(None if failed else request.POST or None, initial={"paid_on": clock.today()})
    failed_form = FailedForm(request.POST if failed else None)
    if failed and failed_form.is_valid():
        with failed_form.showing(DomainError):
            payouts.mark_failed(
                payout=payout, reason=failed_form.cleaned_data["reason"], by=request.user, at=clock.now()
            )
            messages.warning(request, _("The transfer failed. Its entries go into the next payout."))
            return redirect("commissions:payout_run", payout.run_id)
    elif paid_form.is_valid():
        with paid_form.showing(DomainError):
            payouts.mark_paid(
                payout=payout, paid_on=paid_form.cleaned_data["paid_on"], by=request.user, at=clock.now()
            )
            messages.success(request, _("The payout is marked as paid and the partner is told."))
            return redirect("commissions:payout_run", payout.run_id)
    context = {
        "payout": payout,
        "form": failed_form if failed else paid_form,
        "paid_form": paid_form,
        "failed_form": failed_form,
    }
    return render(request, "commissions/settle.html", context)
