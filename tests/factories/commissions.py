"""Won deals, invoices and what happens to them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from commissions import intake, layouts
from commissions.models import BankDetails, Fact, Invoice, InvoiceLine, TaxStatus
from partners.models import Partner
from referrals.models import Company, Deal, Discussion, Introduction, Referral, UseCase
from ssp.core.identity import identity_of
from ssp.core.periods import add_months
from ssp.core.roles import Role
from ssp.core.tabular import read_table
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

_numbers = count(1)
SIGNED_ON = (MONDAY + timedelta(days=40)).date()
INVOICED_ON = SIGNED_ON + timedelta(days=10)


def a_use_case(
    *, partner: Partner | None = None, model: str = "recurring", at: datetime = MONDAY, **fields: Any
) -> UseCase:
    """Return a warm use case: defined on MONDAY, or `at` another moment, and met ten days later."""
    number = next(_numbers)
    partner = partner or PartnerFactory()
    email = f"customer{number}@customers.example"
    referral = Referral.objects.create(
        partner=partner,
        company=Company.objects.create(name=f"Company {number}"),
        first_name="Mila",
        last_name=f"Novak{number}",
        email=email,
        identity=identity_of(email),
        status="warm",
        registered_at=at,
        registered_on=at.date(),
        registered_by=partner.user,
        vested_at=at + timedelta(days=10),
    )
    use_case = UseCase.objects.create(
        partner=partner,
        referral=referral,
        title=f"Search {number}",
        problem="Nobody finds it.",
        defined_at=at,
    )
    starts_at = at + timedelta(days=10)
    meeting = Introduction.objects.create(
        referral=referral,
        host=UserFactory(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        medium="video",
        status="held",
        calendar_uid=f"meeting-{number}",
        proposed_by=partner.user,
        proposed_at=at,
    )
    Discussion.objects.create(introduction=meeting, use_case=use_case, discussed=True)
    use_case.model = model
    use_case.model_locked_at = starts_at
    use_case.window_starts_on = starts_at.date()
    use_case.window_ends_on = add_months(starts_at.date(), 6)
    use_case.save()
    UseCase.objects.filter(pk=use_case.pk).update(**fields)
    use_case.refresh_from_db()
    return use_case


def a_won_deal(
    *,
    partner: Partner | None = None,
    model: str = "recurring",
    signed_on: date = SIGNED_ON,
    at: datetime = MONDAY,
    **fields: Any,
) -> Deal:
    """Return a deal that the customer signed within its window."""
    number = next(_numbers)
    values = {
        "stage": "won",
        "signed_on": signed_on,
        "recorded_at": at + timedelta(days=41),
        "customer_reference": f"CUST-{number}",
        "created_at": at + timedelta(days=11),
        **fields,
    }
    return Deal.objects.create(use_case=a_use_case(partner=partner, model=model, at=at), **values)


def an_invoice(
    deal: Deal | None,
    net: str = "1000",
    *,
    gross: str = "",
    on: date = INVOICED_ON,
    currency: str = "EUR",
    one_off: str = "0",
    at: datetime = MONDAY,
) -> Invoice:
    """Return an invoice of one recurring year and, besides it, something one-off; `net` is both together."""
    number = next(_numbers)
    invoice = Invoice.objects.create(
        source="file",
        reference=f"SI-{number:05d}",
        customer_name="A customer",
        deal=deal,
        issued_on=on,
        currency=currency,
        net=Decimal(net),
        gross=Decimal(gross or net),
        recorded_at=at,
    )
    InvoiceLine.objects.create(
        invoice=invoice,
        number=1,
        net=Decimal(net) - Decimal(one_off),
        recurring=True,
        service_from=on,
        service_to=on.replace(year=on.year + 1) - timedelta(days=1),
    )
    if Decimal(one_off):
        InvoiceLine.objects.create(invoice=invoice, number=2, net=Decimal(one_off), recurring=False)
    happens(invoice, "invoice", on=on)
    return invoice


def happens(invoice: Invoice, kind: str, gross: str = "0", *, on: date | None = None, **fields: Any) -> Fact:
    """Let something happen to an invoice; a credit note's net is its gross unless told."""
    values = {"net": Decimal(gross)} if kind == "credit" else {}
    fact: Fact = Fact.objects.create(
        invoice=invoice,
        kind=kind,
        source="file",
        reference=f"F-{next(_numbers)}",
        happened_on=on or invoice.issued_on + timedelta(days=5),
        gross=Decimal(gross),
        recorded_at=MONDAY,
        **{**values, **fields},
    )
    return fact


def confirmed_tax(partner: Partner, *, vat_percent: str = "0", note: str = "") -> TaxStatus:
    """Return the tax status of a partner, which finance confirmed: at 0% unless told.

    A partner who has none gets an account that rests, too: so that a payout lacks nothing.
    """
    if not partner.bank_details.exists():
        bank_details(partner)
    status, _made = TaxStatus.objects.get_or_create(
        partner=partner,
        defaults={
            "vat_percent": Decimal(vat_percent),
            "note": note,
            "confirmed_by": UserFactory(roles=[Role.FINANCE]),
            "confirmed_at": MONDAY,
        },
    )
    return status


def bank_details(
    partner: Partner, *, at: datetime = MONDAY, number: str = "NL91ABNA0417164300", **fields: Any
) -> BankDetails:
    """Return an account that a partner entered: long ago unless told."""
    values: dict[str, Any] = {
        "kind": "iban",
        "holder": partner.legal_name or "A Holder",
        "masked": f"{number[:2]}** **** {number[-4:]}",
        "bic": "ABNANL2A",
        "country": number[:2],
        "entered_by": partner.user,
        "proved_at": at,
        "entered_at": at,
        **fields,
    }
    details = BankDetails(partner=partner, **values)
    details.number = number
    details.save()
    return details


def plan_of(content: bytes, *, at: datetime = MONDAY + timedelta(days=100)) -> intake.Plan:
    """Judge a file that is recognised by its headings and leaves nothing open; save nothing."""
    table = read_table(content)
    layout = layouts.recognise(table.headers)
    rows = layouts.own_rows(table, layout, layouts.recognise_columns(table.headers, layout), {})
    return intake.plan_rows(rows, source=layout.source, on=at.date())
