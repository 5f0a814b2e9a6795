"""Known contacts: who SeMI knew before a partner came (C10). Look, press, follow, undo."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from referrals.contact_files import COLUMNS, crm_of
from referrals.models import ContactImport, KnownContact
from referrals.permissions import CONTACT_ROLES
from referrals.services import contacts as service
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.tabular import csv_bytes, fold
from ssp.dashboard.forms import ContactColumnsForm, ContactsForm

LISTED = 50  # refused rows on the page; the report has them all
FIRST = 10  # people of a file that a preview shows
STATES = {  # what an import's state is called, and its tone
    "preview": (gettext_lazy("Preview, nothing imported yet"), "you"),
    "importing": (gettext_lazy("Being imported"), "moving"),
    "imported": (gettext_lazy("Imported"), "good"),
    "undone": (gettext_lazy("Undone"), "closed"),
}


def _imports() -> QuerySet[ContactImport]:
    return ContactImport.objects.select_related("uploaded_by", "imported_by", "undone_by")


@role_required(*CONTACT_ROLES)
@require_http_methods(["GET", "POST"])
def contacts(request: StaffRequest) -> HttpResponse:
    """List the files that came in; a post takes one in for its preview."""
    form = ContactsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with form.showing(DomainError, field="file"):
            if file.size > service.MAX_BYTES:
                raise service.ContactsTooLarge
            record = service.upload_contacts(
                content=file.read(), file_name=file.name, by=request.user, at=clock.now()
            )
            return redirect("desk:contact_import", record.pk)
    rows = _imports().defer("content", "report").order_by("-pk")[:20]
    context = {
        "form": form,
        "imports": [(row, *STATES[row.state]) for row in rows],
        "known": KnownContact.objects.count(),
        "nav": "desk:home",
    }
    return render(request, "dashboard/contacts.html", context)


@role_required(*CONTACT_ROLES)
@require_GET
def contact_import(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what would become of a file, how far it is, or what became of it."""
    record = get_object_or_404(_imports(), pk=pk)
    word, tone = STATES[record.state]
    context = {"record": record, "word": word, "tone": tone, "nav": "desk:home"}
    if record.state != "preview":
        context |= {
            "problems": record.report[:LISTED],
            "refused": record.rows_refused,
            "may_undo": service.can_undo(record),
        }
        return render(request, "dashboard/contact_import.html", context)
    table = service.table_of(record)
    try:
        plan = service.plan_of(record, table)
    except service.NoEmailColumn:
        return redirect("desk:contact_columns", pk)
    headers = {fold(header): header for header in table.headers}
    context |= {
        "plan": plan,
        "first": [(each, each.identity in plan.known_identities) for each in plan.people[:FIRST]],
        "columns": [
            (column.label, headers[plan.mapping[column.name]])
            for column in COLUMNS
            if column.name in plan.mapping
        ],
        "crm": crm_of(table.headers),
        "before": service.imported_before(record),
        "problems": plan.problems[:LISTED],
        "refused": plan.refused,
    }
    return render(request, "dashboard/contact_preview.html", context)


@role_required(*CONTACT_ROLES)
@require_http_methods(["GET", "POST"])
def columns(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask which column is which."""
    record = get_object_or_404(_imports(), pk=pk)
    if record.state != "preview":
        return redirect("desk:contact_import", pk)
    table = service.table_of(record)
    data = request.POST if request.method == "POST" else None
    form = ContactColumnsForm(data, headers=table.headers, initial=record.mapping)
    if form.is_valid():
        with form.showing(DomainError):
            service.map_contacts(record=record, mapping=form.cleaned_data, by=request.user, at=clock.now())
            return redirect("desk:contact_import", pk)
    context = {"form": form, "record": record, "nav": "desk:home"}
    return render(request, "dashboard/contact_columns.html", context)


@role_required(*CONTACT_ROLES)
@require_POST
def commit(request: StaffRequest, pk: int) -> HttpResponse:
    """Import exactly what was shown."""
    record = get_object_or_404(_imports().defer("content", "report"), pk=pk)
    try:
        service.commit_contacts(
            record=record, shown=request.POST.get("shown", ""), by=request.user, at=clock.now()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("desk:contact_import", pk)


@role_required(*CONTACT_ROLES)
@require_POST
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Delete a preview."""
    record = get_object_or_404(_imports().defer("content", "report"), pk=pk)
    try:
        service.discard_contacts(record=record, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("desk:contact_import", pk)
    messages.success(request, _("The preview is deleted. Nothing was imported."))
    return redirect("desk:contacts")


@role_required(*CONTACT_ROLES)
@require_GET
def report(request: StaffRequest, pk: int) -> HttpResponse:
    """Give every refused row of a file with its reason, and nothing of the people."""
    record = get_object_or_404(_imports(), pk=pk)
    rows = [(each["row"], each["reason"]) for each in record.report]
    if record.state == "preview":
        try:
            rows = [(each.row, each.reason) for each in service.plan_of(record).problems]
        except service.NoEmailColumn:
            return redirect("desk:contact_columns", pk)
    answer = HttpResponse(
        csv_bytes([_("Row"), _("Why it was refused")], rows), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="contacts-{pk}-refused.csv"'
    return answer


@role_required(*CONTACT_ROLES)
@require_http_methods(["GET", "POST"])
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask, and take a whole import back."""
    record = get_object_or_404(_imports().defer("content", "report"), pk=pk)
    if request.method == "POST":
        try:
            n = service.undo_import(record=record, by=request.user, at=clock.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            said = ngettext(
                "The import is undone: %(n)s contact was removed.",
                "The import is undone: %(n)s contacts were removed.",
                n,
            )
            messages.success(request, said % {"n": n})
        return redirect("desk:contact_import", pk)
    if not service.can_undo(record):
        return redirect("desk:contact_import", pk)
    n = service.would_be_forgotten(record)
    context = {"record": record, "n": n, "stay": record.rows_new - n, "nav": "desk:home"}
    return render(request, "dashboard/contact_undo.html", context)
