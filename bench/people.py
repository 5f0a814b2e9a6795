"""People and companies that never were, drawn from a seed: the same in every run."""

from dataclasses import dataclass
from functools import cache
from random import Random

from referrals import rules
from referrals.nicknames import FORMS


def words(text: str) -> list[str]:
    return text.split()


FIRST = sorted({word for word in words(FORMS) if len(word) > 3})
STEMS = words("""
    achter adler berg boer brand brink carls dahl dijk eber fischer fuchs graf groen haas hart heide
    hoff holm jans kamp karls keller klein koch kramer lang linden lund maas maier meer mohr nord
    novak olden oster peters pohl quist rand reiner richter ritter rosen roth sand schaaf schmid
    schulte silver somer stein sten strand svens thal timmer ulrich vader velde visser vogel vos
    wagen wald weber weiss wester wolf zander zeller ziegler
""")
ENDINGS = words("""
    mann sen ova ski er inga bach burg feld heim huis land man quist rup sma stra vik witz ak
""")
LAST = sorted(stem + ending for stem in STEMS for ending in ENDINGS)
WORDS = words("""
    Alpine Amber Anchor Atlas Aurora Baltic Beacon Birch Bridge Cedar Clear Cobalt Copper Coral
    Delta Dune Eagle Echo Ember Falcon Fjord Forge Garden Glacier Granite Harbour Hazel Horizon
    Indigo Iron Island Juniper Kestrel Lantern Larch Linden Lunar Maple Marble Meadow Meridian Mill
    North Oak Ocean Olive Onyx Orbit Pine Polar Quarry Quartz Raven Ridge River Saffron Sierra
    Silver Slate Solar Spruce Stone Summit Tidal Timber Union Vale Violet
""")
TRADES = words("""
    Foods Freight Health Energy Insurance Rail Retail Robotics Seeds Software Steel Textiles
""")
FORMS_OF_LAW = ("B.V.", "GmbH", "N.V.", "S.A.", "Ltd", "AG", "Inc.", "")

MANY, FOUR = 0, 1  # the company that two in a hundred work at, and the one of four people


@dataclass(frozen=True)
class Firm:
    number: int
    name: str
    key: str
    domain: str


@cache
def firm(number: int) -> Firm:
    """Return the company of that number; one in seven has no domain of its own."""
    random = Random(f"firm {number}")
    name = f"{random.choice(WORDS)} {random.choice(TRADES)} {number} {random.choice(FORMS_OF_LAW)}".strip()
    domain = f"firm{number}.example" if number in (MANY, FOUR) or random.random() < 6 / 7 else ""
    return Firm(number, name, rules.company_key(name), domain)


@cache
def name_key(first: str, last: str) -> str:
    return rules.name_key(first, last)


def somebody(random: Random) -> tuple[str, str]:
    """Return a first and a last name. Some are much more common than others, as everywhere."""
    first = FIRST[int(len(FIRST) * random.random() ** 1.5)]
    last = LAST[int(len(LAST) * random.random() ** 1.5)]
    return first.title(), last.title()


def address(first: str, last: str, unlike: str, at: Firm) -> str:
    """Return an address nobody else has; without a domain of the company it is one of a free provider."""
    return f"{first}.{last}.{unlike}@{at.domain or 'posteo.de'}".lower()
