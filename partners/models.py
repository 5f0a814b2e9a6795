"""Applications, partners, contracts and their reviews (C6, C16, C20-C22)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin

from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

PERCENT: dict[str, Any] = {"max_digits": 5, "decimal_places": 2}


class CommissionModel(models.TextChoices):
    """How a use case pays (C5): never both."""

    RECURRING = "recurring", _("Recurring revenue")
    FIRST_INVOICE = "first_invoice", _("First invoice")


class BonusBasis(models.TextChoices):
    """What the recruiter's bonus is a percentage of (C20)."""

    COMMISSION = "commission", _("the recruit's commission")
    FIRST_INVOICE = "first_invoice", _("the recruit's first invoice")


class CapUnit(models.TextChoices):
    YEARS = "years", _("years")
    INVOICES = "invoices", _("invoices")


class Numbers(models.Model):
    """The numbers of the programme, as terms offer them and a contract fixes them (C5, C20)."""

    recurring_percent = models.DecimalField(_("percentage of recurring revenue"), **PERCENT)
    first_invoice_percent = models.DecimalField(_("percentage of the first invoice"), **PERCENT)
    bonus_percent = models.DecimalField(_("bonus percentage for a recruit's sales"), **PERCENT)
    bonus_basis = models.CharField(
        _("basis of the bonus"), max_length=20, choices=BonusBasis, default=BonusBasis.COMMISSION
    )
    cap_unit = models.CharField(_("unit of the cap"), max_length=10, choices=CapUnit, default=CapUnit.YEARS)
    cap_count = models.PositiveSmallIntegerField(_("length of the cap"), default=3)
    default_model = models.CharField(
        _("model without an election"),
        max_length=20,
        choices=CommissionModel,
        default=CommissionModel.RECURRING,
    )

    NUMBERS: ClassVar[tuple[str, ...]] = (
        "recurring_percent",
        "first_invoice_percent",
        "bonus_percent",
        "bonus_basis",
        "cap_unit",
        "cap_count",
        "default_model",
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    recurring_percent__range=(0, 100),
                    first_invoice_percent__range=(0, 100),
                    bonus_percent__range=(0, 100),
                    cap_count__gte=1,
                ),
                name="%(class)s_numbers_in_range",
            )
        ]

    @property
    def numbers(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.NUMBERS}


class Tier(models.Model):
    name = models.CharField(max_length=60, unique=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="tier_one_default"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ProgramTermsQuerySet(models.QuerySet["ProgramTerms"]):
    def in_force(self, *, on: date, tier: Tier | None = None) -> "ProgramTerms | None":
        """The version whose numbers a new contract gets on that day, or None: applications are closed."""
        tiered = self.filter(tier=tier) if tier else self.filter(tier__is_default=True)
        return tiered.filter(effective_on__lte=on).order_by("-effective_on").first()


class ProgramTerms(Numbers):
    """A dated version of the numbers, entered by a director. New terms never touch old contracts (C5)."""

    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="terms")
    effective_on = models.DateField(_("in force from"))
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()

    objects = ProgramTermsQuerySet.as_manager()

    class Meta(Numbers.Meta):
        verbose_name_plural = "program terms"
        constraints = [
            *Numbers.Meta.constraints,
            models.UniqueConstraint(fields=["tier", "effective_on"], name="terms_one_version_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.tier} from {self.effective_on}"


class PartnerQuerySet(models.QuerySet["Partner"]):
    def active(self, *, at: datetime) -> Self:
        """Partnership started and not ended at that moment (C6)."""
        return self.filter(started_at__lte=at).filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at))


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
    recruiter = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="recruits"
    )
    bonus_slot = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_kind = models.CharField(max_length=10, choices=EndKind, blank=True)

    objects = PartnerQuerySet.as_manager()

    if TYPE_CHECKING:
        contracts: RelatedManager["Contract"]
        recruits: RelatedManager["Partner"]

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

    def __str__(self) -> str:
        return self.display_name

    def is_active(self, *, at: datetime) -> bool:
        """Tell whether the partnership has started and not ended at that moment (C6)."""
        if self.started_at is None or self.started_at > at:
            return False
        return self.ended_at is None or self.ended_at > at


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


class ApplicationStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")


class Application(FSMModelMixin, models.Model):
    """Somebody's wish to become a partner."""

    Status = ApplicationStatus

    applicant = models.ForeignKey(User, on_delete=models.PROTECT, related_name="applications")
    status = FSMField(choices=ApplicationStatus, default=ApplicationStatus.DRAFT, protected=True)
    display_name = models.CharField(_("name"), max_length=200)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    knows_field = models.TextField(_("how you know the field"), blank=True)
    can_open = models.TextField(_("whom or which industries you can open"), blank=True)
    listing_consent = models.BooleanField(_("list me publicly"), default=False)
    terms = models.ForeignKey(ProgramTerms, on_delete=models.PROTECT, null=True, related_name="+")
    invitation = models.OneToOneField(
        RecruitInvitation, on_delete=models.PROTECT, null=True, blank=True, related_name="application"
    )
    partner = models.OneToOneField(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="application"
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
            )
        ]


class ContractStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent for signature")
    SIGNED = "signed", _("Signed")


class Contract(FSMModelMixin, Numbers):
    """A partner's copy of the numbers. Signed, it starts the partnership and never changes (C5, C6)."""

    Status = ContractStatus

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="contracts")
    terms = models.ForeignKey(ProgramTerms, on_delete=models.PROTECT, related_name="contracts")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(default=1)  # grows with any change: reviews name it
    status = FSMField(choices=ContractStatus, default=ContractStatus.DRAFT, protected=True)
    returned_reason = models.TextField(_("why it came back"), blank=True)
    created_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        reviews: RelatedManager["ContractReview"]
        envelopes: RelatedManager["Envelope"]
        documents: RelatedManager["ContractDocument"]

    class Meta(Numbers.Meta):
        constraints = [
            *Numbers.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status="signed", signed_at__isnull=False)
                | (~Q(status="signed") & Q(signed_at__isnull=True)),
                name="contract_signed_has_moment",
            ),
            models.UniqueConstraint(
                fields=["partner"],
                condition=Q(status__in=["draft", "in_review", "sending", "sent"]),
                name="contract_one_open_per_partner",
            ),
        ]


class ContractReview(models.Model):
    """One director's word about exactly one version of a contract (C6)."""

    class Decision(models.TextChoices):
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="reviews")
    version = models.PositiveSmallIntegerField()
    director = models.ForeignKey(User, on_delete=models.PROTECT, related_name="contract_reviews")
    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "version", "director"], name="review_one_per_director_and_version"
            ),
            models.CheckConstraint(
                condition=Q(decision="approved") | ~Q(reason=""), name="review_rejection_has_reason"
            ),
        ]


class EnvelopeStatus(models.TextChoices):
    QUEUED = "queued", _("Sending")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Opened")
    COMPLETED = "completed", _("Signed")
    DECLINED = "declined", _("Declined")
    VOIDED = "voided", _("Voided")
    EXPIRED = "expired", _("Expired")


OPEN_ENVELOPE = ["queued", "sent", "delivered"]


class Envelope(FSMModelMixin, models.Model):
    """One DocuSign envelope of one contract version."""

    Status = EnvelopeStatus

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="envelopes")
    contract_version = models.PositiveSmallIntegerField()
    status = FSMField(choices=EnvelopeStatus, default=EnvelopeStatus.QUEUED, protected=True)
    transaction_id = models.UUIDField(unique=True)  # stored before the first POST: docusign.md
    envelope_id = models.CharField(max_length=40, unique=True, null=True, blank=True)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.TextField(blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)  # real time: DocuSign counts it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract"],
                condition=Q(status__in=OPEN_ENVELOPE),
                name="envelope_one_open_per_contract",
            )
        ]


class ContractDocument(models.Model):
    """A stored PDF of a contract with its SHA-256: what was sent, what came back signed, and the certificate."""

    class Kind(models.TextChoices):
        CONTRACT = "contract", _("Contract")
        SIGNED = "signed", _("Signed contract")
        CERTIFICATE = "certificate", _("Certificate of completion")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="documents")
    version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    file = models.FileField(upload_to="contracts/")
    sha256 = models.CharField(max_length=64)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "version", "kind"], name="document_one_per_kind")
        ]
