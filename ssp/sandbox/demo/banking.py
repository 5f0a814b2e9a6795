"""Where the demo's partners get their money: long in use, changed just now, and one who never said."""

from datetime import datetime

from commissions.bank import enter_bank_details
from commissions.rules.accounts import read_iban
from partners.models import Partner
from ssp.sandbox.demo.moments import Calendar

# Made up, with check digits that fit; Rosa gave none.
IBANS = {
    "Ines Marchetti": "NL20INGB0001234567",
    "Pieter Vos": "BE71096123456769",
    "Karl Jensen": "DK5000400440116243",
    "Leila Haddad": "BE62510007547061",
}
PIETERS_NEW_ONE = "DE89370400440532013000"


def enters_account(partner: Partner, iban: str, *, at: datetime) -> None:
    """Let a partner enter an account, as on the page, right after their password."""
    account = read_iban(iban, holder=partner.legal_name)
    enter_bank_details(partner=partner, account=account, proved_at=at, by=partner.user, at=at)


def first_accounts(when: Calendar) -> None:
    """Who is a partner by August says where their money goes."""
    for partner in Partner.objects.filter(display_name__in=IBANS).select_related("user").order_by("pk"):
        enters_account(partner, IBANS[partner.display_name], at=when.at(3, 8, 9))


def later_accounts(when: Calendar, *, now: datetime) -> None:
    """Karl and Leila follow; Pieter changes his just now, so the next run leaves him out."""
    for partner in Partner.objects.filter(display_name__in=("Karl Jensen", "Leila Haddad")):
        enters_account(partner, IBANS[partner.display_name], at=when.at(16, 11, 9))
    enters_account(Partner.objects.get(display_name="Pieter Vos"), PIETERS_NEW_ONE, at=now)
