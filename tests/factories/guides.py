"""Use-case guides, made through the services that make them."""

from datetime import datetime

from partners.models import Guide, GuideVersion, Topic
from partners.services.guides import GuideText, publish_guide, save_draft, start_guide
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.moments import MONDAY

_counter = iter(range(1, 10**9))


def writer(name: str = "Priya Nair", role: Role = Role.SALES) -> User:
    return UserFactory(full_name=name, roles=[role])


def a_draft(
    slug: str = "",
    *,
    title: str = "Product search",
    summary: str = "Shoppers find what they mean.",
    source: str = "## When it fits\n\nVisitors type whole phrases.",
    topics: list[Topic] | None = None,
    position: int = 100,
    by: User | None = None,
    at: datetime = MONDAY,
) -> Guide:
    """A guide that only writers see."""
    return start_guide(
        slug=slug or f"guide-{next(_counter)}",
        text=GuideText(title, summary, source),
        topics=topics or [],
        position=position,
        by=by or writer(),
        at=at,
    )


def a_guide(slug: str = "", **said: object) -> Guide:
    """A guide that everybody reads, in its first version."""
    guide = a_draft(slug, **said)  # type: ignore[arg-type]
    published(guide, at=said.get("at", MONDAY))  # type: ignore[arg-type]
    return guide


def published(
    guide: Guide, *, what_changed: str = "", by: User | None = None, at: datetime = MONDAY
) -> GuideVersion:
    """Publish the draft as it is."""
    guide.refresh_from_db()
    version = publish_guide(
        guide=guide, what_changed=what_changed, revision=guide.revision, by=by or writer(), at=at
    )
    guide.refresh_from_db()
    return version


def drafted(guide: Guide, source: str, *, by: User | None = None, at: datetime = MONDAY) -> GuideVersion:
    """Keep another text as the guide's draft."""
    guide.refresh_from_db()
    shown = guide.versions.order_by("-pk").first()
    assert shown is not None
    draft = save_draft(
        guide=guide,
        text=GuideText(shown.title, shown.summary, source),
        revision=guide.revision,
        by=by or writer(),
        at=at,
    )
    guide.refresh_from_db()
    return draft


def changed(
    guide: Guide, source: str, what_changed: str = "Clearer", *, at: datetime = MONDAY
) -> GuideVersion:
    """Publish another text as the next version."""
    drafted(guide, source, at=at)
    return published(guide, what_changed=what_changed, at=at)
