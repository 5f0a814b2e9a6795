"""Reads the sums of the worked examples as they stand on paper, and checks them: no rule of ours is asked.

    10% × 1,000 × 500/1,000 = 50.00
    10% × 100.05 = 10.005 ≈ 10.00; 10.00 − 6.67 = 3.33
    SI-2: bonus: 10% × 500.00 = 50.00

`=` is exact. `≈` is half-even to the decimals that are written. The last figure is the entry; 0 is none.
What comes before a colon says which invoice the entry is for, if not the fact's own, and that it is a bonus.
"""

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

OPERATORS: dict[type[ast.AST], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Line:
    """One sum: what was written, and the entry at its end."""

    text: str
    amount: Decimal
    bonus: bool
    bill: str  # empty: that of the fact

    @property
    def wrong(self) -> str:
        """Return the first step that doesn't hold, or nothing."""
        for statement in self.text.rpartition(": ")[2].split("; "):
            signs = re.findall("[=≈]", statement)
            sides = [side.strip() for side in re.split("[=≈]", statement)]
            for left, sign, right in zip(sides, signs, sides[1:], strict=False):
                exact = value(left)
                wanted = exact if sign == "=" else half_even(exact, decimals(right))
                if value(right) != wanted:
                    return f"{left} {sign} {right}"
        return "" if "=" in self.text or "≈" in self.text else "nothing is worked out"


def read(text: str) -> Line:
    """Return a line of handwriting, its entry read from the last figure."""
    *tags, sums = text.split(": ")
    last = re.split("[=≈]", sums)[-1].strip()
    bills = [tag for tag in tags if tag != "bonus"]
    amount = Decimal(last.replace(",", "").replace("−", "-"))
    return Line(text, amount, "bonus" in tags, bills[0] if bills else "")


def decimals(figure: str) -> int:
    return len(figure.partition(".")[2])


def half_even(number: Fraction, digits: int) -> Fraction:
    """Round at the half to the even neighbour, by comparing, without any rounding function."""
    unit = Fraction(1, 10**digits)
    below = number // unit
    rest = number - below * unit
    up = rest * 2 > unit or (rest * 2 == unit and below % 2 == 1)
    return (below + up) * unit


def value(expression: str) -> Fraction:
    """Return what stands between two signs: figures, %, ×, /, +, −, brackets and min(…, …)."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", expression)
    plain = plain.replace("%", "/100").replace("×", "*").replace("−", "-")
    return _value(ast.parse(plain.strip(), mode="eval").body)


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as figure):
            return Fraction(str(figure))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_value(left), _value(right))
        case ast.Call(func=ast.Name(id="min"), args=args):
            return min(map(_value, args))
    raise ValueError(ast.unparse(node))
