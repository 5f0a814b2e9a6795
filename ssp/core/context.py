"""What every template may read."""

from django.conf import settings
from django.http import HttpRequest

from ssp.core import clock


def site(request: HttpRequest) -> dict[str, object]:
    """Return the application's date, and whether the sandbox is there."""
    return {"today": clock.today(), "sandbox": settings.SANDBOX}
