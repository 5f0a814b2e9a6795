"""The pages of files and of matching: what they show, and what a press does."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commissions import accrual, services
from commissions.models import Invoice, InvoiceImport
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, happens
from tests.factories.core import UserFactory
from tests.integration.commissions.test_import import GOOD
from tests.integration.commissions.test_matching import a_deal_of, waiting
from tests.integration.commissions.test_pages import AT, much_later, signed_in  # noqa: F401
from tests.integration.commissions.test_sources import SAID, STRIPE, long_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("much_later")]


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def finance(nadia: User) -> Client:
    return signed_in(nadia)


def upload(client: Client, text: str) -> InvoiceImport:
    file = SimpleUploadedFile("march.csv", text.encode())
    client.post(reverse("commissions:invoices"), {"file": file})
    return InvoiceImport.objects.latest("pk")


def page(name: str, pk: int) -> str:
    return reverse(f"commissions:{name}", args=[pk])


def answers(upload: InvoiceImport) -> dict[str, str]:
    columns = {f"column_{name}": heading for name, heading in upload.mapping.items()}
    return {**columns, **{f"said_{name}": said for name, said in SAID.items()}, "source": "stripe"}


def test_a_file_that_leaves_something_open_is_asked_about_and_then_imported(finance: Client) -> None:
    record = upload(finance, STRIPE)
    asked = finance.get(page("import", record.pk))
    assert asked.headers["Location"] == page("import_columns", record.pk)
    text = finance.get(page("import_columns", record.pk)).content.decode()
    assert "Stripe’s export of invoices" in text
    assert "It has no lines." in text

    finance.post(page("import_columns", record.pk), answers(record))
    finance.post(page("import", record.pk))
    assert Invoice.objects.get().source == "stripe"


def test_an_open_question_is_said_on_the_page(finance: Client) -> None:
    record = upload(finance, STRIPE)
    answer = finance.post(page("import_columns", record.pk), {**answers(record), "said_recurring": ""})

    assert answer.status_code == 422
    assert "Say which invoices are recurring revenue" in answer.content.decode()


def test_a_file_can_be_read_as_something_else(finance: Client) -> None:
    record = upload(finance, STRIPE)
    text = finance.get(page("import_columns", record.pk), {"layout": "own"}).content.decode()

    assert "read as: Our own columns" in text
    record.refresh_from_db()
    assert record.layout == "stripe_invoices"


def test_a_layout_that_isnt_one_changes_nothing(finance: Client) -> None:
    record = upload(finance, STRIPE)

    assert finance.get(page("import_columns", record.pk), {"layout": "../x"}).status_code == 200


def test_the_report_has_every_row_and_no_formula(finance: Client) -> None:
    record = upload(finance, GOOD.replace("SI-1,,Kestrel", "SI-1,,=HYPERLINK(1)"))
    text = finance.get(page("import_report", record.pk)).content.decode("utf-8-sig")

    assert "A cell holds a formula" in text
    assert "=HYPERLINK" not in text


def test_a_get_deletes_no_preview_and_a_post_does(finance: Client) -> None:
    record = upload(finance, GOOD)

    assert finance.get(page("import_discard", record.pk)).status_code == 405
    finance.post(page("import_discard", record.pk))
    assert not InvoiceImport.objects.exists()


def test_a_long_file_shows_how_far_it_is(finance: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 10)
    record = upload(finance, long_file(12))
    finance.post(page("import", record.pk))
    text = finance.get(page("import", record.pk)).content.decode()

    assert "Being imported" in text
    assert "<progress" in text
    assert finance.post(page("import", record.pk)).status_code == 422


def test_finance_accepts_the_ticked_suggestions_alone(finance: Client) -> None:
    deal = a_deal_of("Kestrel Biotech")
    ticked, left = waiting("Kestrel Biotech"), waiting("Kestrel Biotech")
    address = reverse("commissions:invoices_waiting")
    assert f"{ticked.pk}-{deal.pk}" in finance.get(address).content.decode()

    finance.post(address, {"accept": [f"{ticked.pk}-{deal.pk}", "x-1", "1-", f"{'9' * 30}-1"]})
    ticked.refresh_from_db()
    left.refresh_from_db()
    assert (ticked.deal, left.deal) == (deal, None)


def test_a_director_looks_and_doesnt_match() -> None:
    deal, invoice = a_deal_of("Kestrel Biotech"), waiting("Kestrel Biotech")
    director = signed_in(UserFactory(roles=[Role.DIRECTOR]))
    address = reverse("commissions:invoices_waiting")

    assert "Match the ticked" not in director.get(address).content.decode()
    assert director.post(address, {"accept": f"{invoice.pk}-{deal.pk}"}).status_code == 403


def test_a_suggestion_is_matched_by_its_button(finance: Client) -> None:
    deal, invoice = a_deal_of("Kestrel Biotech"), waiting("Kestrel Biotech")
    assert "has the company’s name" in finance.get(page("invoice_match", invoice.pk)).content.decode()

    finance.post(page("invoice_match", invoice.pk), {"deal": deal.pk})
    invoice.refresh_from_db()
    assert invoice.deal == deal


def test_a_match_is_taken_back_from_the_invoices_page(finance: Client) -> None:
    invoice = an_invoice(a_won_deal())
    address = page("invoice_unmatch", invoice.pk)
    assert address in finance.get(page("invoice", invoice.pk)).content.decode()
    assert "isn’t matched by its customer reference any more" in finance.get(address).content.decode()

    finance.post(address)
    invoice.refresh_from_db()
    assert invoice.deal is None
    assert "Match taken back" in finance.get(page("invoice", invoice.pk)).content.decode()


def test_a_match_that_earned_offers_nothing_to_take_back(finance: Client) -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "payment", "1000")
    accrual.accrue(at=AT)
    address = page("invoice_unmatch", invoice.pk)

    assert address not in finance.get(page("invoice", invoice.pk)).content.decode()
    for answer in (finance.get(address, follow=True), finance.post(address, follow=True)):
        assert "Commissions were written for this invoice" in answer.content.decode()


def test_the_invoice_says_what_is_still_asked_for(finance: Client) -> None:
    invoice = an_invoice(None, "1000", on=(AT - timedelta(days=60)).date())
    happens(invoice, "payment", "400")
    assert "paid in part" in finance.get(reverse("commissions:invoices")).content.decode()
    happens(invoice, "write_off", "600")

    assert "written off" in finance.get(reverse("commissions:invoices")).content.decode()
    assert "nobody asks for it any more" in finance.get(page("invoice", invoice.pk)).content.decode()
