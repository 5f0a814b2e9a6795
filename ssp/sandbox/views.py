"""The sandbox page: the clock, the mailbox, the stand-in for DocuSign, and the demo people's codes."""

from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST, require_safe

from ssp.core import clock
from ssp.sandbox.clock import MovableClock
from ssp.sandbox.codes import current_codes
from ssp.sandbox.forms import STEPS, MomentForm
from ssp.sandbox.mailbox import Mail, Mailbox

MOST_MAILS = 100
MAIL_CSP: dict[str, list[str]] = {
    "default-src": [str(CSP.NONE)],
    "style-src": [str(CSP.UNSAFE_INLINE)],  # mails carry their style; nothing else of theirs is let in
    "img-src": ["data:"],
    "form-action": [str(CSP.NONE)],
    "frame-ancestors": [str(CSP.SELF)],
    "sandbox": ["allow-top-navigation-by-user-activation", "allow-popups"],
}


def _page(request: HttpRequest, form: MomentForm | None = None) -> dict[str, Any]:
    to, about = request.GET.get("to", ""), request.GET.get("about", "")
    mailbox = Mailbox(settings.STATE_DIR)
    now = clock.now()
    return {
        "now": now,
        "steps": [{"name": name, "label": label} for name, (_step, label) in STEPS.items()],
        "form": form or MomentForm(now=now),
        "mails": list(islice(mailbox.newest_first(to=to, about=about), MOST_MAILS)),
        "to": to,
        "about": about,
        "codes": current_codes(at=clock.wall()),
        "standin_url": _standin_url(),
    }


def _standin_url() -> str:
    """Where the stand-in's pages are; nothing when the environment names another DocuSign."""
    is_local = settings.DOCUSIGN["OAUTH_HOST"].startswith("127.0.0.1:")
    return settings.SANDBOX_URL if is_local else ""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Everything on one page; `?to=` and `?about=` narrow the mailbox."""
    return render(request, "sandbox/home.html", _page(request))


@require_POST
def move_clock(request: HttpRequest) -> HttpResponse:
    """Move the application clock by a step, or to a moment."""
    movable = MovableClock(settings.STATE_DIR)
    step = STEPS.get(request.POST.get("step", ""))
    if step:
        movable.advance(step[0])
    else:
        form = MomentForm(request.POST, now=movable.now())
        if not form.is_valid():
            return render(request, "sandbox/home.html", _page(request, form), status=422)
        movable.move_to(form.cleaned_data["moment"])
    messages.success(request, _("The application clock has moved."))
    return redirect("sandbox:home")


def _mail(name: str) -> Mail:
    mail = Mailbox(settings.STATE_DIR).get(name)
    if mail is None:
        raise Http404("No such mail")
    return mail


@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: its text with links, its HTML in a frame, its attachments."""
    return render(request, "sandbox/mail.html", {"mail": _mail(name)})


@require_safe
@xframe_options_sameorigin
@csp_override(MAIL_CSP)
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The mail's HTML, shut in: no script, no remote image; a pressed link opens in the whole window."""
    html = _mail(name).html
    if not html:
        raise Http404("No HTML")
    return HttpResponse('<base target="_top">' + html)


@require_safe
def mail_source(request: HttpRequest, name: str) -> HttpResponse:
    """The mail as it was received."""
    return HttpResponse(_mail(name).message.as_bytes(), content_type="text/plain; charset=utf-8")


@require_safe
def attachment(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """One attachment, always as a download."""
    found = next((each for each in _mail(name).attachments if each.number == number), None)
    if found is None:
        raise Http404("No such attachment")
    return HttpResponse(
        found.content,
        content_type=found.mime_type,
        headers={"Content-Disposition": f'attachment; filename="{_safe(found.name)}"'},
    )


def _safe(name: str) -> str:
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "._- ") else "_" for each in name)
    return kept.strip() or "attachment"
