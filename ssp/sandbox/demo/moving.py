"""Three partners from before the software: their spreadsheet and papers, previewed."""

import csv
import json
from datetime import date, datetime

import typst
from django.conf import settings

from partners.admin.moving_in import SAMPLE
from partners.services.moving_in import upload_move_in
from ssp.core.models import User
from ssp.core.templatetags.ssp import day

PAPER = settings.BASE_DIR / "ssp" / "sandbox" / "demo" / "paper.typ"


def preview_a_file(*, by: User, at: datetime) -> None:
    """Hand the sample in with a signed paper for each row; nobody has pressed the button yet."""
    content = SAMPLE.read_bytes()
    rows = csv.DictReader(content.decode().splitlines())
    papers = [(row["pdf"], signed_paper(row)) for row in rows]
    upload_move_in(content=content, file_name="Partners 2024-2025.csv", papers=papers, by=by, at=at)


def signed_paper(row: dict[str, str]) -> bytes:
    """Return the paper that a row was taken from."""
    facts = {**row, "day": day(date.fromisoformat(row["signed_on"]))}
    pdf: bytes = typst.compile(
        str(PAPER),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"facts": json.dumps(facts)},
        timestamp=0,
    )
    return pdf
