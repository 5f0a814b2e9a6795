"""A statement as a PDF: the same bytes for the same facts."""

import json
from datetime import date
from typing import Any

import structlog
import typst
from django.conf import settings

from ssp.core.periods import start_of_day

TEMPLATE = settings.BASE_DIR / "templates" / "commissions" / "statement.typ"
ARCHIVED: Any = ["a-2a", "ua-1"]  # to be kept for years, and to be read aloud: tagged, titled, in a language
log = structlog.get_logger(__name__)


def render(facts: dict[str, Any]) -> bytes:
    """Return the PDF of a statement's facts; what people typed goes in as text, never as markup.

    A letter that no embedded font has (a name in Japanese) is what neither standard allows: then the document
    is set without them, with a box for the letter, and the page has it whole.
    """
    how: dict[str, Any] = {
        "format": "pdf",
        "ignore_system_fonts": True,
        "sys_inputs": {"facts": json.dumps(facts)},
        "timestamp": int(start_of_day(date.fromisoformat(facts["issued_on"])).timestamp()),
    }
    pdf: Any
    try:
        pdf = typst.compile(str(TEMPLATE), pdf_standards=ARCHIVED, **how)
    except typst.TypstError as refused:
        if "could not be displayed" not in str(refused):
            raise
        log.warning("statement.letters_missing", number=facts["number"])
        pdf = typst.compile(str(TEMPLATE), **how)
    return bytes(pdf)
