"""Finance: files of invoices come in, and invoices find their deals."""

from pathlib import Path

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from commissions import intake, services
from commissions.forms import InvoiceFileForm, MatchForm
from commissions.models import AccrualFailure, Invoice, InvoiceImport
from commissions.permissions import can_finance
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import Role

A_PAGE = 50

SAMPLE = Path(__file__).resolve().parents[1] / "sample" / "invoices.csv"


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE, Role.DIRECTOR)
def invoices(request: StaffRequest) -> HttpResponse:
    """List invoices, those without a deal first, and take a file in for its preview."""
    if request.method == "POST" and not can_finance(request.user):
        raise PermissionDenied
    form = InvoiceFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError, field="file"):
            upload = services.upload_invoices(
                content=form.content,
                file_name=form.cleaned_data["file"].name,
                by=request.user,
                at=clock.now(),
            )
            return redirect("commissions:import", upload.pk)
    rows = Invoice.objects.select_related("deal__use_case__referral__company").order_by("-issued_on", "-pk")
    after = request.GET.get("after", "")
    if after.isdecimal() and (last := Invoice.objects.filter(pk=after).first()):
        rows = rows.filter(issued_on__lt=last.issued_on) | rows.filter(
            issued_on=last.issued_on, pk__lt=last.pk
        )
    page = list(rows[: A_PAGE + 1])
    context = {
        "form": form,
        "failures": AccrualFailure.objects.select_related("deal__use_case__referral__company"),
        "waiting": Invoice.objects.without_deal().order_by("issued_on", "pk")[:200],
        "invoices": page[:A_PAGE],
        "next_url": f"{reverse('commissions:invoices')}?after={page[A_PAGE - 1].pk}"
        if len(page) > A_PAGE
        else "",
        "imports": InvoiceImport.objects.filter(imported_at__isnull=False)
        .defer("content")
        .order_by("-pk")[:5],
        "may_import": request.user.has_role(Role.FINANCE),
    }
    return render(request, "commissions/invoices.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def invoice_import(request: StaffRequest, pk: int) -> HttpResponse:
    """Show every row of a file and what becomes of it; a press of the button imports it."""
    upload = get_object_or_404(InvoiceImport, pk=pk)
    refused = ""
    if request.method == "POST":
        try:
            plan = services.import_invoices(upload=upload, by=request.user, at=clock.now())
        except DomainError as refusal:
            refused = str(refusal)
        else:
            new = plan.count(intake.NEW)
            messages.success(
                request,
                ngettext("Imported: %(new)s new row.", "Imported: %(new)s new rows.", new) % {"new": new}
                if new
                else _("Nothing changed: every row was there already."),
            )
            return redirect("commissions:import", upload.pk)
    upload.refresh_from_db()
    rows, plan_now = [intake.Judged(**row) for row in upload.report], None
    if upload.imported_at is None:
        plan_now = services.plan_of(upload, at=clock.now())
        rows = plan_now.rows
    judged = intake.Plan(rows)
    context = {
        "upload": upload,
        "rows": rows[:1000],
        "more": max(len(rows) - 1000, 0),
        "is_fine": judged.is_fine,
        "new": judged.count(intake.NEW),
        "known": judged.count(intake.KNOWN),
        "wrong": judged.count(intake.REFUSED) + judged.count(intake.CONFLICT),
        "refused": refused,
    }
    return render(request, "commissions/import.html", context, status=422 if refused else 200)


@require_GET
@role_required(Role.FINANCE, Role.DIRECTOR)
def sample(request: StaffRequest) -> HttpResponse:
    """Give a file that shows each kind of row."""
    response = HttpResponse(SAMPLE.read_bytes(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="invoices-sample.csv"'
    return response


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def match(request: StaffRequest, pk: int) -> HttpResponse:
    """Let finance say which deal an invoice belongs to."""
    invoice = get_object_or_404(Invoice.objects.without_deal(), pk=pk)
    form = MatchForm(request.POST or None)
    if form.is_valid():
        with form.showing(DomainError):
            deal = form.cleaned_data["deal"]
            services.match_invoice(invoice=invoice, deal=deal, by=request.user, at=clock.now())
            messages.success(
                request,
                _("Invoice %(invoice)s belongs to %(deal)s now.")
                % {"invoice": invoice.reference, "deal": deal.use_case.referral.company.name},
            )
            return redirect("commissions:invoices")
    return render(request, "commissions/match.html", {"invoice": invoice, "form": form})


@require_safe
@role_required(Role.FINANCE, Role.DIRECTOR)
def invoice(request: StaffRequest, pk: int) -> HttpResponse:
    """Show an invoice, what happened to it, and what it earned whom."""
    row = get_object_or_404(Invoice.objects.select_related("deal__use_case__referral__company"), pk=pk)
    context = {
        "invoice": row,
        "lines": row.lines.order_by("number"),
        "facts": row.facts.select_related("line", "replacement").order_by("happened_on", "pk"),
        "entries": row.commissions.select_related("partner").order_by("pk"),
    }
    return render(request, "commissions/invoice.html", context)
