"""The current TOTP codes of whoever enrolled one: what the demo people would read from their phones."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from ssp.core.models import User


@dataclass(frozen=True)
class Code:
    """What somebody's phone shows at a moment."""

    user: User
    code: str
    seconds_left: int


def current_codes(*, at: datetime) -> list[Code]:
    """Return the code of every enrolled person at the real moment `at`: phones know no sandbox."""
    counter, gone = divmod(int(at.timestamp()), app_settings.TOTP_PERIOD)
    enrolled = (
        Authenticator.objects.filter(type=Authenticator.Type.TOTP, user__is_active=True)
        .select_related("user")
        .order_by("user__full_name", "user__email")
    )
    return [
        Code(
            user=each.user,
            code=format_hotp_value(hotp_value(get_adapter().decrypt(each.data["secret"]), counter)),
            seconds_left=app_settings.TOTP_PERIOD - gone,
        )
        for each in enrolled
    ]
