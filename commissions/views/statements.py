"""Statements: a partner's own, and those of all for finance and directors."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commissions import queries_statements as queries
from commissions.models import ContestedEntry, Statement, StatementFile
from commissions.permissions import can_approve
from partners.access import PartnerRequest, partner_required
from partners.models import Partner
from ssp.core.access import StaffRequest, role_required
from ssp.core.models import User
from ssp.core.roles import Role

A_PAGE = 50


@require_safe
@partner_required
def statements(request: PartnerRequest) -> HttpResponse:
    """List the partner's statements, and what they contested."""
    rows, next_url = _page(request, Statement.objects.owned_by(request.partner))
    context = {
        "statements": rows,
        "next_url": next_url,
        "is_first_page": "after" not in request.GET,
        "mixed": Statement.objects.owned_by(request.partner).values("currency").distinct().count() > 1,
        "contests": ContestedEntry.objects.of_partner(request.partner)
        .with_all()
        .order_by("-contested_at", "-pk"),
    }
    return render(request, "commissions/statements.html", context)


@require_safe
@role_required(Role.FINANCE, Role.DIRECTOR)
def desk_statements(request: StaffRequest) -> HttpResponse:
    """List everybody's statements, or one partner's."""
    chosen = request.GET.get("partner", "")
    partner = Partner.objects.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < 10 else None
    rows, next_url = _page(
        request, Statement.objects.owned_by(partner) if partner else Statement.objects.all()
    )
    context = {
        "statements": rows,
        "next_url": next_url,
        "is_first_page": "after" not in request.GET,
        "partner": partner,
        "partners": Partner.objects.filter(statements__isnull=False)
        .distinct()
        .order_by("display_name", "pk"),
        "nav": "commissions:desk_statements",
    }
    return render(request, "commissions/desk_statements.html", context)


def _page(request: HttpRequest, found: Any) -> tuple[list[Statement], str]:
    """Return a page of statements, newest first, and the address of the next one."""
    rows = found.select_related("payout__run", "partner").defer("facts").newest_first()
    after = request.GET.get("after", "")
    last = found.filter(pk=after).first() if after.isdecimal() and len(after) < 19 else None
    if last:
        rows = rows.filter(Q(issued_at__lt=last.issued_at) | Q(issued_at=last.issued_at, pk__lt=last.pk))
    shown = list(rows[: A_PAGE + 1])
    if len(shown) <= A_PAGE:
        return shown, ""
    address = request.GET.copy()
    address["after"] = str(shown[A_PAGE - 1].pk)
    return shown[:A_PAGE], f"?{address.urlencode()}"


@require_safe
@login_required
def statement(request: HttpRequest, number: str) -> HttpResponse:
    """Show a statement to its partner, and to finance and directors."""
    row, is_own = _readable(request, number)
    contests = queries.contests_of([line["entry"] for line in row.facts["lines"] if "entry" in line])
    cancellation = row.payout.statements.filter(kind="cancellation").first() if row.payout else None
    context = {
        "statement": row,
        "facts": row.facts,
        "lines": [{**line, "contest": contests.get(line.get("entry"))} for line in row.facts["lines"]],
        "is_own": is_own,
        "cancellation": cancellation if cancellation != row else None,
        "has_brief": any(line["brief"] for line in row.facts["lines"]),
    }
    return render(request, "commissions/statement.html", context)


@require_safe
@login_required
def statement_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """Hand a statement out as it is kept: the same bytes each time."""
    row, _is_own = _readable(request, number)
    file = StatementFile.objects.get(statement=row)
    response = HttpResponse(file.read(), content_type="application/pdf")
    name = _("statement-%s.pdf") % row.number
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["ETag"] = f'"{file.sha256}"'
    return response


def _readable(request: HttpRequest, number: str) -> tuple[Statement, bool]:
    """Return a statement of this number that the person may read, and whether it is their own."""
    user = request.user
    assert isinstance(user, User)  # login_required
    row = Statement.objects.numbered(number).select_related("partner", "payout__run").first()
    is_own = row is not None and row.partner.user_id == user.pk
    if row is None or not (is_own or can_approve(user)):
        raise Http404
    return row, is_own
