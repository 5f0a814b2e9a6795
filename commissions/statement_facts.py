"""What a statement prints, as plain text and figures: frozen on the day it is issued."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django_countries import countries

from commissions import queries
from commissions.explain import Explained, explain
from commissions.models import Commission, Payout, StatementLine, TaxStatus, TaxTreatment
from commissions.rules.tax import EU
from partners.models import Contract, Partner
from ssp.core.money import format_money
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import day, percent

Facts = dict[str, Any]


def of_payout(payout: Payout, *, number: str, at: datetime) -> Facts:
    """Return the facts of a payout's statement: a self-billing document, VAT on its own line."""
    run, currency = payout.run, payout.currency
    assert run.approved_at is not None  # trigger: only what is approved has a number
    on = local_date(run.approved_at)
    ledger: Any = queries.entries(payout.partner)
    rows = ledger.filter(payout_entries__payout=payout).order_by("earned_on", "pk")
    known = ledger.filter(currency=currency, recorded_at__lte=run.approved_at).order_by()
    before = sum((other.entries_total for other in queries.payouts_before(payout)), queries.ZERO)
    earned = queries.sum_of(known)
    return {
        **_head(payout.partner, number=number, currency=currency, at=at),
        "title": _("Statement %s") % number,
        "about": _("Payout approved on %s") % day(on),
        "contract": _contract(payout.partner, at=run.approved_at),
        "terms": [*_vat_words(payout), *_account(payout)],
        "lines": [_entry(explain(entry, on=on)) for entry in rows],
        "totals": [
            [_("Entries"), format_money(payout.entries_total, currency)],
            [_("VAT %s") % percent(payout.vat_percent), format_money(payout.vat, currency)],
        ],
        "total": [_("Payout"), format_money(payout.total, currency)],
        "sums": [
            [_("In payouts before this one"), format_money(before, currency)],
            [_("This payout, without VAT"), format_money(payout.entries_total, currency)],
            [
                _("Held, or carried forward"),
                format_money(earned - before - payout.entries_total, currency),
            ],
        ],
        "sum": [_("Earned by %s") % day(on), format_money(earned, currency)],
        "notes": [
            _("Self-billing: SeMI issues this document in the name and on behalf of the supplier."),
            *_vat_notes(payout.vat_treatment),
        ],
        "foot": _("Prepared by %(preparer)s on %(prepared)s. Approved by %(approver)s on %(approved)s.")
        % {
            "preparer": run.prepared_by,
            "prepared": day(run.prepared_at),
            "approver": run.approved_by,
            "approved": day(run.approved_at),
        },
    }


def of_cancellation(payout: Payout, original: Facts, *, number: str, at: datetime) -> Facts:
    """Return the facts of what takes a failed payout's document back: its own, with the signs turned."""
    currency = payout.currency
    cancelled = payout.statement_number
    return {
        **original,  # to the same parties: it corrects what they were sent
        "number": number,
        "issued_on": local_date(at).isoformat(),
        "issued": _("Issued on %s") % day(at),
        "title": _("Statement %s") % number,
        "about": (
            _("Cancels statement %s, whose transfer came back")
            if payout.returned_on
            else _("Cancels statement %s, whose transfer failed")
        )
        % cancelled,
        "lines": [
            {
                "on": local_date(at).isoformat(),
                "day": day(at),
                "title": _("Statement %s, cancelled") % cancelled,
                "subtitle": _("its entries go into the next payout"),
                "brief": "",
                "amount": format_money(-payout.entries_total, currency),
            }
        ],
        "totals": [
            [_("Entries"), format_money(-payout.entries_total, currency)],
            [_("VAT %s") % percent(payout.vat_percent), format_money(-payout.vat, currency)],
        ],
        "total": [_("Cancelled"), format_money(-payout.total, currency)],
        "sums": [],
        "sum": [],
        "foot": _("The entries stay yours. They are billed anew with the next payout."),
    }


def of_month(
    partner: Partner,
    month: date,
    lines: Sequence[StatementLine],
    *,
    currency: str,
    number: str,
    opening: Decimal,
    held: Decimal,
    last_on: date,
    at: datetime,
) -> Facts:
    """Return the facts of a month's statement: an account, net of VAT.

    :param lines: unsaved, in their order.  :param held: of the closing balance, what isn't payable yet.
    """
    net = sum((line.amount for line in lines), queries.ZERO)
    closing = opening + net
    explained = _explained(lines, on=last_on)
    return {
        **_head(partner, number=number, currency=currency, at=at),
        "title": _("Statement of %s") % format_date(month, "F Y"),
        "about": _("Statement %s") % number,
        "contract": _contract(partner, at=at),
        "terms": [_("%s, net of VAT") % currency, _("VAT is on the statement of each payout")],
        "before": [_("Balance before"), format_money(opening, currency)],
        "lines": [_line(line, explained) for line in lines],
        "totals": [[_("Change in this month"), format_money(net, currency)]],
        "total": [_("Balance on %s") % day(last_on), format_money(closing, currency)],
        "sums": [
            [_("Held for 30 days after each payment"), format_money(held, currency)],
            [_("Payable, or in a payout that is prepared"), format_money(closing - held, currency)],
        ],
        "sum": [_("Balance on %s") % day(last_on), format_money(closing, currency)],
        "notes": [
            _("An account of what was entered in this month. It is no invoice: each payout has a statement "
              "of its own, which is one."),
        ],
        "foot": _("An entry is never changed. What corrects it is an entry of its own, in a later month."),
    }  # fmt: skip


def _head(partner: Partner, *, number: str, currency: str, at: datetime) -> Facts:
    tax = TaxStatus.objects.filter(partner=partner).first()
    semi = settings.SEMI
    return {
        "number": number,
        "currency": currency,
        "issued_on": local_date(at).isoformat(),
        "issued": _("Issued on %s") % day(at),
        "semi": _party(semi["LEGAL_NAME"], "", semi["ADDRESS"], semi["COUNTRY"], semi["VAT_NUMBER"]),
        "partner": _party(
            partner.legal_name,
            partner.display_name,
            tax.postal_address if tax else "",
            partner.country,
            (tax.tax_number if tax else "") or partner.tax_number,
        ),
    }


def _party(legal_name: str, known_as: str, address: str, country: str, tax_number: str) -> Facts:
    return {
        "name": legal_name,
        "lines": [
            line
            for line in [
                known_as if known_as != legal_name else "",
                *(part.strip() for part in address.splitlines()),
                str(countries.name(country)),
                _tax_number(tax_number, country) if tax_number else "",
            ]
            if line
        ],
    }


def _tax_number(number: str, country: str) -> str:
    return (_("VAT number %s") if country in EU else _("Tax number %s")) % number


def _contract(partner: Partner, *, at: datetime) -> list[str]:
    contract = partner.contracts.filter(signed_at__lte=at).order_by("-signed_at").first()
    return _numbers(contract) if contract else []


def _numbers(contract: Contract) -> list[str]:
    return [
        _("signed %s") % day(contract.signed_at),
        _("%(percent)s of recurring revenue, at most %(count)s %(unit)s")
        % {
            "percent": percent(contract.recurring_percent),
            "count": contract.cap_count,
            "unit": contract.get_cap_unit_display(),
        },
        _("or %s of the first invoice") % percent(contract.first_invoice_percent),
    ]


def _vat_words(payout: Payout) -> list[str]:
    words = [
        _("%s, entries are net of VAT") % payout.currency,
        _("VAT %s, confirmed by finance") % percent(payout.vat_percent),
    ]
    return [*words, payout.vat_note] if payout.vat_note else words


def _account(payout: Payout) -> list[str]:
    """Say where it goes, as far as an account may be seen; before accounts were kept nobody knew."""
    return [_("To account %s") % payout.bank_details.masked] if payout.bank_details else []


def _vat_notes(treatment: str) -> list[str]:
    """Return what the law wants said about VAT that isn't charged (articles 196, 226 and 284)."""
    words = {
        TaxTreatment.REVERSE_CHARGE: _(
            "Reverse charge: the recipient accounts for the VAT, article 196 of Directive 2006/112/EC."
        ),
        TaxTreatment.OUTSIDE_EU: _(
            "Supplied from outside the EU. Reverse charge: the recipient accounts for the VAT, article 196 "
            "of Directive 2006/112/EC."
        ),
        TaxTreatment.SMALL_BUSINESS: _(
            "Exempt from VAT: special scheme for small enterprises, article 284 of Directive 2006/112/EC."
        ),
    }
    return [words[TaxTreatment(treatment)]] if treatment in words else []


def _explained(lines: Iterable[StatementLine], *, on: date) -> dict[int, Explained]:
    wanted = [line.commission_id for line in lines if line.commission_id]
    rows = Commission.objects.filter(pk__in=wanted).select_related(*queries.EXPLAINED)
    return {row.pk: explain(row, on=on) for row in rows}


def _line(line: StatementLine, explained: dict[int, Explained]) -> Facts:
    if line.commission_id:
        return _entry(explained[line.commission_id])
    payout = line.payout
    assert payout is not None  # constraint: an entry or a payout
    failed = line.what == StatementLine.What.FAILED
    moment = payout.failed_at if failed else payout.run.approved_at
    assert moment is not None  # trigger: a line of what happened
    vat = _("VAT of %s is paid besides") % format_money(payout.vat, payout.currency) if payout.vat else ""
    return {
        "on": local_date(moment).isoformat(),
        "day": day(moment),
        "title": _line_title(payout, failed=failed) % payout.statement_number,
        "subtitle": _("its entries go into the next payout") if failed else vat,
        "brief": "",
        "number": payout.statement_number,
        "amount": format_money(line.amount, payout.currency),
    }


def _line_title(payout: Payout, *, failed: bool) -> str:
    if not failed:
        return _("Payout, statement %s")
    return _("Transfer came back, statement %s") if payout.returned_on else _("Transfer failed, statement %s")


def _entry(each: Explained) -> Facts:
    return {
        "entry": each.entry.pk,
        "on": each.entry.earned_on.isoformat(),
        "day": day(each.entry.earned_on),
        "name": str(each.entry),
        "title": each.title,
        "subtitle": each.subtitle,
        "brief": each.brief,
        "steps": [[step.label, step.value] for step in each.steps],
        "step": [each.total_label, each.amount],
        "amount": each.amount,
    }
