"""What the bank gets: SEPA credit transfers of a run (pain.001.001.09), and a list of its payouts as CSV.

The file is made once and kept, encrypted, so that whoever asks again gets the same bytes: a bank that has
seen its message id refuses it, and nothing is transferred twice.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from sepaxml import SepaTransfer
from sepaxml.validation import try_valid_xml

from commissions.errors import RunNotApproved
from commissions.errors_payout import DebtorUnknown, NothingBySepa, NotInEuro
from commissions.models import PaymentFile, Payout, PayoutRun
from commissions.permissions import check_finance
from commissions.rules.accounts import HOLDER, REMITTANCE, SEPA_CURRENCY, sepa_text, transfer_day
from ssp.core import audit
from ssp.core.models import AuditEntry, User
from ssp.core.money import minor_units, round_half_even
from ssp.core.periods import AMSTERDAM, local_date

SCHEMA = "pain.001.001.09"
TAKEN = ("payout_run.sepa_file_taken", "payout_run.list_taken")
NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"


@dataclass(frozen=True)
class Debtor:
    """SeMI's account, from which payouts leave."""

    name: str
    iban: str
    bic: str


def debtor() -> Debtor:
    """Return the account that payouts leave from.

    :raises DebtorUnknown: the settings name none, or no valid one.
    """
    name, number, bic = (settings.SEPA_DEBTOR[part] for part in ("NAME", "IBAN", "BIC"))
    try:
        iban = IBAN(number)
    except SchwiftyException as wrong:
        raise DebtorUnknown from wrong
    if not sepa_text(name, limit=HOLDER):
        raise DebtorUnknown
    return Debtor(name=name, iban=str(iban), bic=bic or str(iban.bic or ""))


def open_payouts(run: PayoutRun) -> list[Payout]:
    """Return the payouts of a run that wait for their transfer."""
    rows = run.payouts.filter(paid_on__isnull=True, failed_at__isnull=True)
    return list(rows.select_related("partner", "bank_details").order_by("pk"))


def goes_by_sepa(payout: Payout) -> bool:
    return payout.bank_details is not None and payout.bank_details.is_by_sepa(payout.currency)


@transaction.atomic
def take_sepa_file(*, run: PayoutRun, by: User, at: datetime) -> PaymentFile:
    """Make the SEPA file of an approved run, or give the one that was made; each time is on record.

    It pays the accounts that were approved, each payout that is open when it is made.

    :raises RunNotApproved, NotInEuro, DebtorUnknown, NothingBySepa: there is none.
    """
    check_finance(by)
    row = PayoutRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if row.approved_at is None:
        raise RunNotApproved
    if row.currency != SEPA_CURRENCY:
        raise NotInEuro
    made = PaymentFile.objects.filter(run=row).first() or _make(row, by=by, at=at)
    audit.record("payout_run.sepa_file_taken", row, by=by, at=at, file=made.pk)
    return made


def _make(run: PayoutRun, *, by: User, at: datetime) -> PaymentFile:
    source = debtor()
    list(run.payouts.select_for_update().order_by("pk"))  # nobody settles one while the file is written
    payouts = [payout for payout in open_payouts(run) if goes_by_sepa(payout)]
    if not payouts:
        raise NothingBySepa
    file = PaymentFile(
        run=run,
        message_id=f"SSP-{local_date(at):%Y%m%d}-{run.pk}",
        execute_on=transfer_day(local_date(at)),
        payments=len(payouts),
        total=sum((payout.total for payout in payouts), Decimal(0)),
        payout_ids=[payout.pk for payout in payouts],
        made_by=by,
        made_at=at,
    )
    content = pain001(
        payouts, source=source, message_id=file.message_id, execute_on=file.execute_on, made_at=at
    )
    file.content = content
    file.sha256 = hashlib.sha256(content).hexdigest()
    file.save()
    return file


def pain001(
    payouts: Sequence[Payout], *, source: Debtor, message_id: str, execute_on: date, made_at: datetime
) -> bytes:
    """Return the transfers as pain.001.001.09: valid by its schema, the same bytes for the same facts."""
    config = {
        "name": sepa_text(source.name, limit=HOLDER),
        "IBAN": source.iban,
        "batch": True,
        "currency": SEPA_CURRENCY,
    }
    if source.bic:
        config["BIC"] = source.bic
    transfer = SepaTransfer(config, schema=SCHEMA, clean=False)  # our own rules for letters are stricter
    for payout in payouts:
        account = payout.bank_details
        assert account is not None
        transfer.add_payment(
            {
                "name": sepa_text(account.holder, limit=HOLDER),
                "IBAN": account.number,
                "BIC": account.bic,
                "amount": int(payout.total.scaleb(minor_units(payout.currency))),
                "execution_date": execute_on,
                "description": sepa_text(remittance(payout), limit=REMITTANCE),
                "endtoend_id": end_to_end_id(payout),
            }
        )
    content = _with_our_ids(transfer.export(validate=False), message_id=message_id, made_at=made_at)
    try_valid_xml(content, SCHEMA)
    return content


def _with_our_ids(content: bytes, *, message_id: str, made_at: datetime) -> bytes:
    """Put ids and a moment in place of those that the library draws and reads off the clock."""
    ET.register_namespace("", NAMESPACE)
    document = ET.fromstring(content)  # noqa: S314 - written by ourselves a moment ago
    for path, value in (
        ("c:GrpHdr/c:MsgId", message_id),
        ("c:GrpHdr/c:CreDtTm", f"{made_at.astimezone(AMSTERDAM):%Y-%m-%dT%H:%M:%S}"),
        ("c:PmtInf/c:PmtInfId", f"{message_id}-1"),
    ):
        found = document.findall(f"c:CstmrCdtTrfInitn/{path}", {"c": NAMESPACE})
        assert len(found) == 1  # one batch: all are paid on one day
        found[0].text = value
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(document, "utf-8")


def end_to_end_id(payout: Payout) -> str:
    """Return what names a payout on both banks' statements."""
    return f"SSP-PAYOUT-{payout.pk}"


def remittance(payout: Payout) -> str:
    """Return what the partner reads on their bank's statement."""
    return f"SeMI Sales Partnership, statement {payout}"


@transaction.atomic
def take_payment_list(*, run: PayoutRun, by: User, at: datetime) -> tuple[list[str], list[Sequence[object]]]:
    """Return a run's payouts as a table; each time is on record.

    Numbers of accounts that the SEPA file pays stay masked here; the others have to be typed in at the bank.

    :raises RunNotApproved: not approved yet.
    """
    check_finance(by)
    row = PayoutRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if row.approved_at is None:
        raise RunNotApproved
    headers = [
        _("Payout"), _("Statement"), _("Partner"), _("Account holder"), _("How"), _("Account"), _("BIC"),
        _("Bank code"), _("Country of the bank"), _("Currency"), _("Entries"), _("VAT"), _("Amount"),
        _("Text"), _("Paid on"), _("Failed on"), _("Sent back on"),
    ]  # fmt: skip
    rows: list[Sequence[object]] = []
    for payout in row.payouts.select_related("partner", "bank_details").order_by("pk"):
        account, sepa = payout.bank_details, goes_by_sepa(payout)
        number = "" if account is None else account.masked if sepa else account.number
        sums = (payout.entries_total, payout.vat, payout.total)
        is_settled = payout.paid_on is not None or payout.failed_at is not None
        rows.append(
            [
                end_to_end_id(payout), str(payout), payout.partner.display_name,
                account.holder if account else "", _("SEPA file") if sepa else _("by hand"),
                account.masked if account and is_settled else number, account.bic if account else "",
                account.routing if account else "", account.country if account else "", payout.currency,
                *(round_half_even(each, row.currency) for each in sums),
                remittance(payout), payout.paid_on,
                local_date(payout.failed_at) if payout.failed_at and not payout.returned_on else "",
                payout.returned_on,
            ]
        )  # fmt: skip
    audit.record("payout_run.list_taken", row, by=by, at=at, rows=len(rows))
    return headers, rows


def times_taken(run: PayoutRun) -> list[AuditEntry]:
    """Return who took the SEPA file or the list of a run, and when: the newest first."""
    return list(audit.trail(run).filter(action__in=TAKEN))
