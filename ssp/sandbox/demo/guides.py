"""The use-case guides of the demo: those that ship, one in its second version, one with a draft (C7)."""

from partners.models import Guide
from partners.services.guides import GuideText, publish_guide, save_draft
from partners.services.shipped import load_guides
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar


def write_guides(when: Calendar, *, by: User, draft_by: User) -> None:
    """Publish what ships, then let staff go on with it."""
    list(load_guides(at=when.at(1, 6, 9)))
    manuals = Guide.objects.get(slug="service-manuals")
    _change(
        manuals,
        "## Questions to ask the person",
        "## Questions to ask the person\n\nAsk at the machine, if you can: people remember more there.",
        by=by,
        when=when,
    )
    manuals.refresh_from_db()
    publish_guide(
        guide=manuals,
        what_changed="Ask at the machine: people remember more there",
        revision=manuals.revision,
        by=by,
        at=when.at(9, 11, 15),
    )
    _change(
        Guide.objects.get(slug="support-answers"),
        "1. What share of this week’s tickets had been answered before?",
        "1. What share of this week’s tickets had been answered before? A guess is fine; then count twenty.",
        by=draft_by,
        when=when,
    )


def _change(guide: Guide, old: str, new: str, *, by: User, when: Calendar) -> None:
    assert guide.current is not None
    assert old in guide.current.source
    text = GuideText(guide.current.title, guide.current.summary, guide.current.source.replace(old, new))
    save_draft(guide=guide, text=text, revision=guide.revision, by=by, at=when.at(9, 11, 14))
