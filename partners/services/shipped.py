"""The guides that come with the software: there from the first day, and the staff's own from then on (C7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from partners.models import Guide, Topic
from partners.services.guides import GuideText, publish_guide, save_draft, start_guide

FOLDER = Path(__file__).resolve().parents[1] / "guides"
UPDATED = "Brought up to date"


class ShippedGuideUnreadable(ValueError):
    """A file that isn't `---`, lines of `name: value`, `---`, and then the text."""


@dataclass(frozen=True)
class ShippedGuide:
    """A file of `partners/guides/`: its name is the address."""

    slug: str
    text: GuideText
    topics: tuple[str, ...]
    industries: tuple[str, ...]
    position: int
    changed: str


def read_guide(path: Path) -> ShippedGuide:
    """Return what a file says.

    :raises ShippedGuideUnreadable: not in the form of the others.
    """
    begin, _first, rest = path.read_text(encoding="utf-8").partition("---\n")
    head, closed, source = rest.partition("\n---\n")
    lines = (line.partition(":") for line in head.splitlines())
    said = {name.strip(): value.strip() for name, _colon, value in lines}
    if begin or not closed or not {"title", "summary"} <= set(said):
        raise ShippedGuideUnreadable(path.name)

    def several(name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in said.get(name, "").split(",") if part.strip())

    return ShippedGuide(
        slug=path.stem,
        text=GuideText(said["title"], said["summary"], source),
        topics=several("topics"),
        industries=several("industries"),
        position=int(said.get("position", "100")),
        changed=said.get("changed", UPDATED),
    )


def load_guides(*, at: datetime, folder: Path = FOLDER) -> Iterator[tuple[str, str]]:
    """Publish the guides that aren't there yet; bring up to date those that nobody here ever touched.

    Running it again changes nothing. What staff wrote, drafted or withdrew is theirs.

    :returns: for each file its address and what was done: "new", "updated", "unchanged", "kept".
    """
    for path in sorted(folder.glob("*.md")):
        shipped = read_guide(path)
        yield shipped.slug, _load(shipped, at=at)


@transaction.atomic
def _load(shipped: ShippedGuide, *, at: datetime) -> str:
    guide = Guide.objects.select_for_update(of=("self",)).filter(addresses__slug=shipped.slug).first()
    if guide is None:
        guide = start_guide(
            slug=shipped.slug,
            text=shipped.text,
            topics=_topics(shipped),
            position=shipped.position,
            by=None,
            at=at,
        )
        publish_guide(guide=guide, what_changed="", revision=guide.revision, by=None, at=at)
        return "new"
    if guide.withdrawn_at is not None or guide.versions.filter(author__isnull=False).exists():
        return "kept"
    assert guide.current is not None
    fields = shipped.text.fields
    if guide.current.text == (fields["title"], fields["summary"], fields["source"]):
        return "unchanged"
    save_draft(guide=guide, text=shipped.text, revision=guide.revision, by=None, at=at)
    guide.refresh_from_db()
    publish_guide(guide=guide, what_changed=shipped.changed, revision=guide.revision, by=None, at=at)
    return "updated"


def _topics(shipped: ShippedGuide) -> list[Topic]:
    kinds = [(name, Topic.Kind.TOPIC) for name in shipped.topics]
    kinds += [(name, Topic.Kind.INDUSTRY) for name in shipped.industries]
    return [_topic(name, kind) for name, kind in kinds]


def _topic(name: str, kind: Topic.Kind) -> Topic:
    known = Topic.objects.filter(Q(name=name) | Q(slug=slugify(name))).first()
    return known or Topic.objects.create(name=name, slug=slugify(name), kind=kind)
