"""Who at a company has a name like somebody's: found by trigrams, judged by `names.compare` (C10)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referrals import names, rules
from referrals.models import Company, KnownContact, Referral
from referrals.names import Match
from referrals.rules import Person

CANDIDATE = 0.2  # the share of trigrams from which a name is judged: every labelled pair that is held has it
JUDGED = 50  # those most alike, should a company have more
KEPT = 10  # in the evidence: nobody compares more


@dataclass(frozen=True)
class Found:
    """A record whose name is similar, and why."""

    pk: int
    match: Match

    def as_evidence(self) -> dict[str, object]:
        """Return what is frozen: an id, the score and the rules that met, no name."""
        return {
            "id": self.pk,
            "score": round(self.match.score, 2),
            "given": self.match.given,
            "family": self.match.family,
            "turned": self.match.turned,
        }


def similar_contacts(person: Person, *, identity: str, company: Company) -> list[Found]:
    """Return the known contacts at the company whose name is similar, the most alike first."""
    at_company = Q(company_key__in=_keys(person, company))
    if company.domain:
        at_company |= Q(domain=company.domain)
    return _judged(
        person, candidates(KnownContact.objects.filter(at_company).exclude(identity=identity), person)
    )


def similar_claims(person: Person, *, identity: str, company: Company) -> list[Found]:
    """Return the live claims, whoever's, at the company whose name is similar, the most alike first."""
    same = Q(pk=company.pk) | Q(key__in=_keys(person, company))
    companies = list(Company.objects.filter(same).values_list("pk", flat=True))
    claims = Referral.objects.live().filter(company__in=companies).exclude(identity=identity)
    return _judged(person, candidates(claims, person))


def _keys(person: Person, company: Company) -> set[str]:
    """Return the names of the company, as it is known and as it was typed."""
    return {rules.company_key(company.name)[:300], rules.company_key(person.company_name)[:300]} - {""}


def candidates[Row: (KnownContact, Referral)](rows: QuerySet[Row], person: Person) -> QuerySet[Row]:
    """Return those whose key shares enough trigrams with the person's; the trigram index knows them."""
    key = rules.name_key(person.first_name, person.last_name)
    if not key:
        return rows.none()
    with connection.cursor() as cursor:  # until the transaction ends
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(CANDIDATE)])
    return rows.filter(name_key__trigram_similar=key).order_by(
        TrigramSimilarity("name_key", key).desc(), "pk"
    )


def _judged(person: Person, rows: QuerySet[KnownContact] | QuerySet[Referral]) -> list[Found]:
    name = names.parse(person.first_name, person.last_name)
    judged = [
        Found(pk, names.compare(name, names.parse(first, last)))
        for pk, first, last in rows.values_list("pk", "first_name", "last_name")[:JUDGED]
    ]
    similar = [found for found in judged if found.match.is_similar]
    return sorted(similar, key=lambda found: (-found.match.score, found.pk))[:KEPT]


# --- for those who compare --------------------------------------------------------
@dataclass(frozen=True)
class Lookalike:
    """A record to lay beside the one that is checked, and why it looks like it."""

    why: str
    contact: KnownContact | None = None
    referral: Referral | None = None


def lookalikes_of(referral: Referral) -> list[Lookalike]:
    """Return the records that the evidence names, as far as they are still there, the most alike first."""
    contacts = KnownContact.objects.in_bulk(referral.evidence.get("similar_contacts", []))
    claims = Referral.objects.select_related("partner", "company").in_bulk(
        referral.evidence.get("similar_referrals", [])
    )
    why_contacts = _by_id(referral.evidence.get("why_contacts", []))
    why_claims = _by_id(referral.evidence.get("why_referrals", []))
    scored = [
        (why_contacts.get(pk, {}).get("score", 1), Lookalike(why_alike(why_contacts.get(pk)), contact=row))
        for pk, row in contacts.items()
    ] + [
        (why_claims.get(pk, {}).get("score", 1), Lookalike(why_alike(why_claims.get(pk)), referral=row))
        for pk, row in claims.items()
    ]
    return [lookalike for _score, lookalike in sorted(scored, key=lambda each: -each[0])]


def _by_id(evidence: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {each["id"]: each for each in evidence}


def why_alike(evidence: dict[str, Any] | None) -> str:
    """Say in a sentence or two why two names were held to be compared."""
    if evidence is None:  # registered when only the same name was held
        return _("The name is the same, and the company.")
    if evidence["given"] == evidence["family"] == "same" and not evidence["turned"]:
        return _("The name is the same, and the company.")
    given, family = GIVEN.get(evidence["given"], ""), FAMILY.get(evidence["family"], "")
    turned = _("First and last name stand in each other’s place.") if evidence["turned"] else ""
    return " ".join(str(sentence) for sentence in (turned, given, family) if sentence)


GIVEN = {
    "same": gettext_lazy("The first name is the same."),
    "form": gettext_lazy("Both first names are forms of one name, like Bob and Robert."),
    "spelling": gettext_lazy("The first names are spelled in two ways and sound alike."),
    "part": gettext_lazy("One has a second first name that the other lacks."),
    "slip": gettext_lazy("The first names differ by one letter, as a slip of the pen does."),
    "initial": gettext_lazy("One first name is abbreviated and fits the other."),
    "missing": gettext_lazy("One of them has no first name."),
}
FAMILY = {
    "same": gettext_lazy("The last name is the same."),
    "spelling": gettext_lazy("The last names are spelled in two ways and sound alike."),
    "part": gettext_lazy("One has a second last name that the other lacks."),
    "slip": gettext_lazy("The last names differ by one letter, as a slip of the pen does."),
    "slips": gettext_lazy("The last names are long and differ by two letters."),
    "initial": gettext_lazy("One last name is abbreviated and fits the other."),
    "ending": gettext_lazy("The last names differ in their ending alone, like Kowalski and Kowalska."),
}
