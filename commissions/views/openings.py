"""Opening balances move in by a file: handed in by finance, approved by somebody else (ADR 22)."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions import openings as service
from commissions.errors_openings import OpeningsMoveInOnce
from commissions.forms_openings import ApproveOpeningsForm, OpeningColumnsForm, OpeningsForm
from commissions.models import Opening, OpeningImport
from commissions.permissions import can_finance
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.intake import CONFLICT, KNOWN, NEW, OUTCOMES, REFUSED, ColumnsUnclear
from ssp.core.money import format_money
from ssp.core.roles import Role
from ssp.core.tabular import csv_bytes

SAMPLE = Path(settings.BASE_DIR) / "commissions" / "sample" / "opening-balances.csv"
READERS = (Role.FINANCE, Role.DIRECTOR)
NAV = "commissions:openings"
STATES = {
    "preview": (gettext_lazy("Waits for another person"), "you"),
    "committed": (gettext_lazy("Entered"), "good"),
}


def _files() -> QuerySet[OpeningImport]:
    return OpeningImport.objects.select_related("uploaded_by", "committed_by")


@role_required(*READERS)
@require_http_methods(["GET", "POST"])
def files(request: StaffRequest) -> HttpResponse:
    """List the files so far; a post takes one in for its preview."""
    form = OpeningsForm(request.POST or None, request.FILES or None)
    may_hand_in = can_finance(request.user)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError, field="file"):
            record = service.upload_openings(
                content=form.content,
                file_name=form.cleaned_data["file"].name,
                by=request.user,
                at=clock.now(),
            )
            return redirect("commissions:opening_file", record.pk)
    rows = _files().defer("content", "report").order_by("-pk")[:20]
    context = {
        "form": form if may_hand_in else None,
        "files": [(row, *STATES[row.state]) for row in rows],
        "nav": NAV,
    }
    return render(request, "commissions/openings.html", context)


@role_required(*READERS)
@require_GET
def file(request: StaffRequest, pk: int) -> HttpResponse:
    """Show every row: what would become of it, or what became of it."""
    return _page(request, get_object_or_404(_files(), pk=pk), ApproveOpeningsForm())


def _page(request: StaffRequest, record: OpeningImport, form: ApproveOpeningsForm) -> HttpResponse:
    word, tone = STATES[record.state]
    context: dict[str, Any] = {"record": record, "word": word, "tone": tone, "nav": NAV}
    if record.state == "committed":
        rows = record.openings.select_related(
            "deal__use_case__referral__company", "deal__use_case__partner", "undone_by"
        )
        context["openings"] = rows.prefetch_related("sums").order_by("pk")
        context["may_undo"] = can_finance(request.user)
        return render(request, "commissions/opening_done.html", context)
    try:
        plan = service.plan_of(record, at=clock.now())
    except ColumnsUnclear:
        if record.uploaded_by_id == request.user.pk:
            return redirect("commissions:opening_columns", record.pk)
        return render(request, "commissions/opening_preview.html", {**context, "unclear": True})
    form.fields["shown"].initial = service.shown_by(plan)
    context |= {
        "form": form,
        "plan": plan,
        "shown": service.shown_by(plan),
        "new": plan.count(NEW),
        "known": plan.count(KNOWN),
        "differing": plan.count(CONFLICT),
        "refused": plan.count(REFUSED),
        "sums": [
            (currency, *(format_money(amount, currency, code=True) for amount in amounts))
            for currency, *amounts in plan.open_sums
        ],
        "is_mine": record.uploaded_by_id == request.user.pk,
    }
    return render(request, "commissions/opening_preview.html", context)


@role_required(Role.FINANCE)
@require_http_methods(["GET", "POST"])
def columns(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask which column is which."""
    record = get_object_or_404(_files(), pk=pk)
    if record.state != "preview" or record.uploaded_by_id != request.user.pk:
        return redirect("commissions:opening_file", pk)
    data = request.POST if request.method == "POST" else None
    form = OpeningColumnsForm(data, headers=service.table_of(record).headers, initial=record.mapping)
    if form.is_valid():
        with form.showing(DomainError):
            service.map_openings(record=record, mapping=form.cleaned_data, by=request.user, at=clock.now())
            return redirect("commissions:opening_file", pk)
    return render(request, "commissions/opening_columns.html", {"form": form, "record": record, "nav": NAV})


@role_required(*READERS)
@require_POST
def approve(request: StaffRequest, pk: int) -> HttpResponse:
    """Enter exactly what was shown, on the second person's word."""
    record = get_object_or_404(_files(), pk=pk)
    form = ApproveOpeningsForm(request.POST)
    if form.is_valid():
        with form.showing(DomainError):
            plan = service.approve_openings(
                record=record, by=request.user, at=clock.now(), **form.cleaned_data
            )
            new = plan.count(NEW)
            messages.success(
                request,
                ngettext("%(n)s opening balance entered.", "%(n)s opening balances entered.", new)
                % {"n": new},
            )
            return redirect("commissions:opening_file", pk)
    record = get_object_or_404(_files(), pk=pk)
    if record.state != "preview":
        messages.error(request, str(OpeningsMoveInOnce()))
        return redirect("commissions:opening_file", pk)
    return _page(request, record, form)


@role_required(*READERS)
@require_POST
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Delete a preview."""
    record = get_object_or_404(_files(), pk=pk)
    try:
        service.discard_openings(record=record, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("commissions:opening_file", pk)
    messages.success(request, _("The preview is deleted. Nothing was entered."))
    return redirect("commissions:openings")


@role_required(Role.FINANCE)
@require_POST
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Take one opening back, as long as nothing rests on it."""
    opening = get_object_or_404(Opening.objects.select_related("deal"), pk=pk)
    try:
        service.undo_opening(opening=opening, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("The opening balance is taken back. It may come in again with another file.")
        )
    return redirect("commissions:opening_file", opening.opening_import_id)


@role_required(*READERS)
@require_GET
def report(request: StaffRequest, pk: int) -> HttpResponse:
    """Give every row with its result and reason."""
    record = get_object_or_404(_files(), pk=pk)
    rows: list[tuple[object, ...]]
    if record.state == "committed":
        rows = [(row["number"], row["deal"], OUTCOMES[row["outcome"]], row["said"]) for row in record.report]
    else:
        try:
            plan = service.plan_of(record, at=clock.now())
        except ColumnsUnclear:
            return redirect("commissions:opening_file", pk)
        rows = [
            (
                row.number, row.deal, row.outcome_label,
                " ".join([row.message, *row.creates, *row.warnings]).strip(),
            )
            for row in plan.rows
        ]  # fmt: skip
    headings = [_("Row"), _("Customer reference"), _("Result"), _("Why")]
    answer = HttpResponse(csv_bytes(headings, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="opening-balances-{pk}-report.csv"'
    return answer


@role_required(*READERS)
@require_GET
def sample(request: StaffRequest) -> HttpResponse:
    """Give a file with every column."""
    answer = HttpResponse(SAMPLE.read_bytes(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="opening-balances-sample.csv"'
    return answer
