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
    next_code: str
    seconds_left: int


def current_codes(*, at: datetime) -> list[Code]:
    """Return the code of every enrolled person at the real moment `at`: phones know no sandbox."""
    counter, gone = divmod(int(at.timestamp()), app_settings.TOTP_PERIOD)
    enrolled = (
        Authenticator.objects.filter(type=Authenticator.Type.TOTP, user__is_active=True)
        .select_related("user")
        .order_by("user__full_name", "user__email")
    )
    return [_code(each, counter, seconds_left=app_settings.TOTP_PERIOD - gone) for each in enrolled]


def _code(enrolled: Authenticator, counter: int, *, seconds_left: int) -> Code:
    secret = get_adapter().decrypt(enrolled.data["secret"])
    now, then = (format_hotp_value(hotp_value(secret, count)) for count in (counter, counter + 1))
    return Code(user=enrolled.user, code=now, next_code=then, seconds_left=seconds_left)
