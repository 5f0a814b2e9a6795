"""One use case: its partner's words, and what both sides say about it (C8)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.access import PartnerRequest, partner_required
from referrals import windows
from referrals.forms import CommentForm
from referrals.models import UseCase
from referrals.services.comments import comment_on_use_case
from ssp.core import clock
from ssp.core.errors import DomainError


@partner_required
@require_http_methods(["GET", "POST"])
def use_case(request: PartnerRequest, pk: int) -> HttpResponse:
    """Show the partner's own use case as defined, and answer what sales says about it."""
    found = get_object_or_404(
        UseCase.objects.select_related("referral__company", "extension"), pk=pk, partner=request.partner
    )
    form = CommentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing(DomainError):
            comment_on_use_case(
                use_case=found, text=form.cleaned_data["text"], by=request.user, at=clock.now()
            )
            messages.success(request, _("Your comment is kept, and SeMI gets it by e-mail."))
            return redirect("referrals:use_case", pk)
    extension = windows.extension_of(found)
    context = {
        "use_case": found,
        "comments": found.comments.select_related("author", "use_case__partner").order_by("written_at", "pk"),
        "form": form,
        "extended_by": windows.extended_by(extension) if extension else "",
        "nav": "referrals:list",
    }
    return render(request, "referrals/use_case.html", context)
