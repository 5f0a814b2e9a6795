"""A contract to be sent."""

import uuid
from typing import Any

import pytest
import typst

from ssp.docusign.client import SigningService


@pytest.fixture(scope="session")
def contract_pdf() -> bytes:
    """Two pages with the anchors at which the partner signs."""
    return typst.compile(
        b'#set page(paper: "a4")\n= Sales Partnership Contract\nBetween SeMI and Ines Marchetti.\n'
        b"#pagebreak()\n#v(40mm)\n#text(size: 4pt, fill: white)[/sign-partner/]\n\n#v(10mm)\n"
        b"#text(size: 4pt, fill: white)[/date-partner/]\n"
    )


@pytest.fixture
def sending(contract_pdf: bytes) -> dict[str, Any]:
    """The arguments of a sending, with a transaction id of its own."""
    return {
        "document_pdf": contract_pdf,
        "document_name": "Sales Partnership Contract",
        "subject": "Your contract with SeMI",
        "signer_name": "Ines Marchetti",
        "signer_email": "ines@marchetti.example",
        "transaction_id": str(uuid.uuid4()),
        "contract_reference": "contract:12",
        "message": "Two directors have approved it.",
    }


@pytest.fixture
def envelope_id(service: SigningService, sending: dict[str, Any]) -> str:
    return service.send_envelope(**sending)
