"""What waits for an answer is on finance's page of needs."""

import pytest

from commissions import contests
from commissions.finance.needs import Need, needs_of
from commissions.models import AccrualFailure
from ssp.core.periods import local_date
from tests.factories.commissions import a_won_deal, confirmed_tax
from tests.factories.partners import PartnerFactory
from tests.factories.statements import FEBRUARY, MARCH, enters

pytestmark = pytest.mark.django_db


def needs() -> dict[str, Need]:
    return {need.name: need for need in needs_of(local_date(MARCH))}


def test_a_contested_entry_waits_with_its_day_and_amount() -> None:
    entry = enters(PartnerFactory(display_name="Ines Marchetti"), at=FEBRUARY)
    contest = contests.contest_entry(entry=entry, text="They paid more.", by=entry.partner.user, at=MARCH)

    found = needs()["contested"]
    assert (found.count, found.amounts, found.since) == (1, {"EUR": entry.amount}, local_date(MARCH))
    assert found.rows[0].url == f"/desk/contested-entries/{contest.pk}/"
    assert "Ines Marchetti" in found.rows[0].what


def test_a_deal_that_the_ledger_refuses_waits_with_what_it_says() -> None:
    AccrualFailure.objects.create(
        deal=a_won_deal(), reason="more or less than the formula", first_failed_at=MARCH, last_failed_at=MARCH
    )

    found = needs()["not_worked_out"]
    assert (found.count, found.rows[0].text) == (1, "more or less than the formula")


def test_a_tax_status_of_who_the_partner_was_is_to_be_confirmed_anew() -> None:
    partner = PartnerFactory()
    enters(partner, at=FEBRUARY)
    confirmed_tax(partner)
    assert "tax" not in needs()

    partner.tax_number = "NL999999999B09"
    partner.save()

    assert [row.what for row in needs()["tax"].rows] == [partner.display_name]
