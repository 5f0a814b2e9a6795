"""The pages on which a person reads the document and signs or declines it."""

import time
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from ssp.sandbox.docusign import documents, envelopes
from ssp.sandbox.docusign.standin import StandIn, current
from ssp.sandbox.docusign.store import Envelope, Link, Signer

MAX_REASON = 500


def _open(token: str) -> tuple[StandIn, Link, Envelope, Signer]:
    standin = current()
    envelopes.do_what_is_due(standin)
    link = standin.store.link(token)
    envelope = standin.store.envelope(link.envelope_id) if link else None
    if link is None or envelope is None:
        raise Http404("No such link")
    return standin, link, envelope, envelope.signer(link.recipient_id)


def _leave(link: Link, event: str, token: str) -> HttpResponse:
    """Go back to the sender's site (which proves nothing to it), or stay and say what happened."""
    if link.return_url:
        joint = "&" if "?" in link.return_url else "?"
        return HttpResponseRedirect(f"{link.return_url}{joint}{urlencode({'event': event})}")
    return redirect("signing", token=token)


def _may_sign(envelope: Envelope, signer: Signer) -> bool:
    return envelope.is_open and signer.status in {"sent", "delivered"}


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the document with its two buttons, or what became of it."""
    standin, link, envelope, signer = _open(token)
    if link.expires_at is not None:
        if link.used or link.expires_at < time.time():
            return _leave(link, "ttl_expired", token)
        standin.store.use_link(token)
    if not _may_sign(envelope, signer):
        if link.return_url:
            return _leave(link, "signing_complete" if envelope.status == "completed" else "cancel", token)
        context = {"kind": envelope.status if not envelope.is_open else "waiting", "envelope": envelope}
        return render(request, "sandbox/docusign/message.html", context | {"token": token})
    envelopes.deliver(standin, envelope, signer)
    document = standin.store.document(envelope.envelope_id)
    context = {
        "envelope": envelope,
        "signer": signer,
        "token": token,
        "pages": range(1, documents.page_count(document) + 1),
    }
    return render(request, "sandbox/docusign/signing.html", context)


@require_POST
def sign(request: HttpRequest, token: str) -> HttpResponse:
    """Sign."""
    with current().store.transaction():
        standin, link, envelope, signer = _open(token)
        if _may_sign(envelope, signer):
            envelopes.sign(standin, envelope, signer)
    return _leave(link, "signing_complete", token)


@require_POST
def decline(request: HttpRequest, token: str) -> HttpResponse:
    """Decline, with a reason."""
    reason = " ".join(request.POST.get("reason", "").split())[:MAX_REASON]
    with current().store.transaction():
        standin, link, envelope, signer = _open(token)
        if _may_sign(envelope, signer):
            if not reason:
                return redirect("signing", token=token)
            envelopes.decline(standin, envelope, signer, reason=reason)
    return _leave(link, "decline", token)


@require_safe
def document(request: HttpRequest, token: str) -> HttpResponse:
    """The document as a PDF: signed, if it is."""
    standin, _link, envelope, _signer = _open(token)
    content = documents.combined(envelope, standin.store.document(envelope.envelope_id))
    return HttpResponse(content, content_type="application/pdf")


@require_safe
def picture(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """One page of the document as a picture."""
    standin, _link, envelope, _signer = _open(token)
    content = standin.store.document(envelope.envelope_id)
    if not 1 <= number <= documents.page_count(content):
        raise Http404("No such page")
    return HttpResponse(documents.page_picture(content, number), content_type="image/png")
