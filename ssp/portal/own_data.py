"""Everything a partner may take along (*People's data*): their profile, contracts, referrals and ledger.

What isn't theirs stays out: whom SeMI knew, what was compared, what sales wrote for sales, other partners.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from commissions.ledger_file import ledger_table
from commissions.models import BankDetails, ContestedEntry, LeftOut
from commissions.openings import openings_of
from commissions.queries import statements
from partners.models import ContractStatus, Partner, Profile
from partners.queries import papers_for_partner
from partners.services.envelopes import read_document
from referrals.models import Introduction, Referral, UseCase, UseCaseComment
from ssp.core.periods import AMSTERDAM, local_date
from ssp.core.tabular import csv_bytes

Table = tuple[list[str], list[Sequence[object]]]
PROFILE = (
    "company", "city", "country", "headline", "about", "languages", "topics", "website", "linkedin", "email",
    "phone", "shown",
)  # fmt: skip


def archive(partner: Partner, *, at: datetime) -> bytes:
    """Return a ZIP: JSON and CSV (each cell safe for a spreadsheet), and the PDFs as they are stored."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:

        def put(name: str, content: bytes) -> None:
            packed.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)

        put("README.txt", _readme(partner, at=at).encode())
        put("profile.json", _json(_profile(partner)))
        put("contracts.json", _json(_contracts(partner)))
        for contract in partner.contracts.exclude(status=ContractStatus.DRAFT).order_by("pk"):
            for paper in papers_for_partner(contract):
                put(f"contracts/{contract.number}-v{paper.version}-{paper.kind}.pdf", read_document(paper))
        for statement in partner.statements.select_related("file").defer("facts").order_by("pk"):
            put(f"statements/{statement.number}.pdf", statement.file.read())
        tables = {
            "referrals.csv": _referrals(partner),
            "use-cases.csv": _use_cases(partner),
            "meetings.csv": _meetings(partner),
            "comments.csv": _comments(partner),
            "ledger.csv": ledger_table(partner, on=local_date(at)),
            "statements.csv": _statements(partner),
            "before-this-system.csv": _openings(partner),
            "contested.csv": _contested(partner),
            "left-out.csv": _left_out(partner),
            "bank-accounts.csv": _bank_accounts(partner),
        }
        for name, (headers, rows) in tables.items():
            put(name, csv_bytes(headers, rows))
    return out.getvalue()


def _json(facts: Any) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=2, default=_plain).encode()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone(AMSTERDAM):%Y-%m-%d %H:%M}" if moment else ""


def _readme(partner: Partner, *, at: datetime) -> str:
    return _(
        "Everything SeMI holds about the partnership with %(name)s, as of %(moment)s (Amsterdam time).\n\n"
        "profile.json and contracts.json: who you are to us, what you agreed, what your public entry says.\n"
        "contracts/: the PDFs as they were signed.\n"
        "referrals.csv, use-cases.csv, meetings.csv, comments.csv: whom you introduced, what came of it.\n"
        "ledger.csv, statements.csv: every entry and every payout.\n"
        "before-this-system.csv: what your deals earned, and what was paid, before this software was there.\n"
        "statements/: the PDFs as they were issued.\n"
        "contested.csv: the entries you contested, and the answers.\n"
        "left-out.csv: the payouts that finance left you out of, and why.\n"
        "bank-accounts.csv: the accounts you gave us, in full.\n\n"
        "The people in these files agreed to be introduced to SeMI, for that purpose alone. Keep the files "
        "safe, and delete them when you are done.\n"
    ) % {"name": partner.display_name, "moment": _when(at)}


def _profile(partner: Partner) -> dict[str, Any]:
    profile = Profile.objects.filter(partner=partner).first()
    user = partner.user
    return {
        "name": user.full_name,
        "email": user.email,
        "time_zone": user.time_zone,
        "language": user.language,
        "account_since": user.joined_at,
        "mails_turned_off": list(user.muted_mails.values_list("kind", flat=True)),
        "public_name": partner.display_name,
        "legal_name": partner.legal_name,
        "country": partner.country,
        "tax_number": partner.tax_number,
        "may_be_listed": partner.listing_consent,
        "partner_since": partner.started_at,
        "partner_until": partner.ended_at,
        "recruited_by": partner.recruiter.display_name if partner.recruiter else "",
        "public_entry": {name: getattr(profile, name) for name in PROFILE} if profile else {},
        "applications": list(
            partner.applications.order_by("pk").values("submitted_at", "knows_field", "can_open")
        ),
        "groups": list(
            partner.channel_accesses.order_by("pk").values("channel__name", "granted_at", "withdrawn_at")
        ),
    }


def _contracts(partner: Partner) -> list[dict[str, Any]]:
    rows = partner.contracts.exclude(status=ContractStatus.DRAFT).select_related("tier").order_by("pk")
    return [
        {
            "number": row.number,
            "version": row.version,
            "status": row.get_status_display(),
            "tier": row.tier.name,
            "signed_at": row.signed_at,
            **{name: getattr(row, name) for name in row.NUMBERS},
            "endings": [
                {"how": each.get_kind_display(), "last_day": each.last_on, "reason": each.reason}
                for each in row.endings.filter(ends_at__isnull=False).order_by("pk")
            ],
        }
        for row in rows
    ]


def _openings(partner: Partner) -> Table:
    headers = [
        _("Use case"), _("Reckoned up to"), _("Earned before"), _("Paid before"), _("Open"), _("Currency"),
        _("First recurring service day"), _("Recurring invoices before"), _("First invoice was before"),
    ]  # fmt: skip
    rows: list[Sequence[object]] = [
        [
            opening.deal.use_case.title, opening.as_of, each.earned, each.paid, each.open, each.currency,
            opening.cap_starts_on or "", opening.recurring_before,
            _("yes") if opening.first_taken else _("no"),
        ]
        for opening in openings_of(partner)
        for each in opening.sums.all()
    ]  # fmt: skip
    return headers, rows


def _own(partner: Partner) -> Iterable[Referral]:
    return (
        Referral.objects.owned_by(partner)
        .select_related("company", "passed_on_by", "seller")
        .order_by("registered_at", "pk")
    )


def _referrals(partner: Partner) -> Table:
    headers = [
        _("Referral"), _("First name"), _("Last name"), _("E-mail"), _("Role"), _("Company"),
        _("How you know each other"), _("Registered on"), _("Status"), _("Claim until"), _("Ended"),
        _("Passed on by referral"), _("Contact at SeMI"),
    ]  # fmt: skip
    return headers, [
        [
            row.pk, row.first_name, row.last_name, row.email, row.title, row.company.name, row.relation,
            row.registered_on, row.get_status_display(), row.claim_last_on, _when(row.claim_ended_at),
            row.passed_on_by_id, row.seller.full_name if row.seller else "",
        ]
        for row in _own(partner)
    ]  # fmt: skip


def _use_cases(partner: Partner) -> Table:
    headers = [
        _("Use case"), _("Referral"), _("Title"), _("The problem"), _("The data"), _("Who feels it"),
        _("Expected value"), _("Defined"), _("Model"), _("Window from"), _("Last day"), _("Outcome"),
        _("Deal"), _("Signed on"), _("Why lost"), _("Model changed on"), _("Why changed"),
    ]  # fmt: skip
    found = UseCase.objects.filter(partner=partner).select_related("deal", "election_change").order_by("pk")
    rows: list[Sequence[object]] = []
    for row in found:
        deal, change = getattr(row, "deal", None), getattr(row, "election_change", None)
        rows.append(
            [
                row.pk, row.referral_id, row.title, row.problem, row.data, row.who_feels_it,
                row.expected_value, _when(row.defined_at), row.get_model_display(), row.window_starts_on,
                row.window_ends_on, row.get_outcome_display(), deal.get_stage_display() if deal else "",
                deal.signed_on if deal else "", deal.why_lost if deal else "",
                _when(change.changed_at) if change else "", change.reason if change else "",
            ]
        )  # fmt: skip
    return headers, rows


def _meetings(partner: Partner) -> Table:
    headers = [
        _("Meeting"), _("Referral"), _("Begins"), _("Ends"), _("How"), _("Where"), _("Host"), _("Status"),
        _("Answer"), _("Reason"), _("You contested"), _("Ruling"),
    ]  # fmt: skip
    found = (
        Introduction.objects.filter(referral__partner=partner)
        .select_related("host")
        .prefetch_related("confirmations")
        .order_by("starts_at", "pk")
    )
    rows: list[Sequence[object]] = []
    for row in found:
        answer = next((each for each in row.confirmations.all() if each.decides), None)
        rows.append(
            [
                row.pk, row.referral_id, _when(row.starts_at), _when(row.ends_at), row.get_medium_display(),
                row.place, row.host.full_name, row.get_status_display(),
                answer.get_answer_display() if answer else "", answer.reason if answer else "",
                answer.contest_reason if answer else "", answer.settlement if answer else "",
            ]
        )  # fmt: skip
    return headers, rows


def _comments(partner: Partner) -> Table:
    found = UseCaseComment.objects.filter(use_case__partner=partner).select_related("author").order_by("pk")
    return [_("Use case"), _("Written"), _("By"), _("Text")], [
        [row.use_case_id, _when(row.written_at), row.author.full_name, row.text] for row in found
    ]


def _statements(partner: Partner) -> Table:
    headers = [_("Statement"), _("Currency"), _("Entries"), _("VAT"), _("Paid on"), _("Sent back on")]
    return headers, [
        [str(row), row.currency, row.entries_total, row.vat, row.paid_on, row.returned_on]
        for row in statements(partner)
    ]


def _contested(partner: Partner) -> Table:
    headers = [
        _("Entry"),
        _("Contested"),
        _("What you said"),
        _("Answered"),
        _("The answer"),
        _("What follows"),
    ]
    rows: list[Sequence[object]] = [
        [
            str(row.commission), _when(row.contested_at), row.text, _when(row.answered_at), row.answer,
            row.follows,
        ]
        for row in ContestedEntry.objects.of_partner(partner).select_related("commission").order_by("pk")
    ]  # fmt: skip
    return headers, rows


def _left_out(partner: Partner) -> Table:
    headers = [_("Payout approved"), _("Currency"), _("Amount, without VAT"), _("Reason")]
    approved = LeftOut.objects.owned_by(partner).filter(run__approved_at__isnull=False)
    return headers, [
        [_when(row.run.approved_at), row.run.currency, row.amount, row.reason]
        for row in approved.select_related("run").order_by("pk")
    ]


def _bank_accounts(partner: Partner) -> Table:
    headers = [
        _("Entered"), _("Account holder"), _("Kind"), _("Account"), _("BIC"), _("Bank code"), _("Country"),
    ]  # fmt: skip
    return headers, [
        [
            _when(row.entered_at), row.holder, row.get_kind_display(), row.number, row.bic, row.routing,
            row.country,
        ]
        for row in BankDetails.objects.of(partner)
    ]  # fmt: skip
