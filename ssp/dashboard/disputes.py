"""What is contested, in one list: answers about meetings, refusals, and two partners over one (C12, C14)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from partners.models import Partner
from referrals.models import Appeal, Confirmation, Dispute, Referral
from ssp.core.identity import identity_of
from ssp.core.models import User

KINDS = ("contest", "appeal", "dispute")
SHOWN = 200


@dataclass(frozen=True)
class Filters:
    """What the address of the page says."""

    state: str = "open"
    kind: str = ""
    q: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One contested thing."""

    kind: str
    label: str
    title: str
    text: str
    since: datetime
    url: str
    ruled_at: datetime | None
    ruled_by: str
    outcome: str


def contests() -> QuerySet[Confirmation]:
    """Return answers about meetings that their partner contested (C14)."""
    return Confirmation.objects.filter(contested_at__isnull=False).select_related(
        "introduction__referral__company",
        "introduction__referral__partner",
        "introduction__host",
        "settled_by",
    )


def appeals() -> QuerySet[Appeal]:
    return Appeal.objects.select_related(
        "refusal__partner", "refusal__referral__company", "referral__company", "decided_by"
    )


def appeals_waiting() -> QuerySet[Appeal]:
    """Return appeals that no sales lead has decided, the oldest first."""
    return appeals().filter(decided_at__isnull=True).order_by("appealed_at", "pk")


def two_partners() -> QuerySet[Dispute]:
    return Dispute.objects.select_related(
        "first__partner", "first__company", "second__partner", "second__company", "ruled_by", "opened_by"
    )


def disputes() -> QuerySet[Dispute]:
    """Return disputes between two partners that nobody has ruled on, the oldest first."""
    return two_partners().filter(ruled_at__isnull=True).order_by("opened_at", "pk")


def _about(q: str, referral: str) -> Q:
    """Match a person by name or (hashed) address, their company, and their partner."""
    fields = ("first_name", "last_name", "company__name", "partner__display_name")
    found = Q(**{f"{referral}identity": identity_of(q)}) if "@" in q else Q()
    for word in fields:
        found |= Q(**{f"{referral}{word}__icontains": q})
    return found


def _of_appeal(q: str) -> Q:
    found = (
        _about(q, "refusal__referral__")
        | _about(q, "referral__")
        | Q(refusal__partner__display_name__icontains=q)
        | Q(first_name__icontains=q)
        | Q(last_name__icontains=q)
        | Q(company_name__icontains=q)
    )
    return found | Q(refusal__identity=identity_of(q)) if "@" in q else found


def partners_of(user: User) -> list[int]:
    """Return the partners who are this person, under any account: nobody reads about their own (C12)."""
    same = Q(user=user) | Q(identity=identity_of(user.email))
    return list(Partner.objects.filter(same).values_list("pk", flat=True))


def lines(filters: Filters, *, reader: User) -> list[Line]:
    """Return what is contested, the oldest on top while it is open, the newest ruling on top afterwards."""
    is_open, own = filters.state == "open", partners_of(reader)
    contested = contests().exclude(introduction__referral__partner__in=own)
    appealed = appeals().exclude(refusal__partner__in=own)
    two = two_partners().exclude(first__partner__in=own).exclude(second__partner__in=own)
    if filters.q:
        contested = contested.filter(_about(filters.q, "introduction__referral__"))
        appealed = appealed.filter(_of_appeal(filters.q))
        two = two.filter(_about(filters.q, "first__") | _about(filters.q, "second__"))
    if filters.state != "all":
        contested = contested.filter(settled_at__isnull=is_open)
        appealed = appealed.filter(decided_at__isnull=is_open)
        two = two.filter(ruled_at__isnull=is_open)
    found: list[Line] = []
    if filters.kind in ("", "contest"):
        found += [_contest(row) for row in contested.order_by("-contested_at")[:SHOWN]]
    if filters.kind in ("", "appeal"):
        found += [_appeal(row) for row in appealed.order_by("-appealed_at")[:SHOWN]]
    if filters.kind in ("", "dispute"):
        found += [_dispute(row) for row in two.order_by("-opened_at")[:SHOWN]]
    if is_open:
        return sorted(found, key=lambda line: line.since)
    return sorted(found, key=lambda line: line.ruled_at or line.since, reverse=True)


def _contest(row: Confirmation) -> Line:
    referral = row.introduction.referral
    facts = {"host": row.introduction.host, "answer": row.get_answer_display(), "partner": referral.partner}
    assert row.contested_at is not None
    return Line(
        kind="contest",
        label=_("Contested answer"),
        title=f"{referral.person_name}, {referral.company}",
        text=_("%(host)s answered “%(answer)s”, %(partner)s contests it") % facts,
        since=row.contested_at,
        url=f"/desk/confirmations/{row.pk}/settle/",
        ruled_at=row.settled_at,
        ruled_by=str(row.settled_by or ""),
        outcome=_("Settled: %(answer)s") % facts if row.settled_at else "",
    )


def _appeal(row: Appeal) -> Line:
    referral = row.referral or row.refusal.referral
    outcome = ""
    if row.decided_at:
        outcome = _("Accepted") if row.accepted else _("The neutral answer")
    company = row.company_name or (str(referral.company) if referral else "")
    name = referral.person_name if referral else row.person_name
    return Line(
        kind="appeal",
        label=_("Appeal"),
        title=", ".join(filter(None, [name, company])),
        text=_("%(partner)s appeals against a refusal") % {"partner": row.refusal.partner},
        since=row.appealed_at,
        url=f"/desk/disputes/appeals/{row.pk}/",
        ruled_at=row.decided_at,
        ruled_by=str(row.decided_by or ""),
        outcome=outcome,
    )


def _dispute(row: Dispute) -> Line:
    facts = {"first": row.first.partner, "second": row.second.partner}
    names = dict.fromkeys([row.first.person_name, row.second.person_name])
    return Line(
        kind="dispute",
        label=_("Two partners"),
        title=f"{' / '.join(names)}, {row.first.company}",
        text=_("%(first)s and %(second)s") % facts,
        since=row.opened_at,
        url=f"/desk/disputes/{row.pk}/",
        ruled_at=row.ruled_at,
        ruled_by=str(row.ruled_by or ""),
        outcome=row.get_ruling_display() if row.ruled_at else "",
    )


def owner_of(identity: str, *, but: int | None = None) -> Referral | None:
    """Return the live claim on a person, for the eyes of staff."""
    rows = Referral.objects.live().filter(identity=identity).exclude(partner=but)
    return rows.select_related("partner", "company", "root").first()
