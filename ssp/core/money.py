"""Money is a Decimal and an ISO-4217 currency; it is rounded once, half-even, to the minor unit."""

from decimal import Decimal
from fractions import Fraction

# ISO-4217 minor units that differ from two.
_MINOR_UNITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
MINUS = "\N{MINUS SIGN}"


def minor_units(currency: str) -> int:
    """Return how many decimals an amount in `currency` has."""
    return _MINOR_UNITS.get(currency, 2)


def currencies_of(digits: int) -> list[str]:
    """Return the currencies whose minor unit has that many decimals, where it isn't two."""
    return sorted(code for code, units in _MINOR_UNITS.items() if units == digits)


def round_half_even(amount: Fraction | Decimal | int, currency: str) -> Decimal:
    """Return `amount` rounded half-even to the minor unit of `currency`.

    Takes a Fraction so that nothing is rounded before this single moment (C5).
    """
    digits = minor_units(currency)
    scaled = round(Fraction(amount) * 10**digits)  # Fraction rounds half to even
    return Decimal(scaled).scaleb(-digits)


def format_money(amount: Decimal, currency: str, *, code: bool = False) -> str:
    """Return an amount as people read it: `−€1,234.50`, or `USD 1,200.00` where currencies mix."""
    digits = minor_units(currency)
    text = f"{abs(amount):,.{digits}f}"
    sign = MINUS if amount < 0 else ""
    symbol = _SYMBOLS.get(currency)
    if code or symbol is None:
        return f"{sign}{currency} {text}"
    return f"{sign}{symbol}{text}"
