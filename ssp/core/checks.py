"""What `manage.py check --deploy` asks beyond Django's own questions."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register(deploy=True)
def links_lead_home(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Mails carry links that open things: they must lead to the real site, over TLS."""
    if settings.SITE_URL.startswith("https://"):
        return []
    return [Error("SITE_URL is no https:// address, but mails are full of it.", id="ssp.E001")]


@register(deploy=True)
def statements_name_who_pays(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A self-billing document without our name, address and VAT number is none."""
    if all(settings.SEMI.values()):
        return []
    return [
        Error("SEMI_LEGAL_NAME, SEMI_ADDRESS and SEMI_VAT_NUMBER stand on every statement.", id="ssp.E002")
    ]
