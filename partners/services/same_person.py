"""Signs of a second account: found when an application goes to review, read before anybody approves (C22)."""

from collections.abc import Collection, Iterable
from datetime import datetime

from partners.errors import SignsChanged, SignsNotAcknowledged
from partners.models import (
    Application,
    ApplicationStatus,
    Contract,
    Partner,
    SamePersonSign,
    SignAcknowledgement,
)
from partners.same_person import alike, everybody_but, known_of, the_applicant, unread_signs
from ssp.core import audit
from ssp.core.locks import one_after_another
from ssp.core.models import User

LOOKING = "partners.same_person"


def look_for_signs(application: Application, *, at: datetime) -> list[SamePersonSign]:
    """Write down what an application has in common with other accounts, in the caller's transaction.

    What it has in common with another application that is still undecided is written down for both: who
    reviews the older one learns of it, too. An approval that was given before stays; the other director reads
    the sign. Applications take turns here, so that two sent at the same moment see each other.
    """
    one_after_another(LOOKING)
    me = the_applicant(application)
    found: list[SamePersonSign] = []
    for other in everybody_but(application.applicant).values():
        for reason in alike(me, other):
            found += _write(application, other.account, reason, at=at)
            for theirs in other.account.applications.filter(status=ApplicationStatus.SUBMITTED):
                _write(theirs, application.applicant, reason, at=at)
    return found


def look_for_signs_of(newcomers: Iterable[Partner], *, at: datetime) -> None:
    """Write down what undecided applications have in common with partners who moved in just now.

    Their own directors read it beside the paper; whoever reviews such an application learns of it here.
    """
    one_after_another(LOOKING)
    undecided = Application.objects.filter(status=ApplicationStatus.SUBMITTED).select_related("applicant")
    applicants = [(application, the_applicant(application)) for application in undecided.order_by("pk")]
    if not applicants:
        return
    for partner in newcomers:
        newcomer = known_of(partner.user)
        newcomer.add(partner)
        for application, me in applicants:
            if application.applicant_id != partner.user_id:
                for reason in alike(me, newcomer):
                    _write(application, partner.user, reason, at=at)


def _write(application: Application, account: User, reason: str, *, at: datetime) -> list[SamePersonSign]:
    sign, is_new = SamePersonSign.objects.get_or_create(
        application=application, account=account, reason=reason, defaults={"found_at": at}
    )
    if is_new:
        audit.record(
            "application.sign_found", application, by=None, at=at, account=account.pk, reason=str(reason)
        )
    return [sign] if is_new else []


def acknowledge_signs(
    contract: Contract, *, director: User, read: Collection[int], reason: str, at: datetime
) -> None:
    """Let a director answer for the signs of a locked contract's application, before they approve it.

    :param read: the ids of the signs that the director's page showed.
    :raises SignsChanged: there is one that the page didn't show.
    :raises SignsNotAcknowledged: nothing was written about them.
    """
    unread = unread_signs(contract, director)
    if not unread:
        return
    if not {sign.pk for sign in unread} <= set(read):
        raise SignsChanged if read else SignsNotAcknowledged
    if not reason.strip():
        raise SignsNotAcknowledged
    for sign in unread:
        kept = SignAcknowledgement.objects.create(
            sign=sign, director=director, reason=reason.strip(), acknowledged_at=at
        )
        audit.record("sign.acknowledged", sign, by=director, at=at, acknowledgement=kept.pk)
