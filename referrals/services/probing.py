"""Noticing what looks like probing, apart from the request that was refused (C12)."""

from datetime import datetime

from django.db import transaction

from partners.models import Partner
from referrals import probing
from referrals.errors import FindingMissing
from referrals.models import ProbingAlert, Referral, ReferralStatus, RefusalTrace
from referrals.permissions import check_leads_sales
from referrals.rules import Person, company_domain, company_key
from ssp.core import audit, outbox
from ssp.core.identity import identity_of
from ssp.core.models import AuditEntry, User
from ssp.core.periods import local_date


def leave_trace(*, partner: Partner, person: Person, at: datetime) -> None:
    """Keep that somebody was refused, without a name and without a cause; patterns are looked for later.

    Each refusal writes the same: it must not be measurable what kind it was.
    """
    place = company_domain(person.email) or company_key(person.company_name)
    trace = RefusalTrace.objects.create(
        partner=partner,
        identity=identity_of(person.email),
        company=identity_of(f"company@{place}"),
        refused_at=at,
    )
    _ask_to_look(partner, f"refusal:{trace.pk}", at=at)


def notice_giving_up(referral: Referral, *, at: datetime) -> None:
    """A held introduction was withdrawn before its name was compared: have a look at the pattern."""
    _ask_to_look(referral.partner, f"given-up:{referral.pk}", at=at)


def _ask_to_look(partner: Partner, what: str, *, at: datetime) -> None:
    outbox.enqueue(
        "referrals.look_for_probing", key=f"probing:{what}", payload={"partner_id": partner.pk}, at=at
    )


@transaction.atomic
def look_for_probing(*, partner_id: int, at: datetime) -> list[ProbingAlert]:
    """Alert sales leads to each pattern in a partner's refusals, once a day; a repeat writes nothing."""
    since = at - probing.KEPT
    refusals = [
        probing.Refused(refused_at, identity, company)
        for refused_at, identity, company in RefusalTrace.objects.filter(
            partner=partner_id, refused_at__gt=since, refused_at__lte=at
        ).values_list("refused_at", "identity", "company")
    ]
    given_up = Referral.objects.filter(
        partner=partner_id, status=ReferralStatus.WITHDRAWN, accepted_at=None, claim_ended_at__gt=since
    ).exclude(claim_ended_at=None)
    moments = [each for each in given_up.values_list("claim_ended_at", flat=True) if each is not None]
    found = []
    for pattern, count in probing.patterns(refusals, moments, at=at).items():
        alert, is_new = ProbingAlert.objects.get_or_create(
            partner_id=partner_id,
            pattern=pattern,
            noticed_on=local_date(at),
            defaults={"noticed_at": at, "count": count},
        )
        if is_new:
            found.append(alert)
            audit.record("probing.noticed", alert, by=None, at=at, partner=partner_id, pattern=pattern)
            outbox.enqueue(
                "referrals.probing_noticed",
                key=f"probing-alert:{alert.pk}",
                payload={"alert_id": alert.pk},
                at=at,
            )
    return found


@transaction.atomic
def settle_alert(*, alert: ProbingAlert, finding: str, by: User, at: datetime) -> ProbingAlert:
    """Say as a sales lead what was behind a pattern; a second press changes nothing.

    :raises NotAllowed: not a sales lead.  :raises FindingMissing: the next lead wants to read it.
    """
    check_leads_sales(by)
    row = ProbingAlert.objects.select_for_update().get(pk=alert.pk)
    if row.looked_at is not None:
        return row
    if not finding.strip():
        raise FindingMissing
    row.looked_at, row.looked_at_by, row.finding = at, by, finding.strip()[:300]
    row.save(update_fields=["looked_at", "looked_at_by", "finding"])
    audit.record("probing.looked_at", row, by=by, at=at, partner=row.partner_id)
    return row


def forget_traces(*, at: datetime) -> int:
    """Delete traces of refusals that no pattern looks back to."""
    gone, _each = RefusalTrace.objects.filter(refused_at__lte=at - probing.KEPT).delete()
    return gone


def refusals_today(partner: Partner, *, since: datetime) -> int:
    """Count a partner's refusals from a moment on, for the day's quota."""
    return AuditEntry.objects.filter(
        action="referral.refused",
        target_type=partner._meta.label_lower,
        target_id=partner.pk,
        at__gte=since,
    ).count()
