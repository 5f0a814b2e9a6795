"""The stand-in's own pages: what was sent, and how it shall fail."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ssp.sandbox.docusign.faults import FAULTS, NAMES, UNTIL_TAKEN_BACK
from ssp.sandbox.docusign.standin import current


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List the envelopes, newest first, each with its way in and the callbacks it caused."""
    standin = current()
    rows = [
        {
            "envelope": envelope,
            "links": [
                (signer, standin.store.lasting_link(envelope.envelope_id, signer.recipient_id))
                for signer in envelope.signers
            ],
            "callbacks": standin.store.callbacks_of(envelope.envelope_id),
        }
        for envelope in standin.store.envelopes()
    ]
    return render(
        request,
        "sandbox/docusign/home.html",
        {"rows": rows, "waiting": len(standin.store.waiting_callbacks())},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def faults(request: HttpRequest) -> HttpResponse:
    """Show the faults; POST `name` and `times` (-1: until taken back, 0: off) sets one, `clear` ends all."""
    standin = current()
    if request.method == "POST":
        if request.POST.get("clear"):
            standin.faults.clear()
            return redirect("faults")
        name = request.POST.get("name", "")
        try:
            times = int(request.POST.get("times", "1"))
        except ValueError:
            return HttpResponseBadRequest("times")
        if name not in NAMES or times < UNTIL_TAKEN_BACK:
            return HttpResponseBadRequest("name")
        standin.faults.set(name, times)
        return redirect("faults")
    active = standin.faults.active()
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(active)
    rows = [{"fault": fault, "times": active.get(fault.name, 0)} for fault in FAULTS]
    return render(request, "sandbox/docusign/faults.html", {"rows": rows, "any": bool(active)})


@require_POST
def flush(request: HttpRequest) -> HttpResponse:
    """Try the waiting callbacks at once."""
    current().connect.try_now()
    return redirect("home")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")
