"""The board by stage, and what moves a deal on it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from referrals.models import Deal
from referrals.services.deals import move_deal
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import DESK_ROLES
from ssp.dashboard.board import STAGES, lanes
from ssp.dashboard.forms import StageForm
from ssp.dashboard.views.today import whose
from ssp.dashboard.waiting import Reader


@role_required(*DESK_ROLES)
@require_safe
def board(request: StaffRequest) -> HttpResponse:
    """Show what is open by stage."""
    mine, views = whose(request)
    context = {
        "lanes": lanes(Reader(user=request.user, mine=mine), at=clock.now()),
        "stages": STAGES,
        "mine": mine,
        "views": views,
        "nav": "desk:home",
    }
    return render(request, "dashboard/board.html", context)


@role_required(*DESK_ROLES)
@require_POST
def move(request: StaffRequest, pk: int) -> HttpResponse:
    """Move an open deal to another open stage; nothing else is confirmed, signed, won or lost by it."""
    row = get_object_or_404(Deal.objects.select_related("use_case"), pk=pk)
    form = StageForm(request.POST)
    if form.is_valid():
        try:
            moved = move_deal(deal=row, stage=form.cleaned_data["stage"], by=request.user, at=clock.now())
            said = _("“%(title)s” is now: %(stage)s.")
            facts = {"title": row.use_case.title, "stage": moved.get_stage_display()}
            messages.success(request, said % facts)
        except DomainError as refusal:
            messages.error(request, str(refusal))
    else:
        messages.error(request, _("A card moves to an open stage. Won and lost have their own buttons."))
    who = "everybody" if request.POST.get("who") == "everybody" else "mine"
    return redirect(f"{reverse('desk:board')}?{urlencode({'who': who})}#deal-{pk}")
