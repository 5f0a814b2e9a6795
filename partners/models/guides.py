"""Use-case guides: written by staff as drafts, published as versions that never change (C7)."""

from typing import TYPE_CHECKING, Self

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners.markdown import MAX_SOURCE
from partners.models import triggers
from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

SEARCH_CONFIG = "english"


VERSION_IS_KEPT = pgtrigger.Trigger(  # C7: what was published stays as it was read
    name="guide_version_is_kept",
    when=pgtrigger.Before,
    operation=triggers.DELETE_OR_UPDATE,
    func=triggers.refuse("guide_version_is_kept", "OLD.published_at IS NOT NULL")
    + " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;",
)
CURRENT_IS_PUBLISHED = triggers.guard(  # no draft becomes the page, whoever writes the row
    "guide_current_is_published",
    pgtrigger.Insert | pgtrigger.Update,
    triggers.refuse(
        "guide_current_is_published",
        """NEW.current_id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM partners_guideversion
               WHERE id = NEW.current_id AND guide_id = NEW.id AND published_at IS NOT NULL)""",
    ),
)
ADDRESS_IS_REGISTERED = triggers.guard(  # an address leads to its guide for ever, and to no other one
    "guide_address_is_registered",
    pgtrigger.Insert | pgtrigger.Update,
    triggers.refuse(
        "guide_address_is_registered",
        """NEW.current_id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM partners_guideaddress WHERE slug = NEW.slug AND guide_id = NEW.id)""",
    ),
)


class Topic(models.Model):
    """What a guide is about, or the industry it fits: visitors choose among them."""

    class Kind(models.TextChoices):
        TOPIC = "topic", _("Topic")
        INDUSTRY = "industry", _("Industry")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TOPIC)
    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("address"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("topic or industry")
        verbose_name_plural = _("topics and industries")
        ordering = ["-kind", "name"]

    def __str__(self) -> str:
        return self.name


class GuideQuerySet(models.QuerySet["Guide"]):
    def published(self) -> Self:
        """What everybody may read: never a draft, nothing withdrawn."""
        return self.filter(current__isnull=False, withdrawn_at__isnull=True).select_related("current")

    def in_order(self) -> Self:
        return self.order_by("position", "slug")


class Guide(models.Model):
    """A guide under one address. Everybody reads `current`; what comes next is a draft."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    topics = models.ManyToManyField(Topic, related_name="guides", blank=True, verbose_name=_("topics"))
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    current = models.OneToOneField(
        "GuideVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revision = models.PositiveIntegerField(default=0)  # grows with each change: two people at once notice
    changed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    objects = GuideQuerySet.as_manager()

    if TYPE_CHECKING:
        versions: RelatedManager["GuideVersion"]
        addresses: RelatedManager["GuideAddress"]

    class Meta:
        verbose_name = _("use-case guide")
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_reason=""),
                name="guide_withdrawn_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(current__isnull=False),
                name="guide_withdrawn_was_published",
            ),
        ]
        triggers = [CURRENT_IS_PUBLISHED, ADDRESS_IS_REGISTERED]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return reverse("partners:guide", args=[self.slug])

    @property
    def is_published(self) -> bool:
        return self.current_id is not None and self.withdrawn_at is None


class GuideVersion(models.Model):
    """One text of a guide: a draft until it gets its number with the publication, then unchangeable."""

    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(null=True, blank=True)  # 1, 2, 3 … in the order of publication
    title = models.CharField(_("title"), max_length=120)
    summary = models.CharField(_("summary"), max_length=300)
    source = models.TextField(_("text"))
    words = models.TextField(editable=False)  # the text without its marks: for the search and its excerpts
    what_changed = models.CharField(_("what changed"), max_length=300, blank=True)
    author = models.ForeignKey(  # None: it came with the software
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config=SEARCH_CONFIG)
        + SearchVector("summary", weight="B", config=SEARCH_CONFIG)
        + SearchVector("words", weight="D", config=SEARCH_CONFIG),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["guide", "number"], name="guide_version_numbered_once"),
            models.UniqueConstraint(
                fields=["guide"], condition=Q(published_at__isnull=True), name="guide_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True, published_at__isnull=True)
                | Q(number__gte=1, published_at__isnull=False),
                name="guide_version_numbered_when_published",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | ~Q(what_changed=""),
                name="guide_version_says_what_changed",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("source"), MAX_SOURCE),
                name="guide_version_of_readable_length",
            ),
        ]
        indexes = [GinIndex(fields=["search"], name="guide_version_search")]
        triggers = [VERSION_IS_KEPT]

    def __str__(self) -> str:
        return self.title

    @property
    def text(self) -> tuple[str, str, str]:
        """What readers read: two versions with the same are the same."""
        return (self.title, self.summary, self.source)


class GuideAddress(models.Model):
    """An address that a guide has or had: it leads to that guide for ever."""

    slug = models.SlugField(max_length=80, primary_key=True)
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="addresses")
    taken_at = models.DateTimeField()

    class Meta:
        triggers = [triggers.append_only("guide_address_append_only")]

    def __str__(self) -> str:
        return self.slug
