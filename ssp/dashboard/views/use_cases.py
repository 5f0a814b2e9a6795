"""A use case as its partner defined it, and what sales says about it (C8)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from referrals.forms import CommentForm
from referrals.models import UseCase
from referrals.services.comments import comment_on_use_case
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import DESK_ROLES
from ssp.dashboard import timelines
from ssp.dashboard.views.notes import notes_for


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def use_case(request: StaffRequest, pk: int) -> HttpResponse:
    """Read the definition and comment on it; there is nothing here that changes it."""
    rows = UseCase.objects.filter(referral__isnull=False)
    found = get_object_or_404(
        rows.select_related("partner", "referral__company", "deal", "same_need_as__partner"), pk=pk
    )
    form = CommentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing(DomainError):
            comment_on_use_case(
                use_case=found, text=form.cleaned_data["text"], by=request.user, at=clock.now()
            )
            said = _("Your comment is kept, and %(partner)s gets it by e-mail.")
            messages.success(request, said % {"partner": found.partner})
            return redirect("desk:use_case", pk)
    notes = notes_for(request, found)
    context = {
        "use_case": found,
        "comments": found.comments.select_related("author", "use_case__partner").order_by("written_at", "pk"),
        "form": form,
        "notes": notes,
        "timeline": timelines.of_use_case(found, on=clock.today(), with_notes=notes is not None),
        "nav": "desk:home",
    }
    return render(request, "dashboard/use_case.html", context)
