"""What every request goes through: probes, the second factor of staff, the reader's language and clock."""

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ssp.core import health, reader
from ssp.core.models import User

PROBES = {"/healthz": health.healthz, "/readyz": health.readyz}
FREE = ("/accounts/", "/static/", "/healthz", "/readyz", "/theme/", "/sandbox/")


class Probes:
    """Answers probes before anything that needs a session or our own host name: they ask by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path_info, self.get_response)(request)


class StaffNeedTwoFactors:
    """Leads staff without a second factor to setting one up before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if (
            user.is_authenticated
            and user.is_staff
            and not request.path.startswith(FREE)
            and not is_mfa_enabled(user)
        ):
            messages.warning(request, _("Set up a second factor first: SeMI staff sign in with two."))
            return redirect(f"{reverse('mfa_activate_totp')}?next={request.path}")
        return self.get_response(request)


class AsTheReaderChose:
    """Writes pages in the language and by the clock that the signed-in person chose, for them alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        with reader.reading(user):
            request.LANGUAGE_CODE = get_language() or ""
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            response.headers.setdefault("Cache-Control", "private, no-cache")  # nobody else is shown it
        return response
