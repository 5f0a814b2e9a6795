"""Partners in the public directory, made through the services that make them."""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from PIL import Image

from partners.models import Partner
from partners.photos import draw_anew
from partners.rules import SHOWABLE
from partners.services.profiles import DETAILS, open_profile, save_profile, set_photo
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

LEILA = {
    "company": "Haddad & Co",
    "city": "Brussels",
    "country": "BE",
    "headline": "Insurance and banking: policies, claims, complaints",
    "about": "Twenty years in insurance.",
    "languages": ["fr", "ar", "en"],
    "topics": ["underwriting"],
    "website": "https://haddad.example",
    "linkedin": "https://www.linkedin.com/in/leila-haddad",
    "email": "leila@haddad.example",
    "phone": "+32 2 555 01 23",
}


def details(**said: Any) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(DETAILS, "") | {"languages": [], "topics": []}
    return {**empty, **said}


def listed_partner(
    name: str = "Leila Haddad",
    *,
    shown: Iterable[str] = SHOWABLE,
    consent: bool = True,
    started_at: datetime = MONDAY,
    **said: Any,
) -> Partner:
    """A partner in the directory, with those details, of which `shown` are shown."""
    partner: Partner = PartnerFactory(
        user=UserFactory(full_name=name), listing_consent=consent, started_at=started_at
    )
    open_profile(partner=partner, at=started_at)
    save_profile(
        partner=partner,
        details=details(**said, display_name=name),
        shown=shown,
        by=partner.user,
        at=max(started_at, MONDAY),
    )
    partner.refresh_from_db()
    return partner


def picture(
    size: tuple[int, int] = (300, 300), *, kind: str = "PNG", colour: Any = "teal", **options: Any
) -> bytes:
    """The bytes of a plain picture."""
    out = io.BytesIO()
    mode = options.pop("mode", "RGB")
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def give_photo(partner: Partner, *, at: datetime = MONDAY) -> None:
    set_photo(partner=partner, photo=draw_anew(picture()), by=partner.user, at=at)
