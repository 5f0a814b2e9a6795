"""A person's record as files: JSON for machines, a PDF to read."""

import json
from datetime import date, datetime
from typing import Any

import typst
from django.conf import settings
from django.utils.translation import gettext as _

from referrals.person_record import PersonRecord, Value
from ssp.core.periods import AMSTERDAM
from ssp.core.templatetags.ssp import day

TEMPLATE = settings.BASE_DIR / "templates" / "referrals" / "person_record.typ"


def as_json(record: PersonRecord) -> bytes:
    """Return the record as JSON: dates and instants in ISO 8601."""
    facts = {
        "address": record.email,
        "made_at": record.made_at.isoformat(),
        **{section.key: section.rows for section in record.sections},
    }
    return json.dumps(facts, ensure_ascii=False, indent=2, default=_iso).encode()


def _iso(value: date | datetime) -> str:
    return value.isoformat()


def as_pdf(record: PersonRecord) -> bytes:
    """Return the record to be read; what people typed goes in as text, never as markup."""
    facts: dict[str, Any] = {
        "title": _("What SeMI holds about you"),
        "intro": _("Found by the address %(address)s on %(day)s.")
        % {"address": record.email, "day": day(record.made_at)},
        "nothing": _("Nothing is held about this address.") if record.is_empty else "",
        "rights": _(
            "You may have mistakes put right, object, or have your details removed: answer our e-mail, or "
            "use the link to object that is in every e-mail about the introduction. You may also complain to "
            "the data protection authority of your country."
        ),
        "sections": [
            {
                "title": section.title,
                "rows": [[[label, as_text(value)] for label, value in row.items()] for row in section.rows],
            }
            for section in record.sections
        ],
    }
    pdf: bytes = typst.compile(
        str(TEMPLATE),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"facts": json.dumps(facts)},
        timestamp=0,
    )
    return pdf


def as_text(value: Value) -> str:
    """Return a value as people read it: Amsterdam dates and times."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return f"{day(value)}, {value.astimezone(AMSTERDAM):%H:%M}"
    if isinstance(value, date):
        return day(value)
    return str(value)
