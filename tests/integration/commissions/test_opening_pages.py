"""The pages of opening balances: who hands in, who approves, and what a partner sees of it."""

from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commissions import openings
from commissions.models import Opening, OpeningImport
from ssp.core import clock
from ssp.core.models import User
from ssp.core.roles import Role
from ssp.portal.own_data import archive
from tests.factories.commissions import a_won_deal
from tests.factories.core import UserFactory
from tests.integration.commissions.test_openings import AT, HEADINGS, entered, handed_in, row
from tests.integration.commissions.test_pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("that_day"), pytest.mark.clause("C5")]


@pytest.fixture
def that_day() -> Iterator[None]:
    clock.install(lambda: AT)
    yield
    clock.install(clock.wall)


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


def at(name: str, pk: int) -> str:
    return reverse(f"commissions:{name}", args=[pk])


def approve(client: Client, record: OpeningImport, **said: str) -> str:
    shown = openings.shown_by(openings.plan_of(record, at=AT))
    answer = client.post(
        at("opening_approve", record.pk), {"shown": shown, "vouched": "on", **said}, follow=True
    )
    return str(answer.content.decode())


def test_a_file_is_handed_in_looked_at_approved_and_listed(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    file = SimpleUploadedFile("openings.csv", "\n".join([HEADINGS, row(deal)]).encode())
    finance = signed_in(nadia)
    theirs = finance.post(reverse("commissions:openings"), {"file": file}, follow=True)
    record = OpeningImport.objects.get()
    assert "somebody else of finance or a director" in theirs.content.decode()

    assert "1 opening balance entered." in approve(signed_in(willem), record)
    listed = finance.get(reverse("commissions:openings")).content.decode()
    assert "Entered" in listed


def test_unknown_columns_are_asked_about_by_who_handed_it_in(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    text = "\n".join([HEADINGS.replace("Earned before", "Sum"), row(deal)])
    record = openings.upload_openings(content=text.encode(), file_name="o.csv", by=nadia, at=AT)
    mine, others = signed_in(nadia), signed_in(willem)

    assert "aren’t recognised" in others.get(at("opening_file", record.pk)).content.decode()
    assert mine.get(at("opening_file", record.pk)).url == at("opening_columns", record.pk)
    mine.post(at("opening_columns", record.pk), {**record.mapping, "earned": "sum"})
    assert "Approve and enter 1 balance" in others.get(at("opening_file", record.pk)).content.decode()


def test_pressing_approve_twice_or_on_ones_own_file_says_why_not(nadia: User, willem: User) -> None:
    record = handed_in(row(a_won_deal()), by=nadia)

    assert "You handed this file in" in approve(signed_in(nadia), record)
    client = signed_in(willem)
    assert "Tick that you compared" in approve(client, record, vouched="")
    approve(client, record)
    assert "approved already" in approve_again(client, record)
    assert Opening.objects.count() == 1


def approve_again(client: Client, record: OpeningImport) -> str:
    answer = client.post(at("opening_approve", record.pk), {"shown": "", "vouched": "on"}, follow=True)
    return str(answer.content.decode())


def test_an_opening_is_taken_back_from_its_page_by_finance_alone(nadia: User, willem: User) -> None:
    opening = entered(a_won_deal(), nadia, willem)

    assert signed_in(willem).post(at("opening_undo", opening.pk)).status_code == 403
    page = signed_in(nadia).post(at("opening_undo", opening.pk), follow=True).content.decode()
    assert "is taken back" in page
    assert nadia.email in page or str(nadia) in page


def test_the_report_says_why_and_the_sample_is_recognised_whole(nadia: User, willem: User) -> None:
    record = handed_in(row(a_won_deal(), first=""), by=nadia)
    client = signed_in(willem)

    assert "write yes or no" in client.get(at("opening_report", record.pk)).content.decode()
    sample = client.get(reverse("commissions:openings_sample")).content
    kept = openings.upload_openings(content=sample, file_name="s.csv", by=nadia, at=AT)
    assert set(kept.mapping) == {column.name for column in openings.COLUMNS}


def test_the_partner_sees_what_was_before_on_the_earnings_and_in_their_data(
    nadia: User, willem: User
) -> None:
    deal = a_won_deal()
    entered(deal, nadia, willem)
    partner = deal.use_case.partner
    client = signed_in(partner.user)

    page = client.get(reverse("commissions:earnings")).content.decode()
    export = client.get(reverse("commissions:earnings_export")).content.decode()

    assert "Before this system" in page
    assert "Opening balance" in page
    assert "from before this system" in export
    assert b"before-this-system.csv" in archive(partner, at=AT)


def test_every_page_of_finance_bears_an_opening(nadia: User, willem: User) -> None:
    opening = entered(a_won_deal(), nadia, willem)
    client = signed_in(nadia)

    for name in ("finance_ledger", "liabilities", "by_partner", "journal", "payouts", "finance", "outlook"):
        assert client.get(reverse(f"commissions:{name}")).status_code == 200, name
    ledger = client.get(reverse("commissions:finance_ledger") + "?kind=opening").content.decode()
    assert at("opening_file", opening.opening_import_id) in ledger
    assert "of it from before this system" in client.get(reverse("commissions:liabilities")).content.decode()
    for file_format in ("csv", "xlsx"):
        address = reverse("commissions:finance_ledger_file", args=[file_format])
        assert b"".join(client.get(address).streaming_content)
