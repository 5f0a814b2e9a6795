"""What follows when somebody sets up a second factor (allauth tells us)."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.dispatch import receiver
from django.http import HttpRequest

from ssp.core import staff
from ssp.core.models import User


@receiver(authenticator_added)
def end_sessions_with_one_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """End the sessions opened with a password alone, before there was a second factor to ask for."""
    if authenticator.type == Authenticator.Type.TOTP:
        staff.end_sessions(user, but=request.session.session_key)
