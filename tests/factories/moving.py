"""Spreadsheets of partners who signed on paper, and their papers."""

import csv
import io
from typing import Any

from django.conf import settings
from pypdf import PdfWriter

from partners.models import ContractReview, MoveIn
from partners.services.contracts import review_contract
from partners.services.moving_in import commit_move_in, plan_of, shown_by, upload_move_in
from ssp.core.models import User
from tests.factories.partners import DirectorFactory
from tests.moments import MONDAY

HEADINGS = (
    "email",
    "name",
    "public_name",
    "legal_name",
    "country",
    "tax_number",
    "signed_on",
    "tier",
    "recurring",
    "first_invoice",
    "bonus",
    "bonus_basis",
    "cap",
    "default_model",
    "listing_consent",
    "recruiter",
    "slot",
    "pdf",
)
ROW = {
    "email": "ada@paper.example",
    "name": "Ada Bakker",
    "legal_name": "Bakker Search",
    "country": "Netherlands",
    "signed_on": "2024-03-12",
    "recurring": "12",
    "first_invoice": "30%",
    "bonus": "10,5",
    "bonus_basis": "commission",
    "cap": "3 years",
    "default_model": "recurring",
    "listing_consent": "yes",
    "pdf": "ada.pdf",
}


def a_row(who: str = "Ada Bakker", /, **cells: str) -> dict[str, str]:
    """Return a row about `who`, with an address and a paper of their own."""
    first = who.lower().partition(" ")[0]
    own = {
        "name": who,
        "email": f"{first}@paper.example",
        "legal_name": f"{who} Ltd",
        "pdf": f"{first}.pdf",
    }
    return {**ROW, **own, **cells}


def a_file(*rows: dict[str, str], headings: tuple[str, ...] = HEADINGS) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, headings, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def a_pdf(title: str = "Contract", *, password: str = "") -> bytes:
    """Return a PDF of one page that no other title has."""
    writer = PdfWriter()
    writer.add_blank_page(200, 280)
    writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def papers_of(*rows: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(row["pdf"], a_pdf(row["pdf"])) for row in rows]


def uploaded(*rows: dict[str, str], by: User | None = None, at: Any = MONDAY) -> MoveIn:
    """Hand a file in with everybody's paper, up to the preview."""
    move_in, problems = upload_move_in(
        content=a_file(*rows), file_name="partners.csv", papers=papers_of(*rows), by=by, at=at
    )
    assert problems == []
    return move_in


def moved_in(*rows: dict[str, str], at: Any = MONDAY) -> MoveIn:
    """Hand a file in and apply it: everybody waits for their attestations."""
    move_in = uploaded(*rows, at=at)
    commit_move_in(move_in=move_in, shown=shown_by(plan_of(move_in, at=at)), by=None, at=at)
    move_in.refresh_from_db()
    return move_in


def attest(contract: Any, director: User | None = None, *, at: Any = MONDAY) -> ContractReview:
    return review_contract(
        contract=contract,
        director=director or DirectorFactory(),
        decision=ContractReview.Decision.APPROVED,
        reason="",
        version=contract.version,
        at=at,
    )


def attest_twice(contract: Any, *, at: Any = MONDAY) -> None:
    attest(contract, at=at)
    attest(contract, at=at)
    contract.refresh_from_db()


def stored_files() -> list[str]:
    return sorted(path.name for path in settings.MEDIA_ROOT.rglob("*.pdf"))
