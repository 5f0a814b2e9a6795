"""Finance: the months that bookkeeping gets."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from commissions import queries
from commissions.finance import journal as books
from commissions.models import JournalMonth
from commissions.views.finance import READERS, month_name, page
from ssp.core import clock, delivery
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import Role

LINES = 100  # of a draft that are shown


@require_safe
@role_required(*READERS)
def journal(request: StaffRequest) -> HttpResponse:
    """Show per currency which months are open and which are with bookkeeping."""
    today = clock.today()
    closed = JournalMonth.objects.defer("content").select_related("closed_by").order_by("-month")
    by_currency: dict[str, list[JournalMonth]] = {}
    for each in closed:
        by_currency.setdefault(each.currency, []).append(each)
    context = {
        "currencies": [
            {
                "currency": currency,
                "open": [
                    _open(month, today, is_first=n == 0)
                    for n, month in enumerate(books.open_months(currency))
                ],
                "closed": [(each, month_name(each.month)) for each in by_currency.get(currency, [])],
            }
            for currency in sorted({*queries.currencies(), *by_currency})
        ],
        "accounts": [(account.code, account.label) for account in books.ACCOUNTS],
    }
    return page(request, "journal", "journal", context)


def _open(month: books.OpenMonth, today: date, *, is_first: bool) -> dict[str, Any]:
    is_over = month.is_over(today)
    if not is_over:
        word, tone = _("Not over"), "moving"
    elif is_first:
        word, tone = _("To be closed"), "you"
    else:
        word, tone = _("After the earlier one"), "waiting"
    return {"month": month, "name": month_name(month.month), "word": word, "tone": tone}


def _month(said: str) -> date:
    try:
        return date.fromisoformat(f"{said}-01")
    except ValueError as wrong:
        raise Http404 from wrong


@require_safe
@role_required(*READERS)
def journal_month(request: StaffRequest, currency: str, month: str) -> HttpResponse:
    """Show a month: what it adds up to, its lines while it is open, and what may be done with it."""
    first, today = _month(month), clock.today()
    closed = (
        JournalMonth.objects.filter(currency=currency, month=first)
        .defer("content")
        .select_related("closed_by")
        .first()
    )
    if closed is None and currency not in queries.currencies():
        raise Http404
    context: dict[str, Any] = {
        "closed": closed,
        "currency": currency,
        "name": month_name(first),
        "month": month,
    }
    if closed is None:
        lines = books.draft_of(currency, first)
        waiting = books.open_months(currency)
        context |= {
            "totals": books.totals_of(lines),
            "lines": lines[:LINES],
            "more": max(len(lines) - LINES, 0),
            "may_close": request.user.has_role(Role.FINANCE)
            and bool(waiting)
            and waiting[0].month == first
            and waiting[0].is_over(today),
            "earlier": month_name(waiting[0].month) if waiting and waiting[0].month < first else "",
            "is_over": books.OpenMonth(currency, first, {}).is_over(today),
        }
    return page(request, "journal_month", "journal", context)


@require_POST
@role_required(Role.FINANCE)
def journal_close(request: StaffRequest, currency: str, month: str) -> HttpResponse:
    """Close a month."""
    try:
        closed = books.close_month(currency=currency, month=_month(month), by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("%(month)s is closed in %(currency)s. Its file is the same from now on.")
            % {"month": month_name(closed.month), "currency": currency},
        )
    return redirect("commissions:journal_month", currency, month)


@require_POST
@role_required(*READERS)
def journal_file(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand out the file of a closed month; who took it is written down, so it isn't a link."""
    closed = get_object_or_404(JournalMonth.objects.defer("content"), pk=pk)
    content = books.hand_out(closed=closed, by=request.user, at=clock.now())
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    disposition = content_disposition_header(as_attachment=True, filename=closed.file_name)
    response.headers["Content-Disposition"] = disposition or "attachment"
    delivery.kept_by_nobody(response)
    return response
