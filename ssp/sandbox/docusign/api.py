"""The parts of eSignature REST v2.1 that the application uses, in its shapes."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import jwt
from dateutil.parser import isoparse
from django.http import HttpRequest, HttpResponse, JsonResponse

from ssp.sandbox.docusign import documents, envelopes, oauth
from ssp.sandbox.docusign.errors import ApiError, invalid
from ssp.sandbox.docusign.standin import StandIn, current, said
from ssp.sandbox.docusign.store import Envelope, Signer

TRANSACTION_LIFE = timedelta(days=7)
View = Callable[..., HttpResponse]


def api_view(view: Callable[..., HttpResponse]) -> View:
    """Check what DocuSign checks of every call: the front door, the token, the account, the limits."""

    @wraps(view)
    def checked(request: HttpRequest, account_id: str, **ids: str) -> HttpResponse:
        standin = current()
        if failed := standin.faults.before_any_call(request):
            return failed
        _check_token(standin, request)
        standin.faults.before_api_call()
        if account_id.lower() != standin.keys.identity["account_id"]:
            raise ApiError(
                401,
                "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT",
                "The specified User is not a member of the specified Account.",
            )
        left = standin.limits.count()
        envelopes.do_what_is_due(standin)
        answer = view(request, standin, **ids)
        for name, value in left.items():
            answer[name] = value
        return answer

    return checked


def _check_token(standin: StandIn, request: HttpRequest) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ApiError(401, "PARTNER_AUTHENTICATION_FAILED", "The specified Integrator Key was not found.")
    try:
        oauth.read_token(standin, token)
    except jwt.PyJWTError:
        raise ApiError(
            401, "AUTHORIZATION_INVALID_TOKEN", "The access token provided is expired, revoked or malformed."
        ) from None


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        said_body = json.loads(request.body or b"{}")
    except ValueError:
        raise ApiError(
            400, "INVALID_REQUEST_BODY", "The request body is missing or improperly formatted."
        ) from None
    if not isinstance(said_body, dict):
        raise ApiError(400, "INVALID_REQUEST_BODY", "The request body is missing or improperly formatted.")
    return said_body


def _find(standin: StandIn, envelope_id: str) -> Envelope:
    envelope = standin.store.envelope(envelope_id)
    if envelope is None:
        raise ApiError(
            404, "ENVELOPE_DOES_NOT_EXIST", "The envelope specified either does not exist or is not yours."
        )
    return envelope


@api_view
def envelopes_view(request: HttpRequest, standin: StandIn) -> HttpResponse:
    """POST creates; GET lists status changes."""
    if request.method == "GET":
        return _list(request, standin)
    if request.method != "POST":
        raise _no_such_method()
    envelope = envelopes.create(standin, _body(request))
    if lost := standin.faults.after_change(request):
        return lost
    summary = {
        "envelopeId": envelope.envelope_id,
        "status": envelope.status,
        "statusDateTime": envelope.changed_at,
        "uri": f"/envelopes/{envelope.envelope_id}",
    }
    return JsonResponse(summary, status=201)


def _list(request: HttpRequest, standin: StandIn) -> HttpResponse:
    asked = request.GET
    if not any(asked.get(name) for name in ("from_date", "envelope_ids", "transaction_ids")):
        raise invalid("from_date, envelope_ids or transaction_ids is required.")
    found = standin.store.envelopes()
    if ids := asked.get("envelope_ids"):
        found = [each for each in found if each.envelope_id in ids.lower().split(",")]
    if ids := asked.get("transaction_ids"):
        young = said(standin.now() - TRANSACTION_LIFE)
        found = [each for each in found if each.transaction_id in ids.split(",") and each.created_at >= young]
    if asked.get("from_date"):
        try:
            since = said(isoparse(asked["from_date"]))
        except ValueError:
            raise invalid("from_date isn't a date.") from None
        created = asked.get("from_to_status", "").lower() == "created"
        found = [each for each in found if (each.created_at if created else each.changed_at) >= since]
    if field := asked.get("custom_field"):
        name, _, value = field.partition("=")
        found = [each for each in found if each.custom_fields.get(name) == value]
    if status := asked.get("status"):
        found = [each for each in found if each.status in status.lower().split(",")]
    start, count = int(asked.get("start_position") or 0), min(int(asked.get("count") or 1000), 1000)
    page = found[start : start + count]
    answer: dict[str, Any] = {
        "resultSetSize": str(len(page)),
        "totalSetSize": str(len(found)),
        "startPosition": str(start),
        "endPosition": str(start + max(len(page) - 1, 0)),
    }
    if page:  # an empty list isn't told at all: the SDK reads None
        answer["envelopes"] = [
            _told(each, recipients="recipients" in asked.get("include", "")) for each in page
        ]
    return JsonResponse(answer)


@api_view
def envelope_view(request: HttpRequest, standin: StandIn, envelope_id: str) -> HttpResponse:
    """GET reads; PUT voids or resends."""
    envelope = _find(standin, envelope_id)
    if request.method == "GET":
        standin.faults.before_polling()
        return JsonResponse(_told(envelope, recipients="recipients" in request.GET.get("include", "")))
    if request.method != "PUT":
        raise _no_such_method()
    change = _body(request)
    with standin.store.transaction():  # a signature at the same moment comes before or after, never between
        envelope = _find(standin, envelope_id)
        if request.GET.get("resend_envelope") == "true":
            envelopes.resend(standin, envelope)
        elif change.get("status") == "voided":
            envelopes.void(standin, envelope, reason=str(change.get("voidedReason") or ""))
        else:
            raise invalid("This stand-in voids and resends.")
    if lost := standin.faults.after_change(request):
        return lost
    return JsonResponse({"envelopeId": envelope.envelope_id})


@api_view
def recipients_view(request: HttpRequest, standin: StandIn, envelope_id: str) -> HttpResponse:
    """GET lists the recipients; PUT corrects them, and mails them when `resend_envelope` says so."""
    envelope = _find(standin, envelope_id)
    if request.method == "GET":
        return JsonResponse(_recipients(envelope))
    if request.method != "PUT":
        raise _no_such_method()
    changes = [each for each in _body(request).get("signers") or [] if isinstance(each, dict)]
    resends = request.GET.get("resend_envelope") == "true"
    with standin.store.transaction():
        results = envelopes.correct(standin, _find(standin, envelope_id), changes, resends=resends)
    if lost := standin.faults.after_change(request):
        return lost
    return JsonResponse({"recipientUpdateResults": results})


@api_view
def document_view(request: HttpRequest, standin: StandIn, envelope_id: str, document_id: str) -> HttpResponse:
    """GET downloads `combined`, `certificate`, or the document by its id."""
    envelope = _find(standin, envelope_id)
    original = standin.store.document(envelope.envelope_id)
    if document_id == "combined":
        content = documents.combined(envelope, original)
    elif document_id == "certificate":
        content = documents.certificate(envelope)
    elif document_id == "1":
        content = documents.stamped(envelope, original)
    else:
        raise ApiError(404, "DOCUMENT_DOES_NOT_EXIST", "The document specified was not found.")
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = 'file; filename="document.pdf"'
    return answer


@api_view
def recipient_view(request: HttpRequest, standin: StandIn, envelope_id: str) -> HttpResponse:
    """POST makes a link for embedded signing."""
    if request.method != "POST":
        raise _no_such_method()
    return JsonResponse(
        {"url": envelopes.view(standin, _find(standin, envelope_id), _body(request))}, status=201
    )


def _no_such_method() -> ApiError:
    return ApiError(405, "METHOD_NOT_ALLOWED", "The method isn't allowed here.")


def _told(envelope: Envelope, *, recipients: bool) -> dict[str, Any]:
    base = f"/envelopes/{envelope.envelope_id}"
    told: dict[str, Any] = {
        "envelopeId": envelope.envelope_id,
        "status": envelope.status,
        "emailSubject": envelope.subject,
        "emailBlurb": envelope.blurb,
        "transactionId": envelope.transaction_id,
        "createdDateTime": envelope.created_at,
        "lastModifiedDateTime": envelope.changed_at,
        "statusChangedDateTime": envelope.changed_at,
        "sentDateTime": envelope.sent_at,
        "deliveredDateTime": envelope.delivered_at,
        "completedDateTime": envelope.completed_at,
        "declinedDateTime": envelope.declined_at,
        "voidedDateTime": envelope.voided_at,
        "voidedReason": envelope.voided_reason,
        "envelopeUri": base,
        "documentsUri": f"{base}/documents",
        "documentsCombinedUri": f"{base}/documents/combined",
        "certificateUri": f"{base}/documents/certificate",
        "recipientsUri": f"{base}/recipients",
    }
    if recipients:
        told["recipients"] = _recipients(envelope)
    return {name: value for name, value in told.items() if value != ""}


def _recipients(envelope: Envelope) -> dict[str, Any]:
    return {
        "signers": [_told_signer(signer) for signer in envelope.signers],
        "recipientCount": str(len(envelope.signers)),
    }


def _told_signer(signer: Signer) -> dict[str, str]:
    told = {
        "recipientId": signer.recipient_id,
        "name": signer.name,
        "email": signer.email,
        "clientUserId": signer.client_user_id,
        "status": signer.status,
        "sentDateTime": signer.sent_at,
        "deliveredDateTime": signer.delivered_at,
        "signedDateTime": signer.signed_at,
        "declinedDateTime": signer.declined_at,
        "declinedReason": signer.declined_reason,
    }
    return {name: value for name, value in told.items() if value}
