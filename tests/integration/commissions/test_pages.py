"""What a partner and finance see, and what nobody else does."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commissions import accrual, payouts
from commissions.models import Commission, Invoice, InvoiceImport, Payout
from ssp.core import clock
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, bank_details, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_import import GOOD
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
AT = MONDAY + timedelta(days=120)


@pytest.fixture(autouse=True)
def much_later():
    clock.install(lambda: AT)
    yield
    clock.install(clock.wall)


def signed_in(user: User) -> Client:
    """Sign somebody in as their role demands: staff with their second factor."""
    client = Client()
    client.force_login(user)
    if user.is_staff:
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "password"},
            {"method": "mfa", "type": "totp"},
        ]
        session.save()
    return client


@pytest.fixture
def finance() -> Client:
    return signed_in(UserFactory(roles=[Role.FINANCE]))


def a_paid_invoice(partner=None, *, taxed=True, **more):
    partner = partner or PartnerFactory()
    invoice = an_invoice(a_won_deal(partner=partner), "15600", gross="18876", one_off="3000", **more)
    if taxed:
        confirmed_tax(partner)
    happens(invoice, "payment", "9438", on=(AT - timedelta(days=40)).date())
    happens(invoice, "payment", "9438", on=(AT - timedelta(days=10)).date())
    accrual.accrue(at=AT)
    return invoice


@pytest.mark.clause("C5")
def test_each_euro_is_explained() -> None:
    invoice = a_paid_invoice()
    page = signed_in(invoice.deal.use_case.partner.user).get(reverse("commissions:earnings")).content.decode()

    for words in (
        "€15,600.00", "−€3,000.00", "€12,600.00", "× 50% = €6,300.00", "× 10% = €630.00",
        "× 100% = €12,600.00",
        "−€630.00", "Held until", "Payable", "The last service day that counts is",
        "Earned to date", "€1,260.00",
    ):  # fmt: skip
        assert words in page
    assert 'aria-controls="ex-' in page


@pytest.mark.parametrize(
    ("state", "shown"), [("held", 1), ("payable", 1), ("paid", 0), ("", 2), ("nonsense", 2)]
)
def test_the_ledger_is_filtered_by_state(state: str, shown: int) -> None:
    invoice = a_paid_invoice()
    page = signed_in(invoice.deal.use_case.partner.user).get(
        reverse("commissions:earnings"), {"state": state}
    )

    assert len(page.context["entries"]) == shown


@pytest.mark.clause("C20")
def test_a_recruiter_sees_the_bonus_and_nothing_of_the_recruits_customer() -> None:
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    invoice = a_paid_invoice(partner=recruit)
    page = signed_in(recruiter.user).get(reverse("commissions:earnings")).content.decode()

    assert f"{recruit.display_name}, your recruit" in page
    assert "Bonus on a commission of €630.00" in page
    for secret in (
        invoice.reference,
        invoice.deal.use_case.referral.company.name,
        invoice.deal.use_case.title,
    ):
        assert secret not in page


def test_another_partners_rows_are_never_seen() -> None:
    invoice = a_paid_invoice()
    stranger = signed_in(PartnerFactory().user)

    assert stranger.get(reverse("commissions:earnings")).context["entries"] == []
    assert invoice.reference not in stranger.get(reverse("commissions:earnings_export")).content.decode()


def test_the_export_is_a_csv_without_formulas() -> None:
    partner = PartnerFactory()
    invoice = a_paid_invoice(partner=partner)
    invoice.deal.use_case.referral.company.name = "=HYPERLINK(1)"
    invoice.deal.use_case.referral.company.save()

    text = signed_in(partner.user).get(reverse("commissions:earnings_export")).content.decode("utf-8-sig")

    assert "'=HYPERLINK(1)" in text
    assert "630.000" in text


def test_currencies_stand_beside_each_other() -> None:
    partner = PartnerFactory()
    a_paid_invoice(partner=partner)
    a_paid_invoice(partner=partner, currency="USD")

    page = signed_in(partner.user).get(reverse("commissions:earnings")).content.decode()

    assert "Earned to date in EUR" in page
    assert "USD 1,260.00" in page


def test_a_long_ledger_has_pages() -> None:
    partner = PartnerFactory()
    invoice = an_invoice(a_won_deal(partner=partner), "10000")
    for _ in range(60):
        happens(invoice, "payment", "10")
    accrual.accrue(at=AT)
    client = signed_in(partner.user)

    first = client.get(reverse("commissions:earnings"))
    second = client.get(first.context["next_url"])

    seen = [e.entry.pk for e in [*first.context["entries"], *second.context["entries"]]]
    assert len(seen) == len(set(seen)) == 60


def test_the_earnings_page_doesnt_ask_more_with_more_entries(django_assert_max_num_queries) -> None:
    partner = PartnerFactory()
    for _ in range(5):
        a_paid_invoice(partner=partner)
    client = signed_in(partner.user)

    with django_assert_max_num_queries(25):
        client.get(reverse("commissions:earnings"))


# --- finance ----------------------------------------------------------------------
def test_a_file_is_shown_row_by_row_before_anything_is_saved(finance: Client) -> None:
    a_won_deal(customer_reference="CUST-A")
    file = SimpleUploadedFile("march.csv", GOOD.encode(), "text/csv")

    preview = finance.post(reverse("commissions:invoices"), {"file": file}, follow=True)
    assert "Nothing is saved yet." in preview.content.decode()
    assert not Invoice.objects.exists()

    upload = InvoiceImport.objects.get()
    done = finance.post(reverse("commissions:import", args=[upload.pk]), follow=True)
    assert "Imported: 3 new rows." in done.content.decode()
    assert Invoice.objects.get().deal is not None


def test_a_refused_row_is_shown_and_nothing_is_imported(finance: Client) -> None:
    file = SimpleUploadedFile("march.csv", GOOD.replace("605.00", "=1+1").encode(), "text/csv")
    preview = finance.post(reverse("commissions:invoices"), {"file": file}, follow=True)
    assert "holds a formula" in preview.content.decode()

    answer = finance.post(reverse("commissions:import", args=[InvoiceImport.objects.get().pk]))
    assert answer.status_code == 422
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("content", [b"a,a\n1,2\n", b"\x00\x01\x02", b"x" * 11_000_000])
def test_a_file_that_is_none_is_explained_on_the_form(content: bytes, finance: Client) -> None:
    page = finance.post(reverse("commissions:invoices"), {"file": SimpleUploadedFile("x.csv", content)})

    assert page.context["form"].errors["file"]
    assert not InvoiceImport.objects.exists()


def test_finance_finds_the_deal_of_an_invoice(finance: Client) -> None:
    deal, invoice = a_won_deal(), an_invoice(None)
    happens(invoice, "payment", "1000")

    assert invoice.reference in finance.get(reverse("commissions:invoices")).content.decode()
    page = finance.post(
        reverse("commissions:invoice_match", args=[invoice.pk]), {"deal": deal.pk}, follow=True
    )

    assert "belongs to" in page.content.decode()
    invoice.refresh_from_db()
    assert invoice.deal == deal
    assert finance.get(reverse("commissions:invoice", args=[invoice.pk])).status_code == 200


def test_the_sample_file_can_be_imported(finance: Client) -> None:
    sample = finance.get(reverse("commissions:invoices_sample"))
    file = SimpleUploadedFile("sample.csv", sample.content.replace(b"2026-", b"2025-"), "text/csv")

    page = finance.post(reverse("commissions:invoices"), {"file": file}, follow=True)

    assert (page.context["wrong"], page.context["new"]) == (0, 7)


def test_a_payout_goes_from_preview_to_statement(finance: Client) -> None:
    partner = a_paid_invoice().deal.use_case.partner
    willem = UserFactory(roles=[Role.DIRECTOR], full_name="Willem Postma")
    director = signed_in(willem)

    assert "€630.00 held" in finance.get(reverse("commissions:payouts")).content.decode()
    page = finance.post(
        reverse("commissions:payout_prepare"), {"currency": "EUR"}, follow=True
    ).content.decode()
    assert "You prepared this run" in page
    run = Payout.objects.get().run
    refused = finance.post(
        reverse("commissions:payout_decide", args=[run.pk]), {"decision": "approve"}, follow=True
    )
    assert "another person approves it" in refused.content.decode()

    director.post(reverse("commissions:payout_decide", args=[run.pk]), {"decision": "approve"})
    payout = Payout.objects.get()
    address = reverse("commissions:statement", args=[payout.statement_number])
    statement = signed_in(partner.user).get(address).content.decode()
    assert "Approved by Willem Postma" in statement
    assert "to be paid" in statement
    assert "10% × €6,300.00" in statement

    finance.post(reverse("commissions:payout_settle", args=[payout.pk]), {"paid_on": AT.date().isoformat()})
    assert "Paid on" in signed_in(partner.user).get(address).content.decode()
    assert "Paid " in signed_in(partner.user).get(reverse("commissions:earnings")).content.decode()
    assert (
        payout.statement_number
        in signed_in(partner.user).get(reverse("commissions:earnings_statements")).content.decode()
    )
    assert finance.get(reverse("commissions:payout_run", args=[run.pk])).status_code == 200
    assert finance.get(reverse("commissions:payouts")).status_code == 200


def test_finance_confirms_the_tax_status_before_the_first_payout(finance: Client) -> None:
    partner = a_paid_invoice(
        PartnerFactory(country="SE", tax_number="SE556677889901"), taxed=False
    ).deal.use_case.partner
    bank_details(partner)
    address = reverse("commissions:tax_status", args=[partner.pk])
    preview = finance.get(reverse("commissions:payouts")).content.decode()
    assert "The tax status isn’t confirmed" in preview
    assert f'href="{address}"' in preview
    assert "Prepare the EUR payout" not in preview
    refused = finance.post(reverse("commissions:payout_prepare"), {"currency": "EUR"}, follow=True)
    assert "Nothing was prepared" in refused.content.decode()

    form = finance.get(address).content.decode()
    assert "Sweden" in form
    assert "SE556677889901" in form
    assert finance.post(address, {"vat_percent": "101"}).context["form"].errors
    status = {"treatment": "reverse_charge", "vat_percent": "0", "postal_address": "Storgatan 1\nUmeå"}
    charged = finance.post(address, {**status, "treatment": "domestic", "vat_percent": "25"})
    assert "the same country" in charged.content.decode()
    page = finance.post(address, {**status, "note": "Omvänd skattskyldighet"}, follow=True).content.decode()

    assert f"The tax status of {partner} is confirmed" in page
    assert "Prepare the EUR payout" in page
    finance.post(reverse("commissions:payout_prepare"), {"currency": "EUR"})
    payout = Payout.objects.get()
    assert (payout.vat, payout.vat_treatment) == (0, "reverse_charge")
    assert payout.vat_note == "Omvänd skattskyldighet"


def test_finance_enters_the_vat_number_that_reverse_charge_needs(finance: Client) -> None:
    partner = a_paid_invoice(PartnerFactory(country="SE"), taxed=False).deal.use_case.partner
    address = reverse("commissions:tax_status", args=[partner.pk])
    status = {"treatment": "reverse_charge", "vat_percent": "0", "postal_address": "Storgatan 1\nUmeå"}

    refused = finance.post(address, status).content.decode()
    finance.post(address, {**status, "tax_number": "SE556677889901"})

    assert "needs the partner’s VAT number" in refused
    assert partner.tax_status.tax_number == "SE556677889901"


def test_vat_of_the_own_country_is_a_line_of_its_own(finance: Client) -> None:
    partner = a_paid_invoice(PartnerFactory(country="NL"), taxed=False).deal.use_case.partner
    bank_details(partner)
    finance.post(
        reverse("commissions:tax_status", args=[partner.pk]),
        {"treatment": "domestic", "vat_percent": "25", "postal_address": "Prinsengracht 1\nAmsterdam"},
    )

    finance.post(reverse("commissions:payout_prepare"), {"currency": "EUR"})

    payout = Payout.objects.get()
    assert (payout.vat, payout.vat_treatment) == (payout.entries_total / 4, "domestic")


def test_a_failed_transfer_is_recorded(finance: Client) -> None:
    a_paid_invoice()
    run = payouts.prepare_payout_run(currency="EUR", by=UserFactory(roles=[Role.FINANCE]), at=AT)
    payouts.approve_payout_run(run=run, by=UserFactory(roles=[Role.DIRECTOR]), at=AT)
    address = reverse("commissions:payout_settle", args=[run.payouts.get().pk])

    assert finance.get(address).status_code == 200
    finance.post(address, {"outcome": "failed", "reason": "Account closed"})

    assert Payout.objects.get().failure == "Account closed"


def test_a_statement_is_a_404_for_others() -> None:
    a_paid_invoice()
    run = payouts.prepare_payout_run(currency="EUR", by=UserFactory(roles=[Role.FINANCE]), at=AT)
    payouts.approve_payout_run(run=run, by=UserFactory(roles=[Role.DIRECTOR]), at=AT)
    address = reverse("commissions:statement", args=[run.payouts.get().statement_number])

    assert signed_in(PartnerFactory().user).get(address).status_code == 404
    assert signed_in(UserFactory(roles=[Role.SALES])).get(address).status_code == 404
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("name", ["invoices", "invoices_sample", "payouts"])
@pytest.mark.parametrize(
    ("role", "status"), [(Role.FINANCE, 200), (Role.DIRECTOR, 200), (Role.SALES, 403), (Role.PARTNER, 403)]
)
def test_finance_pages_are_for_finance_and_directors(name: str, role: Role, status: int) -> None:
    assert signed_in(UserFactory(roles=[role])).get(reverse(f"commissions:{name}")).status_code == status


def test_directors_look_and_finance_acts() -> None:
    director = signed_in(UserFactory(roles=[Role.DIRECTOR]))
    a_paid_invoice()

    assert director.post(reverse("commissions:payout_prepare"), {"currency": "EUR"}).status_code == 403
    file = SimpleUploadedFile("march.csv", GOOD.encode(), "text/csv")
    assert director.post(reverse("commissions:invoices"), {"file": file}).status_code == 403
    assert Commission.objects.count() == 2
