"""Views of the table under names: one's own, and what colleagues share."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.dashboard import services
from ssp.dashboard.filters import Filters
from ssp.dashboard.models import SavedView
from ssp.dashboard.permissions import READERS, can_change_view


@role_required(*READERS)
@require_GET
def saved_views(request: StaffRequest) -> HttpResponse:
    """List the views that somebody may open, with what they may do to each."""
    views = SavedView.objects.open_to(request.user).select_related("owner").order_by("name", "pk")
    listed = [
        {
            "view": view,
            "url": f"{reverse('desk:home')}?{view.query}",
            "mine": view.owner_id == request.user.pk,
            "may": can_change_view(request.user, view),
        }
        for view in views
    ]
    return render(request, "dashboard/table/views.html", {"listed": listed, "nav": "desk:home"})


@role_required(*READERS)
@require_POST
def save(request: StaffRequest) -> HttpResponse:
    """Keep the present filters, columns and order under a name."""
    filters = Filters.read(request.POST)
    try:
        view = services.save_view(
            name=request.POST.get("name", ""),
            filters=filters,
            is_shared=bool(request.POST.get("shared")),
            by=request.user,
            at=clock.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("“%(name)s” is saved. It stands above the table.")
        if filters.q:
            said = _("“%(name)s” is saved, without the words you searched for: they may be somebody’s name.")
        messages.success(request, said % {"name": view.name})
    return redirect(f"{reverse('desk:home')}?{filters.query}")


@role_required(*READERS)
@require_POST
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """Rename a view, and share it or no longer."""
    view = get_object_or_404(SavedView.objects.open_to(request.user), pk=pk)
    try:
        view = services.change_view(
            view=view,
            name=request.POST.get("name", ""),
            is_shared=bool(request.POST.get("shared")),
            by=request.user,
            at=clock.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("“%(name)s” is changed.") % {"name": view.name})
    return redirect("desk:views")


@role_required(*READERS)
@require_POST
def delete(request: StaffRequest, pk: int) -> HttpResponse:
    """Delete a view; the introductions in it stay as they are."""
    view = get_object_or_404(SavedView.objects.open_to(request.user), pk=pk)
    try:
        services.delete_view(view=view, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("“%(name)s” is deleted.") % {"name": view.name})
    return redirect("desk:views")
