"""What the end of a partnership means for the partnership itself: access, listing, recruits, papers."""

from django.utils.translation import gettext as _

from partners import queries
from partners.consequences import Consequence, Leaving, Line, provides
from partners.models import Partner
from ssp.core.templatetags.ssp import percent, weekday_day


@provides("access", place=10)
def access(leaving: Leaving) -> list[Consequence]:
    """What is over on the same day: registering, the listing, the channels, the resources."""
    partner = leaving.partner
    facts = {"last_on": leaving.last_on.isoformat()}
    lines = [
        Line(
            what=_("Introducing new people"),
            text=_("You can register people and define use cases until then, not after it.")
            if leaving.theirs
            else _("Nobody is registered and no use case defined for them after it."),
            on=leaving.last_on,
            fact={"what": "registering", **facts},
        ),
        Line(
            what=_("Resources and channels"),
            text=_("The resource library closes, and access to Slack and WhatsApp is withdrawn.")
            if leaving.theirs
            else _("The resource library closes for them, and their access to Slack and WhatsApp ends."),
            on=leaving.last_on,
            fact={"what": "channels", **facts},
        ),
    ]
    if partner.listing_consent:
        lines.append(
            Line(
                what=_("The public directory"),
                text=_("Your name and contact details leave the website.")
                if leaving.theirs
                else _("Their name and contact details leave the website."),
                on=leaving.last_on,
                fact={"what": "listing", **facts},
            )
        )
    return [
        Consequence(
            name="access",
            title=_("What ends at once") if leaving.for_cause else _("What ends with the last day"),
            lines=lines,
        )
    ]


@provides("recruits", place=50)
def recruits(leaving: Leaving) -> list[Consequence]:
    """What becomes of recruits, of open invitations, and of the bonus of whoever recruited this partner."""
    partner, facts = leaving.partner, []
    contract = queries.contract_in_force(partner, leaving.today)
    for recruit in partner.recruits.filter(bonus_slot__isnull=False).order_by("bonus_slot"):
        rate = {"rate": percent(contract.bonus_percent)}
        if leaving.for_cause:
            text = _("No bonus on what their customers pay from now on.")
        elif leaving.theirs:
            text = _("You keep your %(rate)s bonus while their sales pay.") % rate
        else:
            text = _("The %(rate)s bonus goes on while their sales pay.") % rate
        facts.append(
            Line(
                what=recruit.display_name,
                text=text,
                fact={"recruit": recruit.pk, "slot": recruit.bonus_slot or 0},
            )
        )
    facts += [
        Line(
            what=invitation.email,
            text=_("The open invitation is withdrawn; its link stops working."),
            on=leaving.last_on,
            fact={"invitation": invitation.pk},
        )
        for invitation in partner.invitations.live(at=leaving.ends_at)
    ]
    found = []
    if facts:
        found.append(
            Consequence(
                name="recruits",
                title=_("Your recruits") if leaving.theirs else _("Their recruits"),
                stays=not leaving.for_cause,
                lines=facts,
            )
        )
    recruiter = partner.recruiter
    if recruiter is not None and partner.bonus_slot and not leaving.theirs:
        found.append(_recruiter(leaving, recruiter))
    return found


def _recruiter(leaving: Leaving, recruiter: Partner) -> Consequence:
    return Consequence(
        name="recruiter",
        title=_("Whoever recruited them"),
        stays=not leaving.for_cause,
        lines=[
            Line(
                what=recruiter.display_name,
                text=_(
                    "Their bonus lasts while this partner’s sales pay: these pay nothing more from now on."
                )
                if leaving.for_cause
                else _("Their bonus lasts while this partner’s won use cases pay."),
                fact={"recruiter": recruiter.pk, "slot": leaving.partner.bonus_slot or 0},
            )
        ],
    )


@provides("papers", place=60)
def papers(leaving: Leaving) -> list[Consequence]:
    """What stays readable."""
    return [
        Consequence(
            name="papers",
            title=_("What you can still read") if leaving.theirs else _("What they can still read"),
            stays=True,
            lines=[
                Line(
                    what=_("Statements, earnings and contracts"),
                    text=_(
                        "Your account stays open for them. You can apply again later; that is a new contract."
                    )
                    if leaving.theirs
                    else _("The account stays open for them. Coming back later is a new contract."),
                )
            ],
        )
    ]


def headline(leaving: Leaving) -> str:
    """Say in one sentence when it ends."""
    if leaving.for_cause:
        return _("The partnership ends for cause, at the moment it is confirmed.")
    return _("The partnership runs to the end of %(day)s, Amsterdam time.") % {
        "day": weekday_day(leaving.last_on)
    }
