"""Applications, partners, and whom they invite (C6, C20-C22)."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin, transition

from partners.models import ending_triggers, triggers
from partners.models.terms import ProgramTerms
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.core.states import StatusField

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from partners.models.contracts import Contract
    from partners.models.endings import EndingQuerySet


class PartnerQuerySet(models.QuerySet["Partner"]):
    def active(self, *, at: datetime) -> Self:
        """Partnership started and not ended at that moment (C6), nor between two partnerships then."""
        away = Q(endings__withdrawn_at__isnull=True, endings__ends_at__lte=at, endings__rejoined_at__gt=at)
        return (
            self.filter(started_at__lte=at)
            .filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at))
            .exclude(pk__in=Partner.objects.filter(away).values("pk"))
        )


class Partner(models.Model):
    """Somebody who introduces people to SeMI. The row exists from the submitted application; the partnership
    starts when the contract is signed (C6)."""

    class EndKind(models.TextChoices):
        NOTICE = "notice", _("by notice")
        CAUSE = "cause", _("for cause")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="partner")
    display_name = models.CharField(_("public name"), max_length=200)
    legal_name = models.CharField(_("legal name"), max_length=200)
    country = models.CharField(_("country"), max_length=2)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    listing_consent = models.BooleanField(_("may be listed publicly"), default=False)
    identity = models.CharField(max_length=64, unique=True, editable=False)  # C22: keyed hash of the address
    recruiter = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="recruits"
    )
    bonus_slot = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_kind = models.CharField(max_length=10, choices=EndKind, blank=True)
    rejoined_at = models.DateTimeField(null=True, blank=True)  # the present partnership, if not the first

    objects = PartnerQuerySet.as_manager()

    if TYPE_CHECKING:
        applications: RelatedManager["Application"]
        contracts: RelatedManager["Contract"]
        recruits: RelatedManager["Partner"]
        endings: EndingQuerySet

    class Meta:
        constraints = [
            models.UniqueConstraint(  # C21: with the check below, a cap that can't be raced
                fields=["recruiter", "bonus_slot"], name="partner_bonus_slot_taken_once"
            ),
            models.CheckConstraint(
                condition=Q(bonus_slot__isnull=True)
                | Q(bonus_slot__range=(1, 3), recruiter__isnull=False, started_at__isnull=False),
                name="partner_bonus_slot_within_cap",
            ),
            models.CheckConstraint(
                condition=Q(recruiter__isnull=True) | ~Q(recruiter=models.F("id")),
                name="partner_not_own_recruiter",  # C22
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_kind="") | Q(ended_at__isnull=False) & ~Q(end_kind=""),
                name="partner_end_has_kind",
            ),
        ]
        indexes = [GinIndex(OpClass(Upper("display_name"), name="gin_trgm_ops"), name="partner_by_name_part")]
        triggers = [
            triggers.PARTNER_STARTS_WITH_A_SIGNED_CONTRACT,
            triggers.PARTNER_START_IS_KEPT,
            triggers.PARTNER_RECRUITER_IS_SOMEBODY_ELSE,
            ending_triggers.PARTNER_ENDS_BY_AN_ENDING,
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def ended_on(self) -> date | None:
        """The last day of the partnership, inclusive, once it is known."""
        return local_date(self.ended_at - timedelta(microseconds=1)) if self.ended_at else None

    def is_active(self, *, at: datetime) -> bool:
        """Tell whether the partnership has started and not ended at that moment (C6)."""
        if self.started_at is None or self.started_at > at:
            return False
        if self.rejoined_at is not None and at < self.rejoined_at and self.endings.covering(at).exists():
            return False
        return self.ended_at is None or self.ended_at > at


class RecruitInvitationQuerySet(models.QuerySet["RecruitInvitation"]):
    def live(self, *, at: datetime) -> Self:
        """Neither used nor revoked nor expired."""
        return self.filter(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=at)


class RecruitInvitation(models.Model):
    """A partner's invitation to a new sales partner (C20): bound to an address, single use, expiring."""

    recruiter = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    token_salt = models.CharField(max_length=32, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = RecruitInvitationQuerySet.as_manager()

    if TYPE_CHECKING:
        application: "Application"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recruiter", "email"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                name="recruit_invitation_one_live",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True),
                name="recruit_invitation_used_or_revoked",
            ),
        ]

    def is_live(self, *, at: datetime) -> bool:
        """Tell whether the link still works at that moment."""
        return self.used_at is None and self.revoked_at is None and self.expires_at > at


class ApplicationStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")


class Application(FSMModelMixin, models.Model):
    """Somebody's wish to become a partner."""

    Status = ApplicationStatus

    applicant = models.ForeignKey(User, on_delete=models.PROTECT, related_name="applications")
    status = StatusField(choices=ApplicationStatus, default=ApplicationStatus.DRAFT, protected=True)
    display_name = models.CharField(_("name"), max_length=200)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    knows_field = models.TextField(_("how you know the field"), blank=True)
    can_open = models.TextField(_("whom or which industries you can open"), blank=True)
    listing_consent = models.BooleanField(_("list me publicly"), default=False)
    terms = models.ForeignKey(ProgramTerms, on_delete=models.PROTECT, null=True, related_name="applications")
    invitation = models.OneToOneField(
        RecruitInvitation, on_delete=models.PROTECT, null=True, blank=True, related_name="application"
    )
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="applications"
    )
    # The address it was sent with, as a keyed hash: people move, and stay the same person (C22).
    identity = models.CharField(max_length=64, blank=True, editable=False, db_default="")
    owner = models.ForeignKey(
        User,
        verbose_name=_("owner"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="applications_owned",
    )
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    rejection_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["applicant"],
                condition=Q(status__in=["draft", "submitted"]),
                name="application_one_open_per_person",
            ),
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(submitted_at__isnull=False, partner__isnull=False, terms__isnull=False),
                name="application_submitted_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(status="rejected") | ~Q(rejection_reason=""),
                name="application_rejection_has_reason",
            ),
        ]

    @transition(field=status, source="draft", target="submitted")
    def submit(self) -> None:
        """The applicant hands it in."""

    @transition(field=status, source="submitted", target="accepted")
    def accept(self) -> None:
        """The contract is signed."""

    @transition(field=status, source="submitted", target="rejected")
    def reject(self) -> None:
        """A director turned it down."""
