"""Finance: files of invoices come in, and invoices find their deals."""

from pathlib import Path

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from commissions import matches, matching, services
from commissions.errors import OwnMoney
from commissions.errors_intake import MatchEarned
from commissions.forms import InvoiceFileForm, MatchForm
from commissions.models import AccrualFailure, Invoice, InvoiceImport, Source
from commissions.permissions import can_finance
from referrals.models import Deal
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import Role

A_PAGE = 50
MATCHED_AT_ONCE = 25  # each is compared with the deals

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
    rows = Invoice.objects.order_by("-issued_on", "-pk")
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19 and (last := Invoice.objects.filter(pk=after).first()):
        rows = rows.filter(Q(issued_on__lt=last.issued_on) | Q(issued_on=last.issued_on, pk__lt=last.pk))
    page = list(rows.values_list("pk", flat=True)[: A_PAGE + 1])  # first these, then what is open of each
    shown = (
        Invoice.objects.with_open_amount()
        .filter(pk__in=page[:A_PAGE])
        .select_related("deal__use_case__referral__company")
        .order_by("-issued_on", "-pk")
    )
    uploads = InvoiceImport.objects.defer("content", "rows", "report")
    context = {
        "form": form,
        "failures": AccrualFailure.objects.select_related("deal__use_case__referral__company"),
        "waiting": Invoice.objects.without_deal().count(),
        "invoices": list(shown),
        "next_url": f"{reverse('commissions:invoices')}?after={page[A_PAGE - 1]}"
        if len(page) > A_PAGE
        else "",
        "imports": uploads.filter(imported_at__isnull=False).order_by("-pk")[:5],
        "previews": uploads.filter(imported_at__isnull=True).order_by("-pk")[:5],
        "several_sources": Invoice.objects.exclude(source=Source.FILE).exists(),
        "may_import": request.user.has_role(Role.FINANCE),
    }
    return render(request, "commissions/invoices.html", context)


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
    """Let finance say which deal an invoice belongs to: one that is suggested, or any other."""
    invoice = get_object_or_404(Invoice.objects.prefetch_related("lines"), pk=pk)
    if invoice.deal_id is not None:  # somebody was quicker, or pressed twice
        return redirect("commissions:invoice", pk)
    form = MatchForm(request.POST or None)
    if form.is_valid():
        with form.showing(DomainError):
            deal = form.cleaned_data["deal"]
            matches.match_invoice(invoice=invoice, deal=deal, by=request.user, at=clock.now())
            messages.success(request, _matched(invoice, deal))
            return redirect("commissions:invoice", pk)
    context = {"invoice": invoice, "form": form, "suggestions": matching.suggestions(invoice)}
    return render(request, "commissions/match.html", context, status=422 if form.errors else 200)


def _matched(invoice: Invoice, deal: Deal) -> str:
    company = deal.use_case.referral.company.name if deal.use_case.referral else deal.use_case.title
    return _("Invoice %(invoice)s belongs to %(deal)s now.") % {"invoice": invoice.reference, "deal": company}


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE, Role.DIRECTOR)
def waiting(request: StaffRequest) -> HttpResponse:
    """List the invoices without a deal, the oldest first, each with the likeliest deal to accept."""
    if request.method == "POST":
        if not can_finance(request.user):
            raise PermissionDenied
        _accept(request)
        return redirect(request.get_full_path())
    rows = Invoice.objects.without_deal().prefetch_related("lines").order_by("issued_on", "pk")
    total = rows.count()
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19 and (last := Invoice.objects.filter(pk=after).first()):
        rows = rows.filter(Q(issued_on__gt=last.issued_on) | Q(issued_on=last.issued_on, pk__gt=last.pk))
    page = list(rows[: MATCHED_AT_ONCE + 1])
    shown = page[:MATCHED_AT_ONCE]
    context = {
        "rows": matching.suggestions_for(shown),
        "total": total,
        "may_match": can_finance(request.user),
        "next_url": f"{reverse('commissions:invoices_waiting')}?after={shown[-1].pk}"
        if len(page) > MATCHED_AT_ONCE
        else "",
    }
    return render(request, "commissions/waiting.html", context)


def _accept(request: StaffRequest) -> None:
    """Match each ticked invoice with the deal that stood beside it; one that is refused keeps no other."""
    matched, refused, own = 0, 0, 0
    for ticked in request.POST.getlist("accept")[:MATCHED_AT_ONCE]:
        invoice, _dash, deal = ticked.partition("-")
        if not all(each.isascii() and each.isdecimal() and len(each) < 19 for each in (invoice, deal)):
            continue
        row = Invoice.objects.filter(pk=invoice).first()
        found = matching.deals_to_match().filter(pk=deal).first()
        if row is None or found is None:
            continue
        try:
            matches.match_invoice(invoice=row, deal=found, by=request.user, at=clock.now())
            matched += 1
        except OwnMoney as refusal:
            messages.warning(request, f"{row.reference}: {refusal}")
            own += 1
        except DomainError:
            refused += 1
    if matched:
        said = ngettext("%(n)s invoice has its deal now.", "%(n)s invoices have their deals now.", matched)
        messages.success(request, said % {"n": matched})
    if refused:
        said = ngettext(
            "%(n)s was matched by somebody else meanwhile.",
            "%(n)s were matched by somebody else meanwhile.",
            refused,
        )
        messages.warning(request, said % {"n": refused})
    if not matched and not refused and not own:
        messages.warning(request, _("Nothing was ticked, so nothing was matched."))


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def unmatch(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask, and take a match back that earned nothing yet."""
    invoice = get_object_or_404(
        Invoice.objects.select_related("deal__use_case__referral__company").filter(deal__isnull=False), pk=pk
    )
    if request.method == "POST":
        try:
            matches.unmatch_invoice(invoice=invoice, by=request.user, at=clock.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect("commissions:invoice", pk)
        messages.success(request, _("The match is taken back. Choose the right deal."))
        return redirect("commissions:invoice_match", pk)
    if matches.has_earned(invoice):
        messages.error(request, str(MatchEarned()))
        return redirect("commissions:invoice", pk)
    return render(request, "commissions/unmatch.html", {"invoice": invoice})


@require_safe
@role_required(Role.FINANCE, Role.DIRECTOR)
def invoice(request: StaffRequest, pk: int) -> HttpResponse:
    """Show an invoice, what happened to it, and what it earned whom."""
    rows = Invoice.objects.with_open_amount().select_related("deal__use_case__referral__company")
    row = get_object_or_404(rows, pk=pk)
    may = can_finance(request.user)
    context = {
        "invoice": row,
        "lines": row.lines.order_by("number"),
        "facts": row.facts.select_related("line", "replacement").order_by("happened_on", "pk"),
        "entries": row.commissions.select_related("partner").order_by("pk"),
        "may_record": may,
        "may_unmatch": may and row.deal_id is not None and not matches.has_earned(row),
    }
    return render(request, "commissions/invoice.html", context)
