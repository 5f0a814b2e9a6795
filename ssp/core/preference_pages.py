"""The preferences page of everybody with an account, and the page behind the link that stops a mail."""

from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ssp.core import clock
from ssp.core import preferences as kept
from ssp.core.mail_kinds import MailKind, kinds_for
from ssp.core.models import User
from ssp.core.periods import AMSTERDAM
from ssp.core.reader import language_of, place_of, reading, zone_of, zones
from ssp.core.roles import Role
from ssp.core.widgets import CheckList

Choices = list[tuple[str, Any]]


def zone_choices() -> Choices:
    """Return the time zones by region: (region, [(name, place)])."""
    names = sorted(zones())
    return [
        (region, [(name, name.partition("/")[2].replace("_", " ").replace("/", ", ")) for name in group])
        for region, group in groupby(names, key=lambda name: name.split("/")[0])
    ]


class PreferencesForm(forms.Form):
    """Which mails, whose clock, and which language where there is a choice."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy(
            "Meetings are shown in Amsterdam time, and beside it in yours where that differs. Dates stay "
            "Amsterdam dates: deadlines count by them."
        ),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("Of our pages and mails."),
        required=False,
    )
    mails = forms.MultipleChoiceField(
        label=gettext_lazy("Send me"),
        help_text=gettext_lazy("Untick what you don't need. The pages show it all the same."),
        required=False,
    )

    def __init__(self, *args: Any, kinds: list[MailKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone: Any = self.fields["time_zone"]
        zone.choices = zone_choices()
        language: Any = self.fields["language"]
        language.choices = [("", _("As my browser asks")), *settings.LANGUAGES]
        mails: Any = self.fields["mails"]
        mails.widget = CheckList(hints={kind.name: kind.explanation for kind in kinds})
        mails.choices = [(kind.name, kind.label) for kind in kinds]
        if len(settings.LANGUAGES) < 2:
            del self.fields["language"]
        if not kinds:
            del self.fields["mails"]


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and keep what the reader chose; what is always sent is listed with the reason."""
    user = request.user
    assert isinstance(user, User)
    kinds = kinds_for(user.roles or frozenset({Role.PARTNER.value}))  # who applies will get a partner's mails
    optional = [kind for kind in kinds if not kind.legal]
    form = PreferencesForm(
        request.POST or None,
        kinds=optional,
        initial={
            "time_zone": zone_of(user).key,
            "language": language_of(user),
            "mails": sorted(kept.wanted_of(user, optional)),
        },
    )
    if form.is_valid():
        kept.set_preferences(
            user=user,
            time_zone=form.cleaned_data["time_zone"],
            language=form.cleaned_data.get("language"),
            offered=optional,
            wanted=form.cleaned_data.get("mails", []),
            at=clock.now(),
        )
        with reading(user):
            messages.success(request, _("Your preferences are saved and count from now on."))
        return redirect("core:preferences")
    context = {
        "form": form,
        "always": [kind for kind in kinds if kind.legal],
        "zone": "" if zone_of(user) == AMSTERDAM else place_of(zone_of(user)),
    }
    return render(request, "core/preferences.html", context)


@csrf_exempt  # mail programs press the button of RFC 8058 without a page of ours: the signed link decides
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Stop one kind of mail to one person. Opening the link changes nothing: scanners open links."""
    found = kept.read_stop_token(token)
    if found is None:
        raise Http404
    user, kind = found
    if request.method == "POST":
        wanted = request.POST.get("again") == "yes"
        kept.set_mail(user=user, kind=kind, wanted=wanted, at=clock.now())
    with reading(user):
        context = {"kind": kind, "stopped": not kept.wants(user, kind), "pressed": request.method == "POST"}
        return render(request, "core/stop_mail.html", context)
