"""Known contacts: who SeMI knew before a partner came (C10)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from referrals.models import ContactImport, KnownContact
from referrals.services.contacts import MAX_BYTES, ContactReport, ContactsTooLarge, import_known_contacts
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import DESK_ROLES
from ssp.dashboard.forms import ContactsForm


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def contacts(request: StaffRequest) -> HttpResponse:
    """Take a CRM's export and report what became of each row that wasn't imported."""
    form = ContactsForm(request.POST or None, request.FILES or None)
    report: ContactReport | None = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with form.showing(DomainError, field="file"):
            if file.size > MAX_BYTES:
                raise ContactsTooLarge
            report = import_known_contacts(
                content=file.read(),
                file_name=file.name,
                by=request.user,
                at=clock.now(),
                dry_run=form.cleaned_data["check_only"],
            )
    context = {
        "form": form,
        "report": report,
        "problems": report.problems[:200] if report else (),
        "imports": ContactImport.objects.select_related("imported_by").order_by("-pk")[:10],
        "known": KnownContact.objects.count(),
        "nav": "desk:home",
    }
    return render(request, "dashboard/contacts.html", context)
