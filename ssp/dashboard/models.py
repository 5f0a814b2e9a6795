"""What the desk keeps for its people: their views of the table, and files prepared for them."""

import secrets
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ssp.core.models import User

KEPT = timedelta(days=1)  # a file, and the note that something was exported


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def open_to(self, user: User) -> Self:
        """One's own, and what colleagues share."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedView(models.Model):
    """Filters, columns and order of the table, under a name."""

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="saved_views")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=2000, blank=True)  # what the address says, but words of a search
    is_shared = models.BooleanField(_("shared with the team"), default=False)
    saved_at = models.DateTimeField()

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(F("owner"), Lower("name"), name="saved_view_name_once_per_person"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_name"),
        ]
        indexes = [models.Index(fields=["name"], condition=Q(is_shared=True), name="saved_view_shared")]

    def __str__(self) -> str:
        return self.name


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"


class TableExportQuerySet(models.QuerySet["TableExport"]):
    def over(self, *, at: datetime) -> Self:
        """Whose day is over."""
        return self.filter(expires_at__lte=at)

    def to_fetch(self, user: User, *, at: datetime) -> Self:
        """Files that are being prepared for somebody, or lie ready for them."""
        return self.filter(requested_by=user, is_prepared=True, expires_at__gt=at)


def where_exports_lie(export: "TableExport", name: str) -> str:
    """Return a storage name that nobody can guess, the same at every try, so that none is left behind."""
    return f"exports/{export.secret}.{export.format}"


def new_secret() -> str:
    return secrets.token_hex(16)


class TableExport(models.Model):
    """One export of the table: sent at once, or prepared as a file that lies ready for a day."""

    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    format = models.CharField(max_length=4, choices=ExportFormat)
    is_prepared = models.BooleanField(default=False)
    query = models.CharField(max_length=2000, blank=True)  # may hold a name: empty as soon as it isn't needed
    on = models.DateField()  # the day on which it was asked for: what "this quarter" means
    rows = models.PositiveIntegerField()  # how many matched; once finished, how many it has
    secret = models.CharField(max_length=32, default=new_secret, unique=True, editable=False)
    file = models.FileField(upload_to=where_exports_lie, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()

    objects = TableExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(format__in=ExportFormat.values), name="table_export_known_format"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(query=""),
                name="table_export_forgets_what_was_asked",
            ),
            models.CheckConstraint(
                condition=Q(is_prepared=True, finished_at__isnull=False) & ~Q(file="")
                | (Q(is_prepared=False) | Q(finished_at__isnull=True)) & Q(file=""),
                name="table_export_has_its_file_once_finished",
            ),
            models.UniqueConstraint(  # pressed twice is asked once
                fields=["requested_by", "format", "query"],
                condition=Q(is_prepared=True, finished_at__isnull=True),
                name="table_export_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("requested_at") + KEPT), name="table_export_a_day_at_most"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="table_export_by_end")]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def file_name(self) -> str:
        return f"introductions-{self.on.isoformat()}.{self.format}"
