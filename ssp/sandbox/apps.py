"""The sandbox: a movable clock, a mailbox, stand-ins for DocuSign and Slack, a demo. Not for production."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ssp.core import clock
from ssp.sandbox.clock import MovableClock


class SandboxConfig(AppConfig):
    name = "ssp.sandbox"
    label = "sandbox"

    def ready(self) -> None:
        if settings.PRODUCTION:
            raise ImproperlyConfigured("SSP_SANDBOX is on, but this is production. Unset it.")
        clock.install(MovableClock(settings.STATE_DIR).now)
