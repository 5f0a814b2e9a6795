"""Contracts, their reviews, their envelopes and their papers (C6)."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin, transition

from partners.models import moving_triggers, triggers
from partners.models.people import Partner
from partners.models.terms import Numbers, ProgramTerms, Tier
from ssp.core.models import User
from ssp.core.states import StatusField

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class ContractStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent for signature")
    UNSIGNED = "unsigned", _("Not signed")
    CLOSED = "closed", _("Closed without signature")
    SIGNED = "signed", _("Signed")


OPEN_CONTRACT = ["draft", "in_review", "sending", "sent", "unsigned"]


class ContractQuerySet(models.QuerySet["Contract"]):
    def open(self) -> Self:
        """On the way to a signature."""
        return self.filter(status__in=OPEN_CONTRACT)

    def whole(self) -> Self:
        """With everything that a review or the document needs."""
        return self.select_related("partner__user", "partner__recruiter__user", "tier", "terms__tier")


class Party(models.Model):
    """Who signs, as the contract prints it: what they said when they applied, whatever changes since (C6)."""

    legal_name = models.CharField(_("legal name"), max_length=200, db_default="")
    display_name = models.CharField(_("public name"), max_length=200, db_default="")
    signer_name = models.CharField(_("who signs"), max_length=200, db_default="")
    signer_email = models.EmailField(_("their address"), db_default="")
    country = models.CharField(_("country"), max_length=2, db_default="")
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True, db_default="")

    class Meta:
        abstract = True


class Contract(FSMModelMixin, Party, Numbers):
    """A partner's copy of the numbers. Signed, it starts the partnership and never changes (C5, C6)."""

    Status = ContractStatus

    class Origin(models.TextChoices):
        APPLICATION = "application", _("Application")
        PAPER = "paper", _("Signed on paper")

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="contracts")
    terms = models.ForeignKey(ProgramTerms, on_delete=models.PROTECT, related_name="contracts")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(default=1)  # grows with any change: reviews name it
    status = StatusField(choices=ContractStatus, default=ContractStatus.DRAFT, protected=True)
    returned_reason = models.TextField(_("why it came back"), blank=True)
    created_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True, blank=True)
    # A contract from before this software: never sent, attested by two directors beside the signed PDF.
    origin = models.CharField(
        max_length=12, choices=Origin, default=Origin.APPLICATION, db_default="application"
    )
    paper_signed_on = models.DateField(_("signed on"), null=True, blank=True)
    paper_slot = models.PositiveSmallIntegerField(_("recruit slot"), null=True, blank=True)

    objects = ContractQuerySet.as_manager()

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
                condition=Q(status__in=OPEN_CONTRACT),
                name="contract_one_open_per_partner",
            ),
            models.CheckConstraint(
                condition=Q(origin="paper", paper_signed_on__isnull=False)
                | Q(origin="application", paper_signed_on__isnull=True, paper_slot__isnull=True),
                name="contract_paper_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(paper_slot__isnull=True) | Q(paper_slot__range=(1, 3)),
                name="contract_paper_slot_within_cap",
            ),
            models.CheckConstraint(
                condition=~Q(legal_name="") & ~Q(signer_name="") & ~Q(signer_email="") & ~Q(country=""),
                name="contract_says_who_signs",
            ),
        ]
        triggers = [
            triggers.CONTRACT_NEEDS_TWO_APPROVALS,
            triggers.CONTRACT_NUMBERS_HAVE_A_VERSION,
            triggers.CONTRACT_KNOWS_WHO_SIGNS,
            triggers.CONTRACT_IS_KEPT,
            moving_triggers.PAPER_IS_ATTESTED,
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it: `SSP-00042`."""
        return f"SSP-{self.pk:05d}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_CONTRACT

    @property
    def is_paper(self) -> bool:
        """Whether it was signed on paper, before this software: see `services.paper`."""
        return self.origin == self.Origin.PAPER

    @transition(field=status, source=["draft", "in_review"], target="in_review")
    def ask_for_review(self) -> None:
        """Two directors are asked to review this version."""

    @transition(field=status, source=["in_review", "sending", "sent", "unsigned"], target="draft")
    def return_to_draft(self) -> None:
        """A director rejected it or took it back, or the applicant declined to sign."""

    @transition(field=status, source=["in_review", "unsigned"], target="sending")
    def queue(self) -> None:
        """Both approvals are there: it is on its way to DocuSign."""

    @transition(field=status, source="sending", target="sent")
    def mark_sent(self) -> None:
        """DocuSign has it."""

    @transition(field=status, source=["sending", "sent"], target="unsigned")
    def mark_unsigned(self) -> None:
        """Its envelope was voided or expired; a director may send it again."""

    @transition(field=status, source=["sending", "sent"], target="signed")
    def sign(self) -> None:
        """The applicant signed."""

    @transition(field=status, source="in_review", target="signed")
    def attest(self) -> None:
        """Two directors attested that the numbers are those of the signed paper."""

    @transition(field=status, source=["draft", "in_review", "unsigned"], target="closed")
    def close(self) -> None:
        """The application was turned down."""


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
        triggers = [
            triggers.REVIEW_BY_AN_ELIGIBLE_DIRECTOR,
            triggers.REVIEW_NOT_BY_A_SECOND_ACCOUNT,
            triggers.REVIEW_OF_ACKNOWLEDGED_SIGNS,
            triggers.append_only("review_append_only"),
            moving_triggers.REVIEW_BESIDE_THE_PAPER,
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
    status = StatusField(choices=EnvelopeStatus, default=EnvelopeStatus.QUEUED, protected=True)
    transaction_id = models.UUIDField(unique=True)  # stored before the first POST: docusign.md
    envelope_id = models.CharField(max_length=40, unique=True, null=True, blank=True)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.TextField(blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)  # real time: DocuSign counts it
    # What DocuSign is made to agree with; changed only to a proven address of the applicant's own.
    signer_email = models.EmailField(_("signer's address"), blank=True, default="", db_default="")
    expires_on = models.DateField(_("signing ends on"), null=True, blank=True)
    resent_at = models.DateTimeField(null=True, blank=True)
    correction_asked_at = models.DateTimeField(null=True, blank=True)  # until DocuSign has the new address
    void_asked_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.TextField(blank=True, default="", db_default="")
    alerted_at = models.DateTimeField(null=True, blank=True)  # people know that DocuSign keeps it waiting

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract"],
                condition=Q(status__in=OPEN_ENVELOPE),
                name="envelope_one_open_per_contract",
            ),
            models.CheckConstraint(
                condition=Q(void_asked_at__isnull=True, void_reason="")
                | (Q(void_asked_at__isnull=False) & ~Q(void_reason="")),
                name="envelope_void_has_reason",
            ),
        ]
        triggers = [
            triggers.ENVELOPE_OF_AN_APPROVED_VERSION,
            triggers.ENVELOPE_CLOSED_IS_KEPT,
            triggers.ENVELOPE_SIGNER_IS_THE_APPLICANT,
            moving_triggers.PAPER_HAS_NO_ENVELOPE,
        ]

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ENVELOPE

    @property
    def can_be_signed(self) -> bool:
        """Whether DocuSign has it, and the applicant's signature would count."""
        return self.status in (EnvelopeStatus.SENT, EnvelopeStatus.DELIVERED)

    @property
    def last_day_to_sign(self) -> date | None:
        """The last whole day on which it can be signed: on the next one DocuSign lets it expire."""
        return self.expires_on - timedelta(days=1) if self.expires_on else None

    @property
    def waits_since(self) -> datetime | None:
        """Since when DocuSign owes us an answer: to the sending, the voiding or the correction."""
        if not self.is_open:
            return None
        queued = self.queued_at if self.status == EnvelopeStatus.QUEUED else None
        return min(
            (moment for moment in (queued, self.void_asked_at, self.correction_asked_at) if moment),
            default=None,
        )

    @transition(field=status, source="queued", target="sent")
    def mark_sent(self) -> None:
        """DocuSign took it."""

    @transition(field=status, source=["queued", "sent"], target="delivered")
    def mark_delivered(self) -> None:
        """The applicant opened it."""

    @transition(field=status, source=OPEN_ENVELOPE, target="completed")
    def complete(self) -> None:
        """The applicant signed."""

    @transition(field=status, source=OPEN_ENVELOPE, target="declined")
    def decline(self) -> None:
        """The applicant declined to sign."""

    @transition(field=status, source=OPEN_ENVELOPE, target="voided")
    def void(self) -> None:
        """Somebody at SeMI withdrew it."""

    @transition(field=status, source=OPEN_ENVELOPE, target="expired")
    def expire(self) -> None:
        """Nobody signed in time."""


class ContractDocument(models.Model):
    """A stored PDF with its SHA-256: what was sent, what came back signed, and the certificate."""

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
        triggers = [triggers.append_only("document_append_only")]
