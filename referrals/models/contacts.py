"""Whom SeMI already knew, and the files that said so (C10)."""

from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class ContactImport(models.Model):
    """One file of known contacts, and what became of its rows."""

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    imported_at = models.DateTimeField()
    rows_new = models.PositiveIntegerField(default=0)
    rows_known = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=list)  # row numbers and reasons, no personal field

    if TYPE_CHECKING:
        contacts: RelatedManager["KnownContact"]


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
        indexes = [
            GinIndex(fields=["name_key"], opclasses=["gin_trgm_ops"], name="known_contact_by_name_like"),
            models.Index(fields=["company_key"], name="known_contact_by_company"),
            models.Index(fields=["domain"], name="known_contact_by_domain"),
        ]
