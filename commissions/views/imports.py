"""Finance: a file of invoices from its preview to what became of its rows."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions import intake, layouts, services
from commissions.forms_intake import COLUMN, QUESTION, InvoiceColumnsForm, LayoutForm
from commissions.models import InvoiceImport, Source
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.intake import ColumnsUnclear
from ssp.core.roles import Role
from ssp.core.tabular import csv_bytes, fold

LISTED = 200  # rows of each sort on the page; the report has them all
PROBLEMS = (intake.REFUSED, intake.CONFLICT)


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def invoice_import(request: StaffRequest, pk: int) -> HttpResponse:
    """Show every row of a file and what becomes of it; a press of the button imports it."""
    upload = get_object_or_404(InvoiceImport, pk=pk)
    refused = ""
    if request.method == "POST":
        try:
            plan = services.begin_import(
                upload=upload,
                by=request.user,
                at=clock.now(),
                leave_differing=request.POST.get("differing") == "leave",
            )
        except ColumnsUnclear:
            return redirect("commissions:import_columns", pk)
        except DomainError as refusal:
            refused = str(refusal)
        else:
            _say(request, plan)
            return redirect("commissions:import", pk)
    upload = get_object_or_404(InvoiceImport.objects.select_related("imported_by"), pk=pk)
    if upload.state == "importing":
        context = {"upload": upload, "done": services.progress_of(upload), "refused": refused}
        context["total"] = len(services.table_of(upload).rows)
        return render(request, "commissions/import_progress.html", context, status=422 if refused else 200)
    try:
        rows = _rows(upload)
    except ColumnsUnclear:
        return redirect("commissions:import_columns", pk)
    return render(
        request,
        "commissions/import.html",
        {"upload": upload, "refused": refused or upload.problem, **_judged(rows), **_read_as(upload)},
        status=422 if refused else 200,
    )


def _say(request: StaffRequest, plan: intake.Plan | None) -> None:
    if plan is None:
        messages.info(request, _("The file is being imported. This page shows how far it is."))
        return
    new = plan.count(intake.NEW)
    messages.success(
        request,
        ngettext("Imported: %(new)s new row.", "Imported: %(new)s new rows.", new) % {"new": new}
        if new
        else _("Nothing changed: every row was there already."),
    )


def _rows(upload: InvoiceImport) -> list[intake.Judged]:
    if upload.imported_at is not None:
        return [intake.Judged(**row) for row in upload.report]
    return services.plan_of(upload, at=clock.now()).rows


def _judged(rows: Sequence[intake.Judged]) -> dict[str, Any]:
    """Return the rows that need somebody first, then the others, and how many there are of each sort."""
    judged = intake.Plan(list(rows))
    problems = [row for row in rows if row.outcome in PROBLEMS]
    others = [row for row in rows if row.outcome not in PROBLEMS]
    return {
        "problems": problems[:LISTED],
        "rows": others[:LISTED],
        "more_problems": max(len(problems) - LISTED, 0),
        "more": max(len(others) - LISTED, 0),
        "is_fine": judged.is_fine,
        "new": judged.count(intake.NEW),
        "known": judged.count(intake.KNOWN),
        "left_out": judged.count(intake.LEFT_OUT),
        "refused_rows": judged.count(intake.REFUSED),
        "differing": judged.count(intake.CONFLICT),
        "wrong": len(problems),
    }


def _read_as(upload: InvoiceImport) -> dict[str, Any]:
    """Return what the file was taken for, in words."""
    layout = layouts.LAYOUTS[upload.layout]
    said = [
        (option.label, dict(option.choices)[upload.options[option.name]])
        for option in layout.options
        if upload.options.get(option.name) in dict(option.choices)
    ]
    return {"layout": layout, "source": Source(upload.source).label, "said": said}


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE)
def columns(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask which column is which, whose numbers they are, and what the file leaves open."""
    upload = get_object_or_404(InvoiceImport, pk=pk)
    if upload.state != "preview":
        return redirect("commissions:import", pk)
    table = services.table_of(upload)
    chosen = LayoutForm(request.GET if "layout" in request.GET else {"layout": upload.layout})
    layout = layouts.LAYOUTS[chosen.cleaned_data["layout"] if chosen.is_valid() else upload.layout]
    kept = layout.name == upload.layout
    mapping = upload.mapping if kept and upload.mapping else layouts.recognise_columns(table.headers, layout)
    initial = {COLUMN + name: heading for name, heading in mapping.items()}
    initial |= {QUESTION + name: said for name, said in upload.options.items() if kept}
    initial["source"] = upload.source if kept else layout.source
    said = upload.options if kept else {}
    if request.method == "POST":  # what is open hangs on the columns that were just chosen
        mapping = _posted(request, COLUMN, [column.name for column in layout.columns])
        said = _posted(request, QUESTION, [option.name for option in layout.options])
    form = InvoiceColumnsForm(
        request.POST or None,
        headers=table.headers,
        layout=layout,
        questions=layouts.open_questions(table, layout, mapping, said),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            services.map_invoices(
                upload=upload,
                layout=layout.name,
                source=form.cleaned_data["source"],
                mapping=form.mapping,
                options=form.options,
                by=request.user,
                at=clock.now(),
            )
            return redirect("commissions:import", pk)
    first = [(header, [row.get(fold(header)) for row in table.rows[:3]]) for header in table.headers]
    context = {
        "form": form,
        "upload": upload,
        "layout": layout,
        "layout_form": chosen,
        "first": first,
        "all_found": all(mapping.get(column.name) for column in layout.columns if column.needed)
        and (layout != layouts.OWN or "kind" in mapping),
    }
    return render(request, "commissions/import_columns.html", context, status=422 if form.errors else 200)


def _posted(request: StaffRequest, prefix: str, names: Sequence[str]) -> dict[str, str]:
    return {name: request.POST.get(prefix + name, "") for name in names}


@require_POST
@role_required(Role.FINANCE)
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Delete a preview."""
    upload = get_object_or_404(InvoiceImport, pk=pk)
    try:
        services.discard_invoices(upload=upload, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("commissions:import", pk)
    messages.success(request, _("The preview is deleted. Nothing was imported."))
    return redirect("commissions:invoices")


@require_GET
@role_required(Role.FINANCE)
def report(request: StaffRequest, pk: int) -> HttpResponse:
    """Give every row of a file and what becomes of it, as a CSV."""
    upload = get_object_or_404(InvoiceImport, pk=pk)
    try:
        rows = _rows(upload)
    except ColumnsUnclear:
        return redirect("commissions:import_columns", pk)
    answer = HttpResponse(
        csv_bytes(
            [_("Row"), _("Kind"), _("Reference"), _("Invoice"), _("Amount"), _("Result"), _("Why")],
            [
                (row.number, row.kind, row.reference, row.invoice, row.amount, row.outcome_label, row.message)
                for row in rows
            ],
        ),
        content_type="text/csv; charset=utf-8",
    )
    answer["Content-Disposition"] = f'attachment; filename="import-{pk}.csv"'
    return answer
