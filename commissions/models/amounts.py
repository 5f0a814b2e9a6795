"""How amounts are stored: up to three decimals, which every currency's minor unit fits."""

from typing import Any

AMOUNT: dict[str, Any] = {"max_digits": 14, "decimal_places": 3}
