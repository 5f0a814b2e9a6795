"""The words of the mails about the end of a partnership: what happened, what it means, what one can do."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from partners.consequences import Consequence
from partners.models import Ending, EndingSide, Partner
from ssp.core.templatetags.ssp import day, weekday_day


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail; the HTML and the text part say the same."""

    subject: str
    paragraphs: Sequence[str]
    why: str
    reason: str = ""
    consequences: Sequence[Consequence] = ()
    url: str = ""
    action: str = ""


def _as_partner() -> str:
    return _("You get this because you are, or were, a sales partner of SeMI.")


def _as_director() -> str:
    return _("You get this because you are a director of SeMI.")


def _names(ending: Ending) -> dict[str, str]:
    return {
        "name": ending.partner.display_name,
        "number": ending.contract.number,
        "day": weekday_day(ending.last_on),
        "short": day(ending.last_on),
    }


def notice_to_partner(ending: Ending, consequences: Sequence[Consequence], *, url: str) -> Letter:
    facts = _names(ending)
    first = (
        _("We confirm that you gave notice of the partnership under contract %(number)s.")
        if ending.side == EndingSide.PARTNER
        else _("SeMI gives notice of the partnership under contract %(number)s.")
    )
    back = (
        _("You can take your notice back until then, on the page of your partnership.")
        if ending.side == EndingSide.PARTNER
        else _("If you think that this is a mistake, answer this e-mail before that day.")
    )
    return Letter(
        subject=_("Your partnership ends with %(short)s") % facts,
        paragraphs=[
            first % facts,
            _("The last day is %(day)s, to its end, Amsterdam time.") % facts,
            back,
        ],
        reason=ending.reason,
        consequences=consequences,
        url=url,
        action=_("Look at your partnership"),
        why=_as_partner(),
    )


def notice_to_director(ending: Ending, consequences: Sequence[Consequence], *, url: str) -> Letter:
    facts = {**_names(ending), "by": ending.given_by.full_name}
    first = (
        _("%(name)s gave notice of contract %(number)s.")
        if ending.side == EndingSide.PARTNER
        else _("%(by)s gave notice to %(name)s, contract %(number)s, for SeMI.")
    )
    return Letter(
        subject=_("%(name)s: the partnership ends with %(short)s") % facts,
        paragraphs=[first % facts, _("The last day is %(day)s.") % facts],
        reason=ending.reason,
        consequences=consequences,
        url=url,
        action=_("Look at the ending"),
        why=_as_director(),
    )


def taken_back(ending: Ending, *, to_partner: bool, url: str) -> Letter:
    facts = _names(ending)
    theirs = ending.side == EndingSide.PARTNER
    if to_partner:
        first = _("You took your notice back.") if theirs else _("SeMI took its notice back.")
        goes_on = (
            _("Your partnership under contract %(number)s goes on as if no notice had been given.") % facts
        )
        return Letter(
            subject=_("Your partnership goes on"),
            paragraphs=[first, goes_on],
            url=url,
            action=_("Look at your partnership"),
            why=_as_partner(),
        )
    first = (
        _("%(name)s took their notice back.") if theirs else _("SeMI’s notice to %(name)s was taken back.")
    )
    return Letter(
        subject=_("%(name)s: the partnership goes on") % facts,
        paragraphs=[first % facts, _("The partnership under contract %(number)s goes on.") % facts],
        url=url,
        action=_("Look at the notice"),
        why=_as_director(),
    )


def to_confirm(ending: Ending, *, url: str) -> Letter:
    facts = {"name": ending.partner.display_name, "by": ending.given_by.full_name}
    return Letter(
        subject=_("%(name)s: confirm or drop an end for cause") % facts,
        paragraphs=[
            _("%(by)s proposes to end the partnership of %(name)s for cause.") % facts,
            _(
                "It takes a second director. If you confirm, it ends at that moment; "
                "if nobody does, the partnership goes on. The partner wasn’t told."
            ),
        ],
        reason=ending.reason,
        url=url,
        action=_("Read it and decide"),
        why=_as_director(),
    )


def over_to_partner(ending: Ending, consequences: Sequence[Consequence], *, url: str) -> Letter:
    facts = _names(ending)
    if ending.kind == Partner.EndKind.CAUSE:
        first = _(
            "SeMI ended the partnership under contract %(number)s for cause on %(day)s. "
            "Two directors decided it."
        )
        second = _("What was earned until then stays yours and is paid; nothing new is earned.")
    else:
        first = _("Your partnership under contract %(number)s ended with %(day)s.")
        second = _("What was earned stays yours. What follows runs on as the programme says.")
    return Letter(
        subject=_("Your partnership ended on %(short)s") % facts,
        paragraphs=[
            first % facts,
            second,
            _("Your account stays open: earnings, statements and contracts are there to read."),
        ],
        reason=ending.reason,
        consequences=[each for each in consequences if each.stays or ending.kind == Partner.EndKind.CAUSE],
        url=url,
        action=_("See what still runs"),
        why=_as_partner(),
    )


def over_to_director(ending: Ending, consequences: Sequence[Consequence], *, url: str) -> Letter:
    facts = _names(ending)
    first = (
        _("The partnership of %(name)s, contract %(number)s, was ended for cause on %(day)s.")
        if ending.kind == Partner.EndKind.CAUSE
        else _("The partnership of %(name)s, contract %(number)s, ended with %(day)s.")
    )
    return Letter(
        subject=_("%(name)s: the partnership ended on %(short)s") % facts,
        paragraphs=[first % facts],
        reason=ending.reason,
        consequences=[each for each in consequences if each.stays],
        url=url,
        action=_("Look at the ending"),
        why=_as_director(),
    )
