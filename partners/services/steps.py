"""Steps of a contract that several services take, each inside the caller's transaction (C6)."""

from datetime import datetime

from partners import queries
from partners.models import Contract, ContractDocument
from ssp.core import outbox


def lock_contract(contract: Contract) -> Contract:
    """Return the contract's present row, locked: decisions about one contract take turns."""
    return Contract.objects.select_for_update(of=("self",)).whole().get(pk=contract.pk)


def ask_directors(contract: Contract, *, at: datetime) -> None:
    """Owe each director who may review this version a mail: a contract waits for them."""
    for director in queries.directors_who_may_decide(contract):
        outbox.enqueue(
            "partners.contract_waits",
            key=f"contract:{contract.pk}:v{contract.version}:waits:{director.pk}",
            payload={
                "contract_id": contract.pk,
                "version": contract.version,
                "director_id": director.pk,
            },
            at=at,
        )


def return_contract(contract: Contract, *, reason: str, at: datetime) -> None:
    """Take a locked contract back to draft with a reason; what was approved no longer counts (C6)."""
    contract.returned_reason = reason
    contract.version += 1
    contract.return_to_draft()
    contract.save()
    if contract.is_paper:  # the signed PDF goes along: each version has the one it is attested beside
        paper = contract.documents.filter(kind=ContractDocument.Kind.SIGNED).latest("version")
        paper.pk, paper.version, paper.stored_at = None, contract.version, at
        paper.save(force_insert=True)
    outbox.enqueue(
        "partners.contract_returned",
        key=f"contract:{contract.pk}:v{contract.version}:returned",
        payload={"contract_id": contract.pk, "version": contract.version},
        at=at,
    )
