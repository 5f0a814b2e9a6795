"""Tags and filters of every page: money, dates, deadlines, icons, addresses (docs/frontend.md)."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ssp.core import reader
from ssp.core.icons import ICONS
from ssp.core.money import MINUS, format_money
from ssp.core.periods import AMSTERDAM, local_date
from ssp.core.roles import Role

register = template.Library()

DAY = "j M Y"
WEEKDAY_DAY = "D j M Y"
SOON, LAST = 30, 3
WINDOW_MARKS = (60, 30, 14, 3)  # the days before the end on which reminders go out (C2)


def _date(value: date | datetime) -> date:
    return local_date(value) if isinstance(value, datetime) else value


# --- money and rates --------------------------------------------------------
@register.simple_tag(name="money")
def money_tag(amount: Decimal | None, currency: str = "EUR", code: bool = False) -> str:
    """Write an amount; with `code`, as lists of mixed currencies need it."""
    return "" if amount is None else format_money(Decimal(amount), currency, code=code)


@register.filter(name="money")
def money_filter(amount: Decimal | None, currency: str = "EUR") -> str:
    """Write an amount: `€1,234.00`."""
    return money_tag(amount, currency)


@register.filter
def percent(rate: Decimal | int | None) -> str:
    """Write a rate of the contract without needless zeros: `10%`, `12.5%`."""
    if rate is None:
        return ""
    number = f"{abs(Decimal(rate)):f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{MINUS if Decimal(rate) < 0 else ''}{number}%"


# --- dates and times --------------------------------------------------------
@register.filter
def day(value: date | datetime | None) -> str:
    """Write a date: `9 Dec 2026`."""
    return format_date(_date(value), DAY) if value else ""


@register.filter
def weekday_day(value: date | datetime | None) -> str:
    """Write a date on which somebody must act: `Wed 9 Dec 2026`."""
    return format_date(_date(value), WEEKDAY_DAY) if value else ""


@register.simple_tag
def date_tag(value: date | datetime | None, weekday: bool = False) -> SafeString | str:
    """Write a date inside `<time>`."""
    if not value:
        return ""
    text = weekday_day(value) if weekday else day(value)
    return format_html('<time datetime="{}">{}</time>', _date(value).isoformat(), text)


@register.filter
def clock_time(value: datetime | None) -> str:
    """Write an instant's Amsterdam wall-clock time: `15:00`."""
    return format_date(value.astimezone(AMSTERDAM), "H:i") if value else ""


def _from_to(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    start, end = (format_date(at.astimezone(zone), "H:i") for at in (starts_at, ends_at))
    return _("%(start)s to %(end)s") % {"start": start, "end": end}


@register.simple_tag
def time_range(starts_at: datetime, ends_at: datetime, named: bool = False) -> str:
    """Write when something lasts: `15:00 to 15:45`, in Amsterdam time.

    For a reader whose clock differs: `15:00 to 15:45 (Amsterdam time; 09:00 to 09:45 in New York)`, with the
    day where that is another one. `named` says Amsterdam in any case.
    """
    times = _from_to(starts_at, ends_at, AMSTERDAM)
    if not reader.differs(starts_at):
        return _("%(times)s (Amsterdam time)") % {"times": times} if named else times
    zone = reader.zone_of_reader()
    theirs, there = _from_to(starts_at, ends_at, zone), starts_at.astimezone(zone)
    if there.date() != local_date(starts_at):
        theirs = f"{format_date(there, WEEKDAY_DAY)}, {theirs}"
    return _("%(times)s (Amsterdam time; %(theirs)s in %(place)s)") % {
        "times": times,
        "theirs": theirs,
        "place": reader.place_of(zone),
    }


@register.filter
def days_left(last_day: date | datetime | None, today: date) -> str:
    """Say how far an inclusive last day is: `16 days left`, `last day today`, `ended 3 days ago`."""
    if not last_day:
        return ""
    days = (_date(last_day) - today).days
    if days == 0:
        return _("last day today")
    if days < 0:
        return ngettext("ended %(days)s day ago", "ended %(days)s days ago", -days) % {"days": -days}
    return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}


@register.filter
def in_days(on: date | datetime | None, today: date) -> str:
    """Say how far a day is: `in 3 days`, `today`, `3 days ago`."""
    if not on:
        return ""
    days = (_date(on) - today).days
    if days == 0:
        return _("today")
    if days < 0:
        return ngettext("%(days)s day ago", "%(days)s days ago", -days) % {"days": -days}
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}


@register.filter
def urgency(last_day: date | datetime | None, today: date) -> str:
    """Return `calm`, `soon` (30 days or fewer) or `last` (3 or fewer, or over)."""
    if not last_day:
        return ""
    days = (_date(last_day) - today).days
    if days <= LAST:
        return "last"
    return "soon" if days <= SOON else "calm"


# --- deadlines --------------------------------------------------------------
@register.inclusion_tag("components/meter.html")
def deadline_meter(
    starts_on: date, ends_on: date, today: date, label: str, marks: bool = True
) -> dict[str, object]:
    """Draw a period as an SVG whose unit is one day; gaps mark the reminders of C2."""
    total = max((ends_on - starts_on).days, 1)
    gone = min(max((today - starts_on).days, 0), total)
    return {
        "label": label,
        "total": total,
        "gone": gone,
        "marks": [total - days for days in WINDOW_MARKS if days < total] if marks else [],
        "urgency": urgency(ends_on, today),
        "text": _("%(left)s, last day %(day)s") % {"left": days_left(ends_on, today), "day": day(ends_on)},
    }


@register.inclusion_tag("components/deadline.html")
def deadline(
    starts_on: date, ends_on: date, today: date, caption: str, name: str = "", marks: bool = True
) -> dict[str, object]:
    """Write a deadline whole: caption with its last day, the meter, how many days are left."""
    return {
        "starts_on": starts_on,
        "ends_on": ends_on,
        "today": today,
        "caption": caption,
        "label": f"{caption}: {name}" if name else caption,
        "marks": marks,
    }


# --- icons, addresses, roles ------------------------------------------------
@register.simple_tag
def icon(name: str, **attributes: str) -> SafeString:
    """Draw an icon beside a word. `class` sets its size (`size-4` unless told)."""
    return format_html(
        '<svg class="{} shrink-0" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        attributes.get("class", "size-4"),
        mark_safe(ICONS[name]),  # noqa: S308 - our own constant
    )


@register.simple_tag
def nav_url(name: str, *args: object) -> str:
    """Return the path of a URL name, or nothing when it doesn't exist."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.inclusion_tag("components/nav_link.html", takes_context=True)
def nav_link(context: Context, name: str, label: str, match: str = "", **options: str) -> dict[str, object]:
    """Link to a section, marked as current when the page's URL name fits one of `match` (globs).

    A page may say `nav="<name>"` in its context instead. Nothing is written while `name` doesn't exist.
    """
    chosen = context.get("nav")
    resolved = getattr(context.get("request"), "resolver_match", None)
    view_name = resolved.view_name if resolved else ""
    fits = any(fnmatchcase(view_name, pattern) for pattern in (name, *match.split()))
    return {
        "url": nav_url(name),
        "label": label,
        "icon": options.get("icon", ""),
        "icon_class": options.get("icon_class") or "size-[1.125rem]",
        "item": options.get("item", ""),
        "current": chosen == name if chosen else fits,
    }


@register.simple_tag(takes_context=True)
def has_role(context: Context, *roles: str) -> bool:
    """Tell whether the signed-in person has one of `roles`."""
    user = context.get("user")
    return bool(user and user.is_authenticated and user.has_any_role(*(Role(role) for role in roles)))


# --- forms ------------------------------------------------------------------
@register.filter
def input_id(field: BoundField) -> str:
    """Return the id of the first control of a field: where an error summary leads."""
    return field.id_for_label or (f"{field.auto_id}_0" if field.auto_id else "")


@register.filter
def named(field: BoundField) -> str:
    """Return the label as the beginning of a line about the field: `Work e-mail:`, `How did you meet?`."""
    label = str(field.label)
    return label if label[-1:] in "?!.:" else f"{label}:"


@register.filter
def get(mapping: Mapping[Any, Any], key: object) -> object:
    """Look `key` up; nothing when it isn't there."""
    return mapping.get(key, "")


@register.filter
def tidy(text: str) -> str:
    """Leave at most one empty line between paragraphs: a mail's unused blocks must not show."""
    return re.sub(r"\n\s*\n\s*\n+", "\n\n", text.strip()) + "\n"


@register.filter
def initials(name: str) -> str:
    """Return a monogram: `SW` for Sofie de Wit."""
    words = [word for word in str(name).split() if word[:1].isupper()] or str(name).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter(is_safe=True)
def heads_named(table: str) -> str:
    """Give the empty heads of Django's tabular inline a word, or make them plain cells; keys scroll it."""
    word = format_html('<span class="visually-hidden">{}</span>', _("Row"))
    named = table.replace('<th class="original"></th>', f'<th class="original">{word}</th>')
    named = named.replace('<div class="wrapper">', '<div class="wrapper" tabindex="0">')
    return re.sub(r"<th>\s*</th>", "<td></td>", named)
