"""Figures over any period, as charts with a table behind each, and as files."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.roles import DESK_ROLES, Role
from ssp.core.tabular import csv_bytes
from ssp.dashboard import figure_tables
from ssp.dashboard.figure_forms import FiguresForm

READERS = (*DESK_ROLES, Role.FINANCE, Role.DIRECTOR)


@role_required(*READERS)
@require_safe
def figures(request: StaffRequest) -> HttpResponse:
    """Show how far, how fast, why not, and what was earned, for the period and people asked for."""
    today = clock.today()
    form = FiguresForm(request.GET, on=today)
    chapters = figure_tables.all_of(form.scope) if form.is_valid() else []
    context = {
        "form": form,
        "chapters": chapters,
        "periods": form.views(today),
        "whole": figure_tables.WHOLE,
        "nav": "desk:figures",
    }
    return render(request, "dashboard/figures/page.html", context)


@role_required(*READERS)
@require_safe
def export(request: StaffRequest, slug: str) -> HttpResponse:
    """Hand out the table behind a figure; what is asked for wrongly isn't there."""
    form = FiguresForm(request.GET, on=clock.today())
    found = figure_tables.named(form.scope, slug) if form.is_valid() else None
    if found is None:
        raise Http404
    response = HttpResponse(
        csv_bytes(found.headers, figure_tables.lines_of(found)), content_type="text/csv; charset=utf-8"
    )
    days = f"{form.scope.since.isoformat()}-{form.scope.until.isoformat()}"
    response["Content-Disposition"] = f'attachment; filename="{found.name}-{days}.csv"'
    response["Cache-Control"] = "no-store"
    return response
