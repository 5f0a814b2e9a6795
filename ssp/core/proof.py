"""When somebody last proved that it is them: allauth's reauthentication, by password or second factor."""

from datetime import datetime, timedelta

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from ssp.core import clock


def proved_at(request: HttpRequest) -> datetime | None:
    """Return the moment of a proof that still holds, by the application's clock; nothing without one."""
    if isinstance(request.user, AnonymousUser) or not did_recently_reauthenticate(request):
        return None
    proofs = [
        record
        for record in get_authentication_records(request, request.user)
        if record.get("reauthenticated")
    ]
    if not proofs:  # somebody without a password or second factor: nothing was asked
        return None
    age = timedelta(seconds=max(0.0, clock.wall().timestamp() - proofs[-1]["at"]))
    return clock.now() - age
