"""Bank accounts: what one is, how it is shown, and when money may go to it. No clock, no database."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from schwifty import BIC, IBAN
from schwifty.exceptions import (
    InvalidChecksumDigits,
    InvalidCountryCode,
    InvalidLength,
    SchwiftyException,
)
from text_unidecode import unidecode

from commissions.errors_payout import AccountUnreadable
from ssp.core.periods import add_months, add_working_days, is_working_day

FREEZE = timedelta(hours=72)  # between an account's entry and the first payout to it
PROOF_LASTS = timedelta(minutes=5)  # as long as allauth takes somebody's word for it
SMALL_SUMS_WAIT = 12  # months, then they are paid below the minimum too
HOLDER = 70  # characters of a name, in a SEPA transfer
REMITTANCE = 140
SEPA_CURRENCY = "EUR"


@dataclass(frozen=True)
class Account:
    """Where money goes: an IBAN, or a number that only its bank's own country knows."""

    holder: str
    number: str  # without spaces
    is_iban: bool
    country: str
    bic: str = ""
    routing: str = ""
    bank: str = ""  # the bank's name, where the number tells

    @property
    def masked(self) -> str:
        return mask(self.number, country=self.country if self.is_iban else "")


def read_iban(typed: str, *, holder: str, bic: str = "") -> Account:
    """Return the account of an IBAN. The BIC is worked out, or has to be given where that can't be done.

    :raises AccountUnreadable: with what is wrong, in words.
    """
    holder = read_holder(holder)
    try:
        iban = IBAN(re.sub(r"[\s\u00a0.-]", "", typed).upper())
    except InvalidCountryCode as wrong:
        raise AccountUnreadable(
            _(
                "An IBAN begins with the two letters of a country that uses IBANs, such as NL or DE. For an "
                "account elsewhere choose “Another account”."
            ),
            field="iban",
        ) from wrong
    except InvalidLength as wrong:
        raise AccountUnreadable(
            _("This IBAN is too short or too long for its country. Count its characters, letters and all."),
            field="iban",
        ) from wrong
    except InvalidChecksumDigits as wrong:
        raise AccountUnreadable(
            _("This IBAN can’t be right: a character is wrong, or two are swapped. Compare it once more."),
            field="iban",
        ) from wrong
    except SchwiftyException as wrong:
        raise AccountUnreadable(
            _("This is no IBAN. It looks like NL91 ABNA 0417 1643 00: a country, two digits, the account."),
            field="iban",
        ) from wrong
    known = iban.bic
    given = read_bic(bic) if bic.strip() else ""
    if known is not None and given and given[:8] != str(known)[:8]:
        raise AccountUnreadable(
            _("This BIC is another bank’s: the IBAN belongs to %(bank)s (%(bic)s). Leave the BIC empty.")
            % {"bank": iban.bank_name or str(known), "bic": str(known)},
            field="bic",
        )
    if known is None and not given:
        raise AccountUnreadable(
            _("We can’t tell the bank from this IBAN. Add its BIC (SWIFT code); it is beside the IBAN."),
            field="bic",
        )
    return Account(
        holder=holder,
        number=str(iban),
        is_iban=True,
        country=iban.country_code,
        bic=str(known) if known is not None else given,
        bank=iban.bank_name or "",
    )


def read_account(typed: str, *, holder: str, country: str, bic: str, routing: str = "") -> Account:
    """Return an account that has no IBAN: its number, its bank's BIC and, where there is one, its bank code.

    :raises AccountUnreadable: with what is wrong, in words.
    """
    holder = read_holder(holder)
    number = re.sub(r"[\s\u00a0.-]", "", typed).upper()
    if not re.fullmatch(r"[0-9A-Z]{4,34}", number):
        raise AccountUnreadable(
            _("An account number has 4 to 34 digits or letters, and nothing else."), field="number"
        )
    code = re.sub(r"[\s\u00a0-]", "", routing).upper()
    if code and not re.fullmatch(r"[0-9A-Z]{3,15}", code):
        raise AccountUnreadable(
            _("A bank code (routing number, sort code, BSB) has 3 to 15 digits or letters."), field="routing"
        )
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise AccountUnreadable(_("Choose the country the bank is in."), field="country")
    if not bic.strip():
        raise AccountUnreadable(
            _("Add the bank’s BIC (SWIFT code): money from abroad needs it."), field="bic"
        )
    return Account(
        holder=holder, number=number, is_iban=False, country=country, bic=read_bic(bic), routing=code
    )


def read_bic(typed: str) -> str:
    try:
        return str(BIC(re.sub(r"\s", "", typed).upper()))
    except SchwiftyException as wrong:
        raise AccountUnreadable(
            _("A BIC has 8 or 11 letters and digits, such as ABNANL2A."), field="bic"
        ) from wrong


def read_holder(typed: str) -> str:
    """Return an account holder's name that a bank can read."""
    holder = " ".join(typed.split())
    if not re.search(r"[A-Za-z0-9]{2}", sepa_text(holder, limit=HOLDER)):
        raise AccountUnreadable(
            _("Banks read Latin letters and digits. Write the holder’s name as your bank writes it."),
            field="holder",
        )
    if len(sepa_text(holder, limit=200)) > HOLDER or len(holder) > HOLDER:
        raise AccountUnreadable(_("Banks take 70 characters of a name. Shorten it."), field="holder")
    return holder


def mask(number: str, *, country: str = "") -> str:
    """Return what may be seen of an account number: its country and its end, never more than a third."""
    shown = number[len(number) - min(4, len(number) // 3) :]
    return f"{country}** **** {shown}" if country else f"**** {shown}"


def is_by_sepa(*, country: str, is_iban: bool, currency: str) -> bool:
    """Tell whether a payout goes by a SEPA transfer: in euro, to an IBAN of a country that takes part."""
    return currency == SEPA_CURRENCY and is_iban and bool(IBAN(country, allow_invalid=True).in_sepa_zone)


def sepa_text(text: str, *, limit: int) -> str:
    """Return a text in the characters that every SEPA bank takes, at most `limit` of them.

    Letters of other alphabets and accents become Latin ones; what no bank reads becomes a space.
    """
    latin = unidecode(text).replace("&", "+").replace("_", "-")
    kept = re.sub(r"[^A-Za-z0-9/\-?:().,'+ ]", " ", latin)
    plain = re.sub(r"/{2,}", "/", " ".join(kept.split())).strip("/ ")
    return plain[:limit].rstrip("/ ")


def rests_from(entered_at: datetime) -> datetime:
    """Return the moment from which payouts may go to an account that was entered then."""
    return entered_at + FREEZE


def first_day_with(minimum: Decimal, *, now: Decimal, coming: list[tuple[date, Decimal]]) -> date | None:
    """Return the first day on which a balance reaches `minimum` and is more than nothing, by what is held."""
    balance = now
    for day in sorted({day for day, _amount in coming}):
        balance += sum((amount for on, amount in coming if on == day), Decimal(0))
        if balance > 0 and balance >= minimum:
            return day
    return None


def paid_anyway_from(oldest_payable_on: date) -> date:
    """Return the day from which a sum below the minimum is paid nevertheless."""
    return add_months(oldest_payable_on, SMALL_SUMS_WAIT)


def transfer_day(on: date) -> date:
    """Return the day on which a file that is made `on` a day asks the bank to pay: a working day."""
    return on if is_working_day(on) else add_working_days(on, 1)
