"""What an applicant may do about the contract they are to sign: have it mailed again, or to a new address."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from partners.models import OPEN_ENVELOPE, Contract
from partners.services.signature import correct_signer, is_proven, resend_mail
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.models import User

ACTS = {
    "again": (resend_mail, _("DocuSign sends you its e-mail again. It arrives within a few minutes.")),
    "correct": (correct_signer, _("DocuSign sends the contract to your new address within a few minutes.")),
}


def signing_of(contract: Contract | None) -> dict[str, Any]:
    """Return what an applicant's page offers about the envelope that waits for them."""
    envelope = contract.envelopes.filter(status__in=OPEN_ENVELOPE).first() if contract else None
    if contract is None or envelope is None or envelope.void_asked_at is not None:
        return {}
    user = contract.partner.user
    has_moved = user.email.casefold() != envelope.signer_email.casefold()
    return {
        "envelope": envelope,
        "new_address": user.email if has_moved and is_proven(user) else "",
        "may_ask_again": envelope.can_be_signed,
    }


@login_required
@require_POST
def signature(request: HttpRequest) -> HttpResponse:
    """Have DocuSign mail the reader's own contract once more, or to the address their account has now."""
    assert isinstance(request.user, User)
    act, done = ACTS.get(request.POST.get("do", ""), (None, ""))
    if act is None:
        return HttpResponseBadRequest()
    contract = get_object_or_404(Contract.objects.open().whole(), partner__user=request.user)
    try:
        act(contract=contract, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("partners:application")
