"""How a use case pays: what both models would bring, and the one change that a director may make (C5)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from commissions.elections import change_election, change_of, why_not_change
from commissions.forms_elections import ChangeElectionForm
from partners.models import CommissionModel
from referrals.models import UseCase
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import Role


@role_required(Role.DIRECTOR)
@require_http_methods(["GET", "POST"])
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a director what is locked and what the other model is; a post changes it, once."""
    rows = UseCase.objects.select_related(
        "partner__user", "partner__recruiter__user", "referral__company", "deal"
    )
    use_case = get_object_or_404(rows, pk=pk, deal__isnull=False)
    other = next(model for model in CommissionModel if model != use_case.model)
    form = ChangeElectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing(DomainError, field="reason"):
            change_election(
                use_case=use_case,
                model=other,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request,
                _("It pays by “%(model)s” now. The partner gets your reason by e-mail.")
                % {"model": other.label},
            )
            return redirect("desk:deal", use_case.deal.pk)
    context = {
        "use_case": use_case,
        "deal": use_case.deal,
        "other": other,
        "form": form,
        "change": change_of(use_case),
        "refusal": why_not_change(use_case, by=request.user),
        "nav": "desk:deals",
    }
    return render(request, "commissions/election_change.html", context)
