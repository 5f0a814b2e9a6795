"""Finding use-case guides: by what somebody asks for, and by what somebody is writing (C7)."""

import re
from dataclasses import dataclass

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db.models import ExpressionWrapper, F, FloatField, Func, IntegerField, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from partners.models import Guide, GuideQuerySet
from partners.models.guides import SEARCH_CONFIG

# No text holds these (markdown.plain): PostgreSQL marks hits with them, and we turn them into elements.
OPEN, CLOSE = "\ue000", "\ue001"
MARKED = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")
FITS_FROM = 0.5  # a word of the title, two of the summary, or half a dozen of the text
MOST_WORDS = 60
SHOWN = 3
WORD = re.compile(r"[^\W_]{3,40}")


@dataclass(frozen=True)
class Hit:
    """A guide that was found, with the words around what was asked for."""

    guide: Guide
    snippet: SafeString | str = ""


def published_guides(*, topic: str = "") -> GuideQuerySet:
    """Return what everybody may read, in the writers' order; of one topic or industry, if given."""
    rows = Guide.objects.published().prefetch_related("topics").in_order()
    return rows.filter(topics__slug=topic) if topic else rows


def search_guides(asked: str, *, topic: str = "") -> list[Hit]:
    """Return the published guides that hold what was asked for, the best first.

    :param asked: as people type into a search field: words, "a phrase", or, -without. A hit in the title
        weighs more than one in the summary, and that more than one in the text.
    """
    query = SearchQuery(asked, search_type="websearch", config=SEARCH_CONFIG)
    rows = (
        published_guides(topic=topic)
        .filter(current__search=query)
        .annotate(
            rank=SearchRank(F("current__search"), query),
            headline=SearchHeadline(
                "current__words",
                query,
                config=SEARCH_CONFIG,
                start_sel=OPEN,
                stop_sel=CLOSE,
                max_words=26,
                min_words=12,
                max_fragments=2,
                fragment_delimiter=" … ",
            ),
        )
        .order_by("-rank", "position", "slug")
    )
    return [Hit(guide, _marked(guide.headline)) for guide in rows[:50]]


def _marked(headline: str) -> SafeString | str:
    """Return the excerpt with its hits in <mark>; everything else is escaped. Nothing if nothing was hit."""
    parts = MARKED.split(headline)
    if len(parts) == 1:
        return ""
    return format_html_join(
        "",
        "{}",
        ((format_html("<mark>{}</mark>", part) if at % 2 else part,) for at, part in enumerate(parts)),
    )


class _Words(Func):
    """How many words an OR query asks for: its tree has one node more for each but the first."""

    function = "numnode"
    template = "((%(function)s(%(expressions)s) + 1) / 2)"
    output_field = IntegerField()


def fitting_guides(*written: str) -> list[Guide]:
    """Return up to three published guides that fit what somebody is writing; none if none does.

    Any word counts. PostgreSQL divides the rank by the number of words asked for; here a long text must not
    fit worse than a short one, so that is undone before the rank is measured.
    """
    words = list(dict.fromkeys(WORD.findall(" ".join(written).lower())))[:MOST_WORDS]
    if not words:
        return []
    query = SearchQuery(" or ".join(words), search_type="websearch", config=SEARCH_CONFIG)
    rows = (
        Guide.objects.published()
        .filter(current__search=query)
        .annotate(
            fit=ExpressionWrapper(
                SearchRank(F("current__search"), query) * _Words(query), output_field=FloatField()
            )
        )
        .filter(fit__gte=FITS_FROM)
        .order_by("-fit", "position", "slug")
    )
    return list(rows[:SHOWN])


def newest_guides() -> QuerySet[Guide]:
    """Return the three published guides that changed last."""
    return Guide.objects.published().order_by("-current__published_at", "position", "slug")[:SHOWN]
