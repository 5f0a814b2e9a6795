"""The PDFs: what the signer sees, what is signed, and the certificate of completion."""

import io
import json
import tempfile
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from dateutil.parser import isoparse
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError

from ssp.core.periods import AMSTERDAM
from ssp.sandbox.docusign.store import Envelope

TEMPLATES = Path(__file__).parent / "sheets"
SCREEN_PPI = 110.0


def is_pdf(document: bytes) -> bool:
    """Return whether it is a PDF that can be read."""
    if not document.startswith(b"%PDF-"):
        return False
    try:
        return len(PdfReader(io.BytesIO(document)).pages) > 0
    except PyPdfError:
        return False


def text_of(document: bytes) -> str:
    """Return all text of a PDF: anchors are found in it."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)


def page_count(document: bytes) -> int:
    return len(PdfReader(io.BytesIO(document)).pages)


@lru_cache(maxsize=64)
def page_picture(document: bytes, number: int) -> bytes:
    """Return page `number` (from 1) as a PNG, for a browser that shows no PDF."""
    page = PdfReader(io.BytesIO(document)).pages[number - 1]
    facts = {"page": number, "width": float(page.mediabox.width), "height": float(page.mediabox.height)}
    return _compile("page.typ", facts, document=document, format="png", ppi=SCREEN_PPI)


def combined(envelope: Envelope, original: bytes) -> bytes:
    """Return the document with the envelope's id, the signatures at their places, and a signature page."""
    writer = _stamped(envelope, original)
    if envelope.status == "completed":
        for page in PdfReader(io.BytesIO(_compile("signatures.typ", _facts(envelope)))).pages:
            writer.add_page(page)
    return _written(writer)


def stamped(envelope: Envelope, original: bytes) -> bytes:
    """Return the document with the envelope's id and the signatures at their places."""
    return _written(_stamped(envelope, original))


def certificate(envelope: Envelope) -> bytes:
    """Return DocuSign's certificate: who did what, when."""
    return _compile("certificate.typ", _facts(envelope))


def _stamped(envelope: Envelope, original: bytes) -> PdfWriter:
    writer = PdfWriter(clone_from=io.BytesIO(original))
    for page in writer.pages:
        facts = _facts(envelope) | {
            "width": float(page.mediabox.width),
            "height": float(page.mediabox.height),
            "marks": _marks(envelope, page),
        }
        page.merge_page(PdfReader(io.BytesIO(_compile("stamp.typ", facts))).pages[0])
    return writer


def _marks(envelope: Envelope, page: PageObject) -> list[dict[str, Any]]:
    """Find where on this page a signature or a date goes: x and y in points from the top left."""
    wanted: dict[str, dict[str, str]] = {}
    for signer in envelope.signers:
        if signer.signed_at:
            wanted |= {anchor: {"kind": "signature", "text": signer.name} for anchor in signer.sign_anchors}
            day = f"{isoparse(signer.signed_at).astimezone(AMSTERDAM):%d %b %Y}"
            wanted |= {anchor: {"kind": "date", "text": day} for anchor in signer.date_anchors}
    marks: list[dict[str, Any]] = []
    height = float(page.mediabox.height)

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        for anchor, mark in wanted.items():
            if anchor in text:
                x = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
                y = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
                marks.append(mark | {"x": x, "y": height - y})

    if wanted:
        page.extract_text(visitor_text=visit)
    return marks


def _facts(envelope: Envelope) -> dict[str, Any]:
    facts = asdict(envelope)
    for owner in (facts, *facts["signers"]):
        for name, value in list(owner.items()):
            if name.endswith("_at") and value:
                owner[name] = f"{isoparse(value).astimezone(AMSTERDAM):%d %b %Y %H:%M:%S}"
    return facts


def _compile(template: str, facts: dict[str, Any], *, document: bytes = b"", **how: Any) -> bytes:
    """Run a Typst template. Facts go in as data, never as markup."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / template
        source.write_bytes((TEMPLATES / template).read_bytes())
        (Path(folder) / "document.pdf").write_bytes(document)
        return bytes(typst.compile(source, root=folder, sys_inputs={"facts": json.dumps(facts)}, **how))


def _written(writer: PdfWriter) -> bytes:
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
