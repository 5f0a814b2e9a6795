"""The resource library: folders, resources, their versions, previews and counted downloads (C13).

A version, a preview and a download are written once and kept as they are. Who brings an old version back
makes a new one of the same file, so what a partner had on some day can always be told.
"""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners.errors.library import TitleTaken
from partners.filetypes import BY_CONTENT_TYPE, TYPES, FileType, ending_of
from partners.models import triggers
from partners.models.people import Partner
from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

ONE_DOWNLOAD = timedelta(minutes=1)  # what one person fetches again within it is the same download
IS_NEW_FOR = timedelta(days=30)


def where_versions_lie(version: "ResourceVersion", name: str) -> str:
    """Return a storage name that nobody can guess and that holds nothing of the uploader's own name."""
    return f"library/{uuid.uuid4().hex}{ending_of(name)}"


def where_previews_lie(preview: "ResourcePreview", name: str) -> str:
    return f"library/previews/{uuid.uuid4().hex}.webp"


VERSION_FOLLOWS_THE_LAST = triggers.guard(  # no number twice, and none left out
    "version_follows_the_last",
    pgtrigger.Insert,
    triggers.refuse(
        "version_follows_the_last",
        """NEW.number IS DISTINCT FROM (SELECT COALESCE(MAX(number), 0) + 1 FROM partners_resourceversion
           WHERE resource_id = NEW.resource_id)""",
    ),
)

DOWNLOAD_BY_AN_ACTIVE_PARTNER = triggers.guard(
    "download_by_an_active_partner",
    pgtrigger.Insert,
    triggers.refuse(
        "download_by_an_active_partner",
        """NOT EXISTS (SELECT 1 FROM partners_partner WHERE id = NEW.partner_id AND started_at <= NEW.at
                       AND (ended_at IS NULL OR ended_at > NEW.at))""",
    ),
)


class ResourceFolder(models.Model):
    """A heading of the library. Folders lie side by side, in an order of their own."""

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(
        _("position"), default=100, help_text=_("Smaller numbers come first; equal ones by name.")
    )

    class Meta:
        verbose_name = _("resource folder")
        verbose_name_plural = _("resource folders")
        ordering = ("position", "name")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="folder_name_once",
                violation_error_message=_("There is a folder of this name already. Choose another name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ResourceQuerySet(models.QuerySet["Resource"]):
    def listed(self) -> Self:
        """Those that partners see: not archived, with a version."""
        return self.filter(archived_at__isnull=True, latest__gt=0)

    def in_order(self) -> Self:
        """As the library's page shows them: by folder, then by position."""
        return self.select_related("folder").order_by("folder__position", "folder_id", "position", "pk")

    def matching(self, words: str) -> Self:
        """Those in which each word occurs: title, description, folder or file name, whatever its accents."""
        found = self
        for word in words.split():
            named = ResourceVersion.objects.filter(
                resource=models.OuterRef("pk"), file_name__unaccent__icontains=word
            )
            found = found.filter(
                Q(title__unaccent__icontains=word)
                | Q(description__unaccent__icontains=word)
                | Q(folder__name__unaccent__icontains=word)
                | models.Exists(named.filter(number=models.OuterRef("latest")))
            )
        return found

    def after(self, resource: "Resource") -> Self:
        """Those that follow it `in_order`."""
        return self.filter(
            Q(folder__position__gt=resource.folder.position)
            | Q(folder__position=resource.folder.position)
            & (
                Q(folder_id__gt=resource.folder_id)
                | Q(folder_id=resource.folder_id)
                & (Q(position__gt=resource.position) | Q(position=resource.position, pk__gt=resource.pk))
            )
        )


class Resource(models.Model):
    """A logo, a slide deck and so on, in all its versions (C13)."""

    class Kind(models.TextChoices):
        LOGO = "logo", _("Logo")
        SLIDES = "slides", _("Slide deck")
        ONE_PAGER = "one_pager", _("One-pager")
        TEMPLATE = "template", _("Template")
        OTHER = "other", _("Other")

    folder = models.ForeignKey(
        ResourceFolder, on_delete=models.PROTECT, related_name="resources", verbose_name=_("folder")
    )
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description"), blank=True, max_length=1000)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    latest = models.PositiveIntegerField(_("newest version"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"))
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = ResourceQuerySet.as_manager()

    if TYPE_CHECKING:
        versions: RelatedManager["ResourceVersion"]

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints = [
            models.UniqueConstraint(
                Lower("title"),
                "folder",
                condition=Q(archived_at__isnull=True),
                name="resource_title_once_per_folder",
                violation_error_message=TitleTaken.message,
            ),
            models.CheckConstraint(condition=~Q(title=""), name="resource_has_title"),
            models.CheckConstraint(
                condition=Q(kind__in=["logo", "slides", "one_pager", "template", "other"]),
                name="resource_known_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("partners:library_resource", args=[self.pk])


class ResourceVersion(models.Model):
    """One file of a resource, as it was uploaded. Its number counts from 1 without gaps."""

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    changed = models.CharField(max_length=300, blank=True)  # what changed, in the publisher's words
    file = models.FileField(upload_to=where_versions_lie, max_length=120)
    file_name = models.CharField(max_length=120)  # what a download is called; not where it lies
    content_type = models.CharField(max_length=100)  # found by content
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    restored_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    if TYPE_CHECKING:
        preview: "ResourcePreview"
        downloads: RelatedManager["ResourceDownload"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resource", "number"], name="version_number_once"),
            models.CheckConstraint(
                condition=Q(content_type__in=[each.content_type for each in TYPES]),
                name="version_of_a_type_we_take",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="version_is_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="version_has_sha256"),
        ]
        triggers = [VERSION_FOLLOWS_THE_LAST, triggers.append_only("version_append_only")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.number})"

    @property
    def type(self) -> FileType:
        return BY_CONTENT_TYPE[self.content_type]


class ResourcePreview(models.Model):
    """The small picture of a version, or the record that there can be none."""

    version = models.OneToOneField(ResourceVersion, on_delete=models.PROTECT, related_name="preview")
    file = models.FileField(upload_to=where_previews_lie, max_length=120, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(file="") & ~Q(problem="")
                | ~Q(file="") & Q(problem="", width__gt=0, height__gt=0),
                name="preview_or_problem",
            )
        ]
        triggers = [triggers.append_only("preview_append_only")]


class Period(Func):
    """The half-open period between two moments, for the constraint below."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class ResourceDownload(models.Model):
    """One partner fetched one version. Fetching it again before `again_from` is the same download."""

    version = models.ForeignKey(ResourceVersion, on_delete=models.PROTECT, related_name="downloads")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="resource_downloads")
    at = models.DateTimeField()
    again_from = models.DateTimeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="download_counted_once",
                expressions=[
                    ("version", RangeOperators.EQUAL),
                    ("partner", RangeOperators.EQUAL),
                    (Period("at", "again_from"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(again_from__gt=F("at")), name="download_counts_for_a_while"),
        ]
        triggers = [DOWNLOAD_BY_AN_ACTIVE_PARTNER, triggers.append_only("download_append_only")]
