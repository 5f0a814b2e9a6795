"""The one address that DocuSign calls."""

import uuid

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ssp.core import clock
from ssp.docusign import webhooks

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    """Check, store, answer; the work is done later. DocuSign holds back what follows a failure."""
    body = request.body
    if not webhooks.is_signed(body, request.headers, keys=settings.DOCUSIGN["HMAC_KEYS"]):
        log.warning("connect.forged", size=len(body))
        return HttpResponse(status=401)
    try:
        message = webhooks.read(body)
    except webhooks.NotConnect as garbled:
        log.warning("connect.garbled", size=len(body), reason=str(garbled))
        return HttpResponse(status=400)
    if message.account_id != _our_account():
        # Signed with our key, so no forgery: another account of the same owner. Not ours to keep.
        log.warning("connect.other_account", envelope_id=message.envelope_id)
        return HttpResponse(status=200)
    event = webhooks.remember(message, body=body, at=clock.now())
    log.info(
        "connect.received" if event else "connect.repeated",
        envelope_id=message.envelope_id,
        connect_event=message.event,
    )
    return HttpResponse(status=200)


def _our_account() -> str:
    try:
        return str(uuid.UUID(settings.DOCUSIGN["ACCOUNT_ID"]))
    except ValueError:
        return ""
