"""The contract as a PDF: the same bytes for the same facts, so that its SHA-256 means something (C6)."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import typst
from django.conf import settings
from django.utils.dateformat import format as format_date
from django_countries import countries

from partners.models import BonusBasis, CapUnit, CommissionModel, Contract, ContractReview
from partners.words import count_in_full, percent_in_full
from ssp.core.periods import AMSTERDAM

SIGN_ANCHOR = "/sign-partner/"
DATE_ANCHOR = "/date-partner/"
TEMPLATE = settings.BASE_DIR / "templates" / "partners" / "contract.typ"
UNITS = {CapUnit.YEARS: "year", CapUnit.INVOICES: "recurring invoice"}
BASES = {
    BonusBasis.COMMISSION: "of each commission entry of the recruit, of additions and of reversals alike",
    BonusBasis.FIRST_INVOICE: "of the first invoice of each deal of the recruit, whichever model they chose",
}
MODELS = {
    CommissionModel.RECURRING: "the share of recurring revenue",
    CommissionModel.FIRST_INVOICE: "the share of the first invoice",
}


def moment(at: datetime) -> str:
    """Return an instant as the contract prints it, in Amsterdam time."""
    return format_date(at.astimezone(AMSTERDAM), "j F Y, H:i")


def contract_facts(contract: Contract, approvals: Sequence[ContractReview]) -> dict[str, Any]:
    """Return everything that the template prints, as plain text."""
    return {
        **agreed_facts(contract),
        "fingerprint": facts_sha256(contract),
        "approvals": [
            {"name": review.director.full_name, "at": moment(review.decided_at)} for review in approvals
        ],
        "sign_anchor": SIGN_ANCHOR,
        "date_anchor": DATE_ANCHOR,
    }


def facts_sha256(contract: Contract) -> str:
    """Return the SHA-256 of what is agreed: who with whom, and every number, approvals aside.

    A file's own hash can't stand in the file. This one can: it is printed on the draft that directors read
    and on the copy that is signed, and it is the same on both.
    """
    facts = json.dumps(agreed_facts(contract), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(facts.encode()).hexdigest()


def agreed_facts(contract: Contract) -> dict[str, Any]:
    """Return what the two sides agree on, as plain text."""
    partner = contract.partner
    return {
        "number": contract.number,
        "version": contract.version,
        "tier": contract.tier.name,
        "terms_from": format_date(contract.terms.effective_on, "j F Y"),
        "partner": {
            "legal_name": contract.legal_name,
            "display_name": contract.display_name,
            "signer": contract.signer_name,
            "country": str(countries.name(contract.country)),
            "tax_number": contract.tax_number,
            "email": contract.signer_email,
            "recruiter": partner.recruiter.display_name if partner.recruiter else "",
        },
        "recurring": percent_in_full(contract.recurring_percent),
        "first_invoice": percent_in_full(contract.first_invoice_percent),
        "bonus": percent_in_full(contract.bonus_percent),
        "bonus_basis": BASES[BonusBasis(contract.bonus_basis)],
        "cap": count_in_full(contract.cap_count, UNITS[CapUnit(contract.cap_unit)]),
        "default_model": MODELS[CommissionModel(contract.default_model)],
    }


def render_contract(contract: Contract, *, approvals: Sequence[ContractReview]) -> bytes:
    """Return the contract as a PDF; with fewer than two approvals it is a marked draft without anchors."""
    facts = contract_facts(contract, approvals)
    pdf: bytes = typst.compile(
        str(TEMPLATE),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"facts": json.dumps(facts)},
        timestamp=0,
    )
    return pdf
