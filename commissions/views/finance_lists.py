"""Finance's lists: every invoice, and every entry of the ledger, filtered in the address; and files."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commissions import queries
from commissions.explain import explain
from commissions.finance import invoice_list, ledger_list
from commissions.finance.invoice_list import InvoiceFilters
from commissions.finance.ledger_list import LedgerFilters
from commissions.models import CommissionKind
from commissions.views.finance import READERS, page
from partners.models import Partner
from referrals.models import Deal
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.table_files import Format, answer

FORMATS: dict[str, Format] = {"csv": "csv", "xlsx": "xlsx"}


def _partners() -> Any:
    return Partner.objects.filter(started_at__isnull=False).order_by("display_name", "pk")


def _pages(filters: InvoiceFilters | LedgerFilters, address: str, following: str) -> dict[str, str]:
    """Return the addresses of the first and the next page, where there are any."""
    begin = f"{address}?{filters.query}" if filters.query else address
    joined = f"{begin}{'&' if filters.query else '?'}after={following}"
    return {"first_url": begin if filters.after else "", "next_url": joined if following else ""}


@require_safe
@role_required(*READERS)
def invoices(request: StaffRequest) -> HttpResponse:
    """List the invoices that the address asks for, newest first, with their sums per currency."""
    filters = InvoiceFilters.read(request.GET)
    found = invoice_list.page_of(filters)
    address = reverse("commissions:finance_invoices")
    context = {
        "filters": filters,
        "invoices": [
            {
                "invoice": row,
                "word": invoice_list.STATES[row.state],
                "tone": invoice_list.TONES[row.state],
            }
            for row in found.rows
        ],
        "sums": invoice_list.sums_of(filters),
        "states": invoice_list.STATES.items(),
        "partners": _partners(),
        "currencies": invoice_list.currencies(),
        "address": address,
        **_pages(filters, address, found.next),
    }
    return page(request, "invoices", "finance_invoices", context)


@require_safe
@role_required(*READERS)
def invoices_file(request: StaffRequest, file_format: str) -> HttpResponseBase:
    """Hand out what is filtered, all of it."""
    filters = InvoiceFilters.read(request.GET)
    return answer(
        invoice_list.headings(),
        invoice_list.every_row(filters),
        name=f"invoices-{clock.today().isoformat()}",
        file_format=FORMATS[file_format],
    )


@require_safe
@role_required(*READERS)
def ledger(request: StaffRequest) -> HttpResponse:
    """List the entries that the address asks for, each with its sum and where it comes from."""
    today, filters = clock.today(), LedgerFilters.read(request.GET)
    found = ledger_list.page_of(filters, on=today)
    address = reverse("commissions:finance_ledger")
    context = {
        "filters": filters,
        "entries": [
            {
                "told": (told := explain(entry, on=today, code=True)),
                "title": ledger_list.title_of(told),
                "payout": queries.payout_of(entry),
            }
            for entry in found.entries
        ],
        "sums": ledger_list.sums_of(filters, on=today),
        "states": ledger_list.STATES.items(),
        "kinds": CommissionKind.choices,
        "partners": _partners(),
        "currencies": queries.currencies(),
        "about": _about(filters),
        "address": address,
        **_pages(filters, address, found.next),
    }
    return page(request, "ledger", "finance_ledger", context)


def _about(filters: LedgerFilters) -> str:
    """Say which deal or invoice the list is of; it came by a link, and no field of the form says so."""
    if filters.deal:
        deal = Deal.objects.select_related("use_case").filter(pk=filters.deal).first()
        return _("of the deal “%s”") % deal.use_case.title if deal else _("of a deal that isn’t there")
    if filters.invoice:
        row = invoice_list.matching(InvoiceFilters()).filter(pk=filters.invoice).first()
        return _("of invoice %s") % row.reference if row else _("of an invoice that isn’t there")
    return ""


@require_safe
@role_required(*READERS)
def ledger_file(request: StaffRequest, file_format: str) -> HttpResponseBase:
    """Hand out the entries that are filtered, all of them."""
    today = clock.today()
    return answer(
        ledger_list.headings(),
        ledger_list.every_row(LedgerFilters.read(request.GET), on=today),
        name=f"ledger-{today.isoformat()}",
        file_format=FORMATS[file_format],
    )
