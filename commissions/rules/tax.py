"""What VAT a partner's payouts can carry: SeMI receives the service, so its country decides (2006/112/EC).

Pure: countries by their ISO codes. Finance confirms what is right for a partner; this says what can't be.
"""

from decimal import Decimal

EU = frozenset(
    [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
        "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ]
)  # fmt: skip
DOMESTIC, REVERSE_CHARGE, SMALL_BUSINESS, OUTSIDE_EU = (
    "domestic",
    "reverse_charge",
    "small_business",
    "outside_eu",
)


def unfit(treatment: str, *, percent: Decimal, country: str, home: str, has_tax_number: bool) -> str:
    """Return what keeps a treatment from being right, as a code; nothing when it can be.

    :param country: the partner's.  :param home: SeMI's.
    """
    if treatment == DOMESTIC:
        if country != home:
            return "not_domestic"
        return "" if percent > 0 else "domestic_needs_percent"
    if percent:
        return "percent_needs_domestic"
    if treatment == REVERSE_CHARGE:
        if country == home or country not in EU:
            return "not_elsewhere_in_eu"
        return "" if has_tax_number else "needs_tax_number"
    if treatment == OUTSIDE_EU and country in EU:
        return "not_outside_eu"
    return ""
