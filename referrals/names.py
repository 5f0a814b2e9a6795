"""Whether two names may be one person's: folding, forms of a name, and a score with one threshold (C10).

Pure: no Django, no database. docs/adr/0012-similar-names.md argues the threshold from labelled pairs.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from referrals.nicknames import FORMS, OTHERS

THRESHOLD = 0.65  # from here on a human looks: two names at one company are held to be compared

# --- folding -------------------------------------------------------------------
LETTERS_OF = """
ß=ss ø=o ł=l đ=d ð=d þ=th æ=ae œ=oe ı=i ħ=h ŋ=ng ĸ=k ŧ=t ſ=s ə=e ƒ=f
а=a б=b в=v г=g д=d е=e ж=zh з=z и=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch
ъ= ы=y ь= э=e ю=yu я=ya і=i є=ye ґ=g ђ=dj ј=j љ=lj њ=nj ћ=c џ=dz ѕ=dz
α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s τ=t υ=y φ=f χ=ch ψ=ps ω=o
"""
LETTERS = {ord(pair[0]): pair[2:] for pair in LETTERS_OF.split()}

TITLES_OF = """
dr doctor prof professor mr mrs ms miss mx sir dame herr frau hr fr mme mlle monsieur madame sig signor
signora sra srta dhr mevr mw drs ir ing mag dipl dipling phd mba msc bsc llm cpa mgr bc don dona
"""
TITLES = frozenset(TITLES_OF.split())
GENERATIONS = {
    "sr": 1,
    "sen": 1,
    "snr": 1,
    "senior": 1,
    "jr": 2,
    "jun": 2,
    "jnr": 2,
    "junior": 2,
    "ii": 2,
    "iii": 3,
    "iv": 4,
}
PARTICLES_OF = """
van von de der den des du di da do dos das del della delle dello degli dei la le lo les el al het t ten ter te
zu zum zur vom vd af av y e i o d l bin ben ibn abu bint mac mc st san saint
"""
PARTICLES = frozenset(PARTICLES_OF.split())


MOST_WORDS, MOST_LETTERS = 8, 40  # of one part of a name: what is longer was made to keep us busy


def fold(text: str) -> str:
    """Return letters and digits without case and accents, in Latin where we can, words one space apart."""
    kept = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).casefold()
    kept = "".join(c for c in kept if not unicodedata.combining(c)).translate(LETTERS)
    return re.sub(r"[\W_]+", " ", kept).strip()


# --- forms of a first name -------------------------------------------------------
def _groups() -> dict[str, frozenset[str]]:
    """Return the full forms of each name that has any."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in re.split(r"\n(?! )", FORMS.strip()):
        full, *others = line.split()
        for name in (full, *others):
            found[name].add(full)
    return {name: frozenset(full) for name, full in found.items()}


FULL_FORMS = _groups()
NO_FORMS: frozenset[str] = frozenset()
KNOWN = frozenset(FULL_FORMS) | frozenset(OTHERS.split())


def key(first_name: str, last_name: str) -> str:
    """Return a name as it is stored to be searched: its words and their full forms, whatever the order.

    “Bob Smith” and “Robert Smith” share `robert smith`, so that their trigrams meet in one index.
    """
    words = fold(f"{first_name} {last_name}").split()
    return " ".join(sorted({*words, *(full for word in words for full in FULL_FORMS.get(word, ()))}))


# --- a name taken apart -----------------------------------------------------------
@dataclass(frozen=True)
class Name:
    """A name in its parts, folded."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    generation: int = 0  # 1 for senior, 2 for junior, 3 for III; 0 when nothing is said

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(sorted((*self.given, *self.family)))

    def turned(self) -> "Name":
        """Return it with first and last name in each other's place."""
        return Name(self.family, self.given, self.generation)


def parse(first_name: str, last_name: str) -> Name:
    """Take a name apart: titles fall away, a generation is noted, one field with everything is cut in two."""
    given, family = _words(first_name), _words(last_name)
    said = [GENERATIONS[word] for word in (*family[1:], *given[1:]) if word in GENERATIONS]
    generation = said[0] if said else 0
    given, family = (
        [word for word in words if word not in GENERATIONS] or words for words in (given, family)
    )
    if not given and len(family) > 1:
        if "," in last_name:  # “Doe, Jane”
            turned = _words(last_name.rpartition(",")[2])
            given, family = turned, family[: len(family) - len(turned)]
        else:
            given, family = family[:1], family[1:]
    elif not family and len(given) > 1:
        given, family = given[:1], given[1:]
    return Name(tuple(given), tuple(family), generation)


def _words(text: str) -> list[str]:
    words = fold(text).split()
    kept = [word for word in words if word not in TITLES] or words
    return [word[:MOST_LETTERS] for word in kept[:MOST_WORDS]]


WordRule = Callable[[str, str], tuple[float, str]]


# --- two words ---------------------------------------------------------------------
SAME = 1.0
RULES = {  # what two parts of a name have to do with each other, and how much that says
    "same": SAME,
    "spelling": 0.96,  # Müller and Mueller, Philip and Filip: what an ear can't tell apart
    "form": 0.94,  # Bob and Robert, Kasia and Katarzyna
    "part": 0.90,  # Anna-Lena and Anna, García Márquez and García
    "slip": 0.86,  # Micheal: one letter too many, too few, another, or two turned round
    "initial": 0.84,  # J. and Jane, Th. and Thomas
    "ending": 0.80,  # Kowalski and Kowalska: some languages bend it
    "slips": 0.74,  # two letters, in a long name
    "missing": 0.72,  # one of them has no first name
    "other": 0.0,
}
OTHER = 0.62  # what likeness of letters alone can count for
TURNED = 0.92  # first and last name in each other's place
ENDINGS = frozenset({("", "a"), ("i", "a"), ("y", "a"), ("", "ova"), ("", "va"), ("a", "ova"), ("e", "ova")})


def _distance(one: str, other: str) -> int:
    """Return how many letters must be put in, left out, replaced or turned round with their neighbour."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if before and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


SOUNDS = [
    (re.compile(pattern), heard)
    for pattern, heard in [
        (r"ae|ä", "a"),
        (r"oe", "o"),
        (r"ue", "u"),
        (r"sch|sz|sh", "s"),
        (r"dj", "d"),
        (r"tz|cz|ts", "z"),
        (r"ph|pf", "f"),
        (r"th|dt|td", "t"),
        (r"gh|ch|ck|c|q", "k"),
        (r"x", "ks"),
        (r"w", "v"),
        (r"ij|ei|ai|ey|ay|y", "i"),
        (r"j", "i"),
        (r"ie|ee", "i"),
        (r"oo|ou", "u"),
        (r"(?<=[aeiou])h(?![aeiou])", ""),
        (r"s(?=s)|z(?=z)", ""),
        (r"(.)\1+", r"\1"),
    ]
]


def sound(word: str) -> str:
    """Return roughly how a word is heard, so that spellings of one sound meet."""
    for pattern, heard in SOUNDS:
        word = pattern.sub(heard, word)
    return word


def _is_slip(one: str, other: str, *, longest: int) -> bool:
    """Tell whether one is the other with at most `longest` slips of the pen inside the word.

    The first letter is seldom mistyped, and Hansen isn't Jansen; digits are never letters.
    """
    shorter = min(len(one), len(other))
    if one[0] != other[0] or not (one + other).isalpha() or shorter < (4 if longest == 1 else 8):
        return False
    return _distance(one, other) <= longest


def _differ_at_the_end(one: str, other: str) -> bool:
    """Tell whether all but the last letters agree: Jan and Jana, Mario and Maria, Martin and Martins."""
    short, long = sorted((one, other), key=len)
    return long[:-1] in (short, short[:-1])


def _likeness(one: str, other: str) -> float:
    return OTHER * max(0.0, 1 - _distance(one, other) / max(len(one), len(other)))


def _given_word(one: str, other: str) -> tuple[float, str]:
    if one == other:
        return SAME, "same"
    if FULL_FORMS.get(one, NO_FORMS) & FULL_FORMS.get(other, NO_FORMS):
        return RULES["form"], "form"
    if 1 in (len(one), len(other)):
        return (RULES["initial"], "initial") if one[0] == other[0] else (0.0, "other")
    if one in KNOWN and other in KNOWN:
        return _likeness(one, other), "other"
    if sound(one) == sound(other) and (one + other).isalpha():
        return RULES["spelling"], "spelling"
    if _is_abbreviated(one, other):
        return RULES["initial"], "initial"
    if _is_slip(one, other, longest=1) and not _differ_at_the_end(one, other):
        return RULES["slip"], "slip"
    return _likeness(one, other), "other"


def _is_abbreviated(one: str, other: str) -> bool:
    """Tell whether one is the other's beginning, and so short that nothing else is likely: Th., Sid."""
    short, long = sorted((one, other), key=len)
    return len(short) <= 3 < len(long) - 2 and long.startswith(short)


def _family_word(one: str, other: str) -> tuple[float, str]:
    if one == other:
        return SAME, "same"
    if 1 in (len(one), len(other)):
        return (RULES["initial"], "initial") if one[0] == other[0] else (0.0, "other")
    if not (one + other).isalpha():
        return 0.0, "other"
    if sound(one) == sound(other):
        return RULES["spelling"], "spelling"
    if _bent(one, other) or _bent(other, one):
        return RULES["ending"], "ending"
    if _is_slip(one, other, longest=1):
        return (RULES["ending"], "ending") if _differ_at_the_end(one, other) else (RULES["slip"], "slip")
    if _is_slip(one, other, longest=2):
        return RULES["slips"], "slips"
    return _likeness(one, other), "other"


def _bent(one: str, other: str) -> bool:
    return len(one) > 3 and any(
        one.endswith(his) and other.endswith(hers) and one[: len(one) - len(his)] == other[: -len(hers)]
        for his, hers in ENDINGS
    )


# --- two names ---------------------------------------------------------------------
@dataclass(frozen=True)
class Match:
    """How alike two names are, and by which rules."""

    score: float
    given: str
    family: str
    turned: bool = False  # first and last name stand in each other's place

    @property
    def is_similar(self) -> bool:
        return self.score >= THRESHOLD


NOTHING = Match(0.0, "other", "other")


def compare(one: Name, other: Name) -> Match:
    """Score two names from 0 to 1: the worth of the first names' rule times that of the last names'."""
    if not one.words or not other.words:
        return NOTHING
    if one.generation and other.generation and one.generation != other.generation:
        return NOTHING  # father and son say which they are
    straight = _compare_parts(one, other)
    turned = max(_compare_parts(one, other.turned()), _compare_parts(other, one.turned()), key=_score)
    best = straight
    if turned.score * TURNED > straight.score:
        best = Match(turned.score * TURNED, turned.given, turned.family, turned=True)
    if one.words == other.words and best.score < 0.98:  # cut elsewhere: “Maria José | García”
        best = Match(0.98, "same", "same", turned=best.turned)
    return best


def _score(match: Match) -> float:
    return match.score


def _compare_parts(one: Name, other: Name) -> Match:
    given, given_rule = _compare_given(one.given, other.given)
    family, family_rule = _compare_family(one.family, other.family)
    return Match(given * family, given_rule, family_rule)


def _compare_given(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[float, str]:
    if not one or not other:
        return RULES["missing"], "missing"
    if "".join(one) == "".join(other):
        return SAME, "same"
    if _are_initials(one, other) or _are_initials(other, one):
        return RULES["initial"], "initial"
    return _compare_words(one, other, _given_word)


def _are_initials(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether one is the other's first letters written together: JP for Jean-Pierre."""
    return len(other) > 1 and one == ("".join(word[0] for word in other),)


def _compare_family(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[float, str]:
    if not one or not other:
        return (0.0, "other")
    if "".join(one) == "".join(other):
        return SAME, "same"
    together = max(_family_word(a, b) for a in _joined(one) for b in _joined(other))
    apart = _compare_words(_bare(one), _bare(other), _family_word)
    return max(together, apart)


def _bare(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in PARTICLES) or words


def _joined(words: tuple[str, ...]) -> set[str]:
    """Return the spellings in one word: `vandenberg`, `berg`."""
    return {"".join(words)[:MOST_LETTERS], "".join(_bare(words))[:MOST_LETTERS]}


def _compare_words(one: tuple[str, ...], other: tuple[str, ...], of: WordRule) -> tuple[float, str]:
    """Find each word of the shorter one in the longer; what is left over makes it a part."""
    if len(one) == len(other) > 1:
        return max(_cover(one, other, of), _cover(other, one, of))
    short, long = sorted((one, other), key=len)
    return _cover(short, long, of)


def _cover(short: tuple[str, ...], long: tuple[str, ...], of: WordRule) -> tuple[float, str]:
    left = list(long)
    worst: tuple[float, str] = (SAME, "same")
    for word in short:
        found, at = max((of(word, candidate), -i) for i, candidate in enumerate(left))
        left.pop(-at)
        worst = min(worst, found)
    if not left:
        return worst
    score, rule = worst
    if all(len(word) == 1 for word in left) or long[: len(short)] == short:
        score *= 0.96  # a second initial, a second name
    else:
        score *= RULES["part"]
    return score, "part" if rule == "same" else rule
