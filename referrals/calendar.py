"""Calendar entries of meetings (RFC 5545): the same UID for life, a sequence that grows, UTC instants."""

from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from referrals.models import Introduction, UseCase


def _address(email: str, name: str, **parameters: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    if name:
        address.params["CN"] = vText(name)
    for key, value in parameters.items():
        address.params[key] = vText(value)
    return address


def entry(
    introduction: Introduction, *, method: str, organizer: str, stamp: datetime, description: str = ""
) -> bytes:
    """Return the .ics of a meeting.

    :param method: REQUEST (new or moved) or CANCEL.  :param stamp: when the entry took this shape.
    """
    referral = introduction.referral
    calendar = Calendar()
    calendar.add("prodid", "-//SeMI//Sales Partnership//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", introduction.calendar_uid)
    event.add("sequence", introduction.calendar_sequence)
    event.add("dtstamp", stamp)
    event.add("dtstart", introduction.starts_at.astimezone(UTC))
    event.add("dtend", introduction.ends_at.astimezone(UTC))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("summary", _("SeMI and %(company)s: introduction") % {"company": referral.company.name})
    event.add("location", introduction.place)
    if description:
        event.add("description", description)
    event["organizer"] = _address(organizer, _("SeMI Sales Partnership"))
    people = [
        (introduction.host.email, introduction.host.full_name),
        (referral.partner.user.email, referral.partner.display_name),
        (referral.email, referral.person_name),
    ]
    for email, name in people:
        if email:
            event.add(
                "attendee",
                _address(
                    email,
                    name,
                    ROLE="REQ-PARTICIPANT",
                    PARTSTAT="NEEDS-ACTION",
                    RSVP="TRUE",
                    CUTYPE="INDIVIDUAL",
                ),
                encode=False,
            )
    calendar.add_component(event)
    return calendar.to_ical()


def last_day_entry(use_case: UseCase, *, last_on: date, stamp: datetime, url: str) -> bytes:
    """Return the .ics of a window's last day, inclusive (C2): a whole day, at which nobody is busy.

    A date has no time zone, so it is the same day wherever the calendar is. An extension moves the
    same entry.

    :param stamp: when the last day became this one.
    """
    assert use_case.referral is not None
    facts = {"company": use_case.referral.company.name, "title": use_case.title}
    calendar = Calendar()
    calendar.add("prodid", "-//SeMI//Sales Partnership//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = Event()
    event.add("uid", f"window-{use_case.pk}@semi-sales-partnership")
    event.add("sequence", 1 if use_case.extended_months else 0)  # once at most
    event.add("dtstamp", stamp)
    event.add("dtstart", last_on)
    event.add("dtend", last_on + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("summary", _("%(company)s: last day to sign “%(title)s”") % facts)
    event.add(
        "description",
        _("What counts is the day the customer signs, not the day somebody records it.") + f"\n\n{url}",
    )
    event.add("url", url)
    calendar.add_component(event)
    return calendar.to_ical()
