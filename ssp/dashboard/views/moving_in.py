"""Running referrals move in by a file: look, attest, or delete (C1, C2, C9). For sales leads."""

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from referrals.errors_moving import MovesInOnce
from referrals.models import ReferralMoveIn
from referrals.services import moving_in as service
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.intake import CONFLICT, KNOWN, NEW, OUTCOMES, REFUSED, ColumnsUnclear
from ssp.core.roles import Role
from ssp.core.tabular import csv_bytes
from ssp.dashboard.forms_moving import AttestForm, RunningColumnsForm, RunningForm

SAMPLE = Path(settings.BASE_DIR) / "referrals" / "sample" / "running-referrals.csv"
STATES = {
    "preview": (gettext_lazy("Preview, nothing moved in yet"), "you"),
    "committed": (gettext_lazy("Moved in"), "good"),
}


def _files() -> QuerySet[ReferralMoveIn]:
    return ReferralMoveIn.objects.select_related("uploaded_by", "committed_by")


@role_required(Role.SALES_LEAD)
@require_http_methods(["GET", "POST"])
def files(request: StaffRequest) -> HttpResponse:
    """List the files so far; a post takes one in for its preview."""
    form = RunningForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError, field="file"):
            record = service.upload_running(
                content=form.content,
                file_name=form.cleaned_data["file"].name,
                by=request.user,
                at=clock.now(),
            )
            return redirect("desk:moving_in_file", record.pk)
    rows = _files().defer("content", "report").order_by("-pk")[:20]
    context = {
        "form": form,
        "files": [(row, *STATES[row.state]) for row in rows],
        "nav": "desk:moving_in",
    }
    return render(request, "dashboard/moving_in.html", context)


@role_required(Role.SALES_LEAD)
@require_GET
def file(request: StaffRequest, pk: int) -> HttpResponse:
    """Show every row: what would become of it, or what became of it."""
    return _page(request, get_object_or_404(_files(), pk=pk), AttestForm())


def _page(request: StaffRequest, record: ReferralMoveIn, form: AttestForm) -> HttpResponse:
    word, tone = STATES[record.state]
    context = {"record": record, "word": word, "tone": tone, "nav": "desk:moving_in"}
    if record.state == "committed":
        rows = record.rows.select_related(
            "use_case__referral__company", "use_case__partner", "use_case__deal"
        )
        context["rows"] = rows.order_by("number")
        return render(request, "dashboard/moving_in_done.html", context)
    try:
        plan = service.plan_of(record, at=clock.now())
    except ColumnsUnclear:
        return redirect("desk:moving_in_columns", record.pk)
    form.fields["shown"].initial = service.shown_by(plan)
    context |= {
        "form": form,
        "plan": plan,
        "shown": service.shown_by(plan),
        "new": plan.count(NEW),
        "known": plan.count(KNOWN),
        "differing": plan.count(CONFLICT),
        "refused": plan.count(REFUSED),
    }
    return render(request, "dashboard/moving_in_preview.html", context)


@role_required(Role.SALES_LEAD)
@require_http_methods(["GET", "POST"])
def columns(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask which column is which."""
    record = get_object_or_404(_files(), pk=pk)
    if record.state != "preview":
        return redirect("desk:moving_in_file", pk)
    data = request.POST if request.method == "POST" else None
    form = RunningColumnsForm(data, headers=service.table_of(record).headers, initial=record.mapping)
    if form.is_valid():
        with form.showing(DomainError):
            service.map_running(record=record, mapping=form.cleaned_data, by=request.user, at=clock.now())
            return redirect("desk:moving_in_file", pk)
    context = {"form": form, "record": record, "nav": "desk:moving_in"}
    return render(request, "dashboard/moving_in_columns.html", context)


@role_required(Role.SALES_LEAD)
@require_POST
def commit(request: StaffRequest, pk: int) -> HttpResponse:
    """Apply exactly what was shown, on the lead's word."""
    record = get_object_or_404(_files(), pk=pk)
    form = AttestForm(request.POST)
    if form.is_valid():
        with form.showing(DomainError):
            plan = service.commit_running(record=record, by=request.user, at=clock.now(), **form.cleaned_data)
            new = plan.count(NEW)
            said = ngettext("%(n)s use case moved in.", "%(n)s use cases moved in.", new) % {"n": new}
            messages.success(request, said + " " + _("Each partner gets one e-mail about theirs."))
            return redirect("desk:moving_in_file", pk)
    record = get_object_or_404(_files(), pk=pk)
    if record.state != "preview":
        messages.error(request, str(MovesInOnce()))
        return redirect("desk:moving_in_file", pk)
    return _page(request, record, form)


@role_required(Role.SALES_LEAD)
@require_POST
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Delete a preview."""
    record = get_object_or_404(_files(), pk=pk)
    try:
        service.discard_running(record=record, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("desk:moving_in_file", pk)
    messages.success(request, _("The preview is deleted. Nothing moved in."))
    return redirect("desk:moving_in")


@role_required(Role.SALES_LEAD)
@require_GET
def report(request: StaffRequest, pk: int) -> HttpResponse:
    """Give every row with its result and reason."""
    record = get_object_or_404(_files(), pk=pk)
    rows: list[tuple[object, ...]]
    if record.state == "committed":
        rows = [(each["number"], OUTCOMES[each["outcome"]], "") for each in record.report]
    else:
        try:
            plan = service.plan_of(record, at=clock.now())
        except ColumnsUnclear:
            return redirect("desk:moving_in_columns", pk)
        rows = [
            (row.number, row.outcome_label, " ".join([row.message, *row.creates, *row.warnings]).strip())
            for row in plan.rows
        ]
    headings = [_("Row"), _("Result"), _("Why")]
    answer = HttpResponse(csv_bytes(headings, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="moving-in-{pk}-report.csv"'
    return answer


@role_required(Role.SALES_LEAD)
@require_GET
def sample(request: StaffRequest) -> HttpResponse:
    """Give a file with every column."""
    answer = HttpResponse(SAMPLE.read_bytes(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="running-referrals-sample.csv"'
    return answer
