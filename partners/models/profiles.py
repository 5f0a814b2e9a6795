"""What a partner shows to the public (C16): the details, which of them are shown, the address, the photo."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from partners.models.people import Partner
from partners.rules import SHOWABLE

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class ProfileQuerySet(models.QuerySet["Profile"]):
    def listed(self, *, at: datetime) -> Self:
        """Whom the directory shows at that moment: the partnership runs and its partner agreed (C16)."""
        active = Partner.objects.active(at=at).filter(listing_consent=True)
        return self.filter(partner__in=active)

    def with_address(self) -> Self:
        """Each with its present address in the directory, and its partner, in the directory's order."""
        current = ProfileAddress.objects.filter(profile=OuterRef("pk"), is_current=True)
        return (
            self.select_related("partner")
            .annotate(slug=Subquery(current.values("slug")[:1]))
            .order_by("sort_name", "pk")
        )


class Profile(models.Model):
    """A partner's entry in the public directory. Nothing but the name is shown that `shown` doesn't name."""

    partner = models.OneToOneField(Partner, on_delete=models.PROTECT, related_name="profile")
    company = models.CharField(_("firm"), max_length=120, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    headline = models.CharField(_("trade"), max_length=120, blank=True)
    about = models.TextField(_("about you"), max_length=1500, blank=True)
    languages = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    topics = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    website = models.URLField(_("website"), blank=True)
    linkedin = models.URLField("LinkedIn", blank=True)
    email = models.EmailField(_("public e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    shown = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    changed_at = models.DateTimeField()
    # What the two below are made from is shown to everybody anyway; contact details are never searched.
    sort_name = models.CharField(max_length=200, editable=False)
    public_words = models.TextField(editable=False, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("public_words", config="english")
        + SearchVector("public_words", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ProfileQuerySet.as_manager()

    if TYPE_CHECKING:
        addresses: RelatedManager["ProfileAddress"]
        photo: "ProfilePhoto"
        slug: str  # by `with_address`

    class Meta:
        constraints = [
            models.CheckConstraint(  # C16: a name that no page knows would hide nothing
                condition=Q(shown__contained_by=list(SHOWABLE)), name="profile_shows_known_fields"
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="profile_search"),
            models.Index(fields=["sort_name", "id"], name="profile_in_order"),
        ]

    def __str__(self) -> str:
        return str(self.partner)


class ProfileAddress(models.Model):
    """An address in the directory. One belongs to a partner for good: an old link leads to nobody else."""

    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="addresses")
    slug = models.SlugField(max_length=80, unique=True)
    is_current = models.BooleanField(default=True)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["profile"], condition=Q(is_current=True), name="profile_one_current_address"
            )
        ]


class ProfilePhoto(models.Model):
    """The photo, drawn anew from what was uploaded, in two sizes: small enough to live in a row."""

    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, related_name="photo")
    large = models.BinaryField()
    small = models.BinaryField()
    digest = models.CharField(max_length=64, editable=False)
    uploaded_at = models.DateTimeField()
