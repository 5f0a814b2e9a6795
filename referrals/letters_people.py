"""The words of mails about people's data, and about what protects it."""

from django.urls import reverse
from django.utils.translation import gettext as _

from referrals.letters import Letter, letter, objection_link, to_partner, to_sales
from referrals.models import ProbingAlert, Referral, UseCase
from ssp.core.links import absolute
from ssp.core.templatetags.ssp import day


@letter("referrals.probing")
def probing_noticed(alert: ProbingAlert) -> Letter:
    facts = {"partner": alert.partner.display_name, "pattern": alert.get_pattern_display(), "n": alert.count}
    return Letter(
        subject=_("Look at the refusals of %(partner)s") % facts,
        paragraphs=[
            _("%(pattern)s: %(n)s times, of %(partner)s.") % facts,
            _("It may be an honest list. The partner sees nothing of this; talk to them, then note it."),
        ],
        url=absolute("/desk/probing/"),
        action=_("Look at it"),
        after=[_("If you don't, it stays on the list of every sales lead.")],
        why=to_sales(),
    )


@letter("referrals.privacy_notice")
def moved_in_notice(referral: Referral) -> Letter:
    """Tell somebody who met us before this software was there: what is kept, from whom, and how to object."""
    facts = {
        "partner": referral.partner.display_name,
        "name": referral.first_name,
        "day": day(referral.registered_on),
    }
    return Letter(
        subject=_("What SeMI keeps about you since %(partner)s introduced us") % facts,
        paragraphs=[
            _("Hello %(name)s,") % facts,
            _(
                "On %(day)s %(partner)s passed your name, work e-mail, role and company on to us, so that we "
                "could meet. We have met since. We keep these details, and when we met, for this alone."
            )
            % facts,
            _(
                "We should have told you in writing earlier, and do so now that our records have moved. If "
                "nothing comes of it, we remove your details 12 months after the last contact; if you "
                "object, at once."
            ),
        ],
        links=[(_("Object: end contact and remove my details"), objection_link(referral))],
        after=[_("You need not do anything else.")],
        why=_("You get this because the law and our own rules say you must know who passed on your details."),
    )


@letter("referrals.moved_in")
def moved_in(cases: list[UseCase]) -> Letter:
    """Tell a partner what of theirs moved in, each with the day that counts."""
    lines = [
        _("%(person)s, %(company)s, “%(title)s”: last day to sign %(last)s.")
        % {**_named(case), "last": day(case.window_ends_on)}
        if case.window_ends_on
        else _("%(person)s, %(company)s, “%(title)s”: no introduction yet.") % _named(case)
        for case in cases
    ]
    return Letter(
        subject=_("Your running introductions are here now"),
        paragraphs=[
            _("A sales lead has moved in what ran before this software was there."),
            *lines[:LISTED],
            *([_("And more: the list has them all.")] if len(lines) > LISTED else []),
        ],
        url=absolute(reverse("referrals:list")),
        action=_("See your referrals"),
        after=[_("Is a day wrong, or is somebody missing? Answer this mail.")],
        why=to_partner(),
    )


LISTED = 20


def _named(case: UseCase) -> dict[str, str]:
    person = case.referral
    return {
        "person": person.person_name if person else "",
        "company": person.company.name if person else "",
        "title": case.title,
    }
