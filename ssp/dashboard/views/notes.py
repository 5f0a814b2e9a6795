"""Notes of sales: what their pages show of them, and what writes one."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partners.models import Partner
from referrals.models import Company, Note, Referral, UseCase
from referrals.models.notes import SUBJECTS, Subject
from referrals.permissions import can_keep_notes
from referrals.services.notes import write_note
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import DESK_ROLES
from ssp.dashboard.forms import NoteForm

SHOWN = 50
NOTED: dict[str, QuerySet[Any]] = {  # what has a page at the desk
    "referral": Referral.objects.select_related("partner__user"),
    "use_case": UseCase.objects.filter(referral__isnull=False).select_related("partner__user", "deal"),
    "company": Company.objects.all(),
    "partner": Partner.objects.filter(started_at__isnull=False).select_related("user"),
}


def notes_for(request: StaffRequest, subject: Subject) -> dict[str, object] | None:
    """Return what `dashboard/_notes.html` shows; nothing to who may not read it."""
    if not can_keep_notes(request.user, subject):
        return None
    return {
        "rows": Note.objects.about(subject).newest_first()[:SHOWN],
        "form": NoteForm(),
        "url": reverse(f"desk:{SUBJECTS[type(subject)]}_note", args=[subject.pk]),
        "closed": isinstance(subject, Referral) and subject.anonymised_at is not None,
    }


def _page_of(subject: Subject) -> str:
    if isinstance(subject, UseCase) and hasattr(subject, "deal"):
        return reverse("desk:deal", args=[subject.deal.pk])
    return reverse(f"desk:{SUBJECTS[type(subject)]}", args=[subject.pk])


@role_required(*DESK_ROLES)
@require_POST
def write(request: StaffRequest, kind: str, pk: int) -> HttpResponse:
    """Keep a note and go back; a text that can't be kept is shown with the reason."""
    subject = get_object_or_404(NOTED[kind], pk=pk)
    form = NoteForm(request.POST)
    page = _page_of(subject)
    if form.is_valid():
        with form.showing(DomainError):
            write_note(about=subject, text=form.cleaned_data["text"], by=request.user, at=clock.now())
            messages.success(request, _("Your note is kept. Only sales reads it."))
            return redirect(f"{page}#notes")
    context = {"form": form, "subject": subject, "page": page, "nav": "desk:home"}
    return render(request, "dashboard/note.html", context, status=422)
