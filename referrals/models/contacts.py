"""Whom SeMI already knew, and the files that said so (C10)."""

from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class ContactImport(models.Model):
    """One file of known contacts, from its preview to what became of its rows, and whether it was undone."""

    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(default=b"", db_default=b"", editable=False)  # the rows, until they are in
    mapping = models.JSONField(default=dict, db_default={})  # {column of ours: folded heading}
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(null=True)  # nothing: imported before files were previewed
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    imported_at = models.DateTimeField(_("imported at"), null=True)  # nothing: a preview
    finished_at = models.DateTimeField(_("finished at"), null=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(_("undone at"), null=True)
    rows_total = models.PositiveIntegerField(default=0, db_default=0)  # people to go through
    rows_done = models.PositiveIntegerField(default=0, db_default=0)
    rows_new = models.PositiveIntegerField(_("new"), default=0)
    rows_known = models.PositiveIntegerField(_("known already"), default=0)
    rows_refused = models.PositiveIntegerField(_("refused"), default=0)
    rows_undone = models.PositiveIntegerField(_("removed again"), default=0, db_default=0)
    report = models.JSONField(default=list)  # row numbers and reasons, no personal field

    if TYPE_CHECKING:
        contacts: RelatedManager["KnownContact"]

    class Meta:
        verbose_name = _("import of known contacts")
        verbose_name_plural = _("imports of known contacts")
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(imported_at__isnull=False),
                name="contact_import_finished_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(finished_at__isnull=False),
                name="contact_import_undone_after_it_finished",
            ),
            models.CheckConstraint(
                condition=Q(rows_done__lte=models.F("rows_total")), name="contact_import_done_within_total"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def state(self) -> str:
        """Whether it is a preview, on its way in, in, or undone."""
        if self.undone_at:
            return "undone"
        if self.finished_at:
            return "imported"
        return "importing" if self.imported_at else "preview"


class KnownContact(models.Model):
    """A person SeMI already knew (C10)."""

    identity = models.CharField(max_length=64, unique=True)  # ssp.core.identity
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    email = models.EmailField()
    company_name = models.CharField(max_length=300, blank=True)
    company_key = models.CharField(max_length=300, blank=True)  # rules.company_key: compared, never shown
    name_key = models.CharField(max_length=400, blank=True)  # names.key: searched by its trigrams
    domain = models.CharField(max_length=200, blank=True)  # of the company; nothing at free mail providers
    known_since = models.DateTimeField()
    imported_in = models.ForeignKey(
        ContactImport, on_delete=models.PROTECT, null=True, related_name="contacts"
    )

    class Meta:
        verbose_name = _("known contact")
        verbose_name_plural = _("known contacts")
        indexes = [
            GinIndex(fields=["name_key"], opclasses=["gin_trgm_ops"], name="known_contact_by_name_like"),
            models.Index(fields=["company_key"], name="known_contact_by_company"),
            models.Index(fields=["domain"], name="known_contact_by_domain"),
        ]

    def __str__(self) -> str:
        return str(_("Known contact %s") % self.pk)


class ContactSighting(models.Model):
    """A later import that had the person too: they stay known when the one that brought them is undone."""

    # The database refuses to delete a contact that another import confirms; services clear these first.
    contact = models.ForeignKey(KnownContact, on_delete=models.DO_NOTHING, related_name="sightings")
    contact_import = models.ForeignKey(ContactImport, on_delete=models.PROTECT, related_name="sightings")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "contact_import"], name="contact_sighting_once_per_import"
            )
        ]
