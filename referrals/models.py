"""People introduced by partners, their meetings, use cases and deals (C1-C4, C8-C12, C14, C17-C19)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from partners.models import CommissionModel, Partner
from referrals import guards
from ssp.core.models import User
from ssp.core.periods import local_date

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class Company(models.Model):
    """A prospect (C18: several partners may work with it)."""

    name = models.CharField(_("company"), max_length=200)
    domain = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(fields=["domain"], condition=~Q(domain=""), name="company_one_per_domain")
        ]

    def __str__(self) -> str:
        return self.name


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
    name_key = models.CharField(max_length=400, blank=True)  # rules.name_key
    domain = models.CharField(max_length=200, blank=True)  # of the company; nothing at free mail providers
    known_since = models.DateTimeField()
    imported_in = models.ForeignKey(
        ContactImport, on_delete=models.PROTECT, null=True, related_name="contacts"
    )

    class Meta:
        indexes = [models.Index(fields=["name_key"], name="known_contact_by_name")]


class ReferralStatus(models.TextChoices):
    CHECKING = "checking", _("Being checked")
    REGISTERED = "registered", _("Registered")
    NOT_WARM = "not_warm", _("Not warm")
    WARM = "warm", _("Warm")
    RESELLER = "reseller", _("Reseller")
    LAPSED = "lapsed", _("Lapsed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DECLINED = "declined", _("Declined")


LIVE_REFERRAL = ["checking", "registered", "not_warm", "warm", "reseller"]


class ReferralQuerySet(models.QuerySet["Referral"]):
    def owned_by(self, partner: Partner) -> Self:
        return self.filter(partner=partner)

    def live(self) -> Self:
        """Whose claim holds."""
        return self.filter(claim_ended_at__isnull=True)

    def roots(self) -> Self:
        return self.filter(root__isnull=True)

    def to_check(self) -> Self:
        """Whose name a person compares (C10)."""
        return self.live().filter(status=ReferralStatus.CHECKING)

    def overdue(self, *, on: date) -> Self:
        """Whose claim's last day is over and that no held meeting keeps alive (C12)."""
        kept = Introduction.objects.filter(
            referral=models.OuterRef("pk"),
            status=IntroductionStatus.BOOKED,
            starts_at__lt=models.OuterRef("claim_ends_at"),
        )
        return (
            self.live()
            .filter(claim_last_on__lt=on, vested_at__isnull=True)
            .annotate(claim_ends_at=guards.EndOfDay("claim_last_on"))
            .exclude(models.Exists(kept))
        )


class Referral(FSMModelMixin, models.Model):
    """One person inside one company, introduced by one partner (C11, C12); with a `root`, internal (C3)."""

    Status = ReferralStatus

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="referrals")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="referrals")
    root = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="internal_referrals"
    )
    passed_on_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    internal_slot = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)

    # Personal fields: emptied by anonymisation
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    email = models.EmailField(_("work e-mail"), blank=True)
    title = models.CharField(_("role"), max_length=200, blank=True)
    relation = models.TextField(_("how do you know each other?"), blank=True)
    anonymised_at = models.DateTimeField(null=True, blank=True)

    identity = models.CharField(max_length=64)
    evidence = models.JSONField(
        default=dict
    )  # C10: frozen at registration; ids and counts, no personal field
    status = FSMField(choices=ReferralStatus, default=ReferralStatus.REGISTERED, protected=True)
    registered_at = models.DateTimeField()
    registered_on = models.DateField()
    agreement_attested = models.BooleanField(default=False)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    partner_confirmed_at = models.DateTimeField(
        null=True, blank=True
    )  # when staff registered on a partner's behalf
    vested_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)  # C10: at once, or when the name was checked
    told_at = models.DateTimeField(null=True, blank=True)  # C11: when the privacy notice was owed
    claim_last_on = models.DateField(null=True, blank=True)  # C12: inclusive; nothing once vested
    claim_ended_at = models.DateTimeField(null=True, blank=True)
    seller = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="referrals"
    )
    objection_salt = models.CharField(max_length=32, editable=False, blank=True)
    objection_hash = models.CharField(  # noqa: DJ001 - unique only where it is known
        max_length=64, editable=False, unique=True, null=True
    )
    objected_at = models.DateTimeField(null=True, blank=True)

    objects = ReferralQuerySet.as_manager()

    if TYPE_CHECKING:
        internal_referrals: RelatedManager["Referral"]
        use_cases: RelatedManager["UseCase"]
        introductions: RelatedManager["Introduction"]

    class Meta:
        constraints = [
            models.UniqueConstraint(  # C12
                fields=["identity"],
                condition=Q(claim_ended_at__isnull=True),
                name="referral_one_live_claim_per_person",
            ),
            models.UniqueConstraint(  # C3: with the check below, a cap that can't be raced
                fields=["root", "internal_slot"], name="referral_internal_slot_taken_once"
            ),
            models.CheckConstraint(
                condition=Q(root__isnull=True, internal_slot__isnull=True)
                | Q(root__isnull=False, internal_slot__range=(1, 3)),
                name="referral_internal_slot_within_cap",
            ),
            models.CheckConstraint(
                condition=Q(root__isnull=True) | ~Q(root=F("id")), name="referral_not_own_root"
            ),
            models.CheckConstraint(
                condition=Q(claim_ended_at__isnull=True, status__in=LIVE_REFERRAL)
                | Q(claim_ended_at__isnull=False),
                name="referral_live_claim_live_status",
            ),
            models.CheckConstraint(
                condition=Q(anonymised_at__isnull=True)
                | Q(first_name="", last_name="", email="", title="", relation=""),
                name="referral_anonymised_is_empty",
            ),
        ]
        indexes = [
            models.Index(
                fields=["claim_last_on"], condition=Q(claim_ended_at__isnull=True), name="referral_claims_due"
            )
        ]
        triggers = [guards.PARTNER_HAS_CONTRACT, guards.INTERNAL_REFERRAL_LIKE_ITS_ROOT]

    def __str__(self) -> str:
        return self.person_name

    @property
    def person_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or str(_("Removed person"))

    @property
    def the_root(self) -> "Referral":
        """The person the partner introduced: this one, or where the chain began (C3)."""
        return self.root or self

    @property
    def is_live(self) -> bool:
        return self.claim_ended_at is None

    @property
    def awaits_partner(self) -> bool:
        """Registered by staff, and the partner hasn't confirmed it yet."""
        return self.is_live and self.partner_confirmed_at is None

    def get_absolute_url(self) -> str:  # noqa: DJ012
        return reverse("referrals:detail", args=[self.pk])

    @transition(status, source=ReferralStatus.CHECKING, target=ReferralStatus.REGISTERED)
    def accept(self, *, at: datetime) -> None:
        self.accepted_at = at

    @transition(
        status, source=[ReferralStatus.CHECKING, ReferralStatus.REGISTERED], target=ReferralStatus.DECLINED
    )
    def decline(self, *, at: datetime) -> None:
        self.claim_ended_at = at

    @transition(
        status,
        source=[ReferralStatus.CHECKING, ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM],
        target=ReferralStatus.LAPSED,
    )
    def lapse(self, *, at: datetime) -> None:
        self.claim_ended_at = at

    @transition(
        status,
        source=[ReferralStatus.CHECKING, ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM],
        target=ReferralStatus.WITHDRAWN,
    )
    def withdraw(self, *, at: datetime) -> None:
        self.claim_ended_at = at

    @transition(
        status,
        source=[
            ReferralStatus.REGISTERED,
            ReferralStatus.NOT_WARM,
            ReferralStatus.WARM,
            ReferralStatus.RESELLER,
        ],
        target=ReferralStatus.WARM,
    )
    def become_warm(self, *, at: datetime) -> None:
        self.vested_at = self.vested_at or at
        self.claim_last_on = None

    @transition(
        status, source=[ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM], target=ReferralStatus.NOT_WARM
    )
    def become_not_warm(self, *, claim_last_on: date) -> None:
        self.claim_last_on = claim_last_on

    @transition(
        status,
        source=[
            ReferralStatus.REGISTERED,
            ReferralStatus.NOT_WARM,
            ReferralStatus.WARM,
            ReferralStatus.RESELLER,
        ],
        target=ReferralStatus.RESELLER,
    )
    def become_reseller(self) -> None:
        self.claim_last_on = None


class UseCaseOutcome(models.TextChoices):
    OPEN = "", _("Open")
    RESELLER = "reseller", _("Reseller")
    DUPLICATE = "duplicate", _("Duplicate")


class UseCase(models.Model):
    """A need the partner defined (C8). Its window of six months and its model are its own (C2, C5, C9)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="use_cases")
    referral = models.ForeignKey(  # the root person it is about; None while only defined
        Referral, on_delete=models.PROTECT, null=True, blank=True, related_name="use_cases"
    )
    title = models.CharField(_("title"), max_length=200)
    problem = models.TextField(_("the problem"))
    data = models.TextField(_("the data"), blank=True)
    who_feels_it = models.CharField(_("who feels it"), max_length=300, blank=True)
    expected_value = models.CharField(_("the expected value"), max_length=300, blank=True)
    defined_at = models.DateTimeField()

    model = models.CharField(
        max_length=20, choices=CommissionModel, blank=True
    )  # the election; locked with the window
    model_locked_at = models.DateTimeField(null=True, blank=True)

    window_starts_on = models.DateField(null=True, blank=True)
    window_ends_on = models.DateField(null=True, blank=True)  # the last day, inclusive; extensions included
    extended_months = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=12, choices=UseCaseOutcome, default=UseCaseOutcome.OPEN, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    same_need_as = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    if TYPE_CHECKING:
        deal: "Deal"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(window_starts_on__isnull=True, window_ends_on__isnull=True)
                | Q(window_starts_on__isnull=False, window_ends_on__gt=F("window_starts_on")),
                name="use_case_window_has_both_ends",
            ),
            models.CheckConstraint(
                condition=Q(extended_months__lte=3), name="use_case_extension_within_three_months"
            ),
            models.CheckConstraint(
                condition=Q(window_starts_on__isnull=True) | Q(model_locked_at__isnull=False),
                name="use_case_model_locked_with_window",
            ),
            models.CheckConstraint(
                condition=Q(model_locked_at__isnull=True) | ~Q(model=""),
                name="use_case_locked_model_is_known",
            ),
        ]
        indexes = [models.Index(fields=["window_ends_on"], name="use_case_by_window_end")]
        triggers = [guards.WARM_AFTER_A_MEETING, guards.DEFINED_ONCE]

    @property
    def is_locked(self) -> bool:
        return self.model_locked_at is not None

    @property
    def is_open(self) -> bool:
        return self.outcome == UseCaseOutcome.OPEN

    def __str__(self) -> str:  # noqa: DJ012
        return self.title


class Medium(models.TextChoices):
    VIDEO = "video", _("Video conference")
    IN_PERSON = "in_person", _("In person")
    OTHER = "other", _("Phone, chat or e-mail")


class IntroductionStatus(models.TextChoices):
    BOOKED = "booked", _("Booked")
    HELD = "held", _("Held")
    NOT_HELD = "not_held", _("Did not take place")
    CANCELLED = "cancelled", _("Cancelled")


class Introduction(FSMModelMixin, models.Model):
    """A meeting of a referred person with a SeMI host."""

    Status = IntroductionStatus

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="introductions")
    host = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hosted_introductions")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    medium = models.CharField(max_length=10, choices=Medium)
    place = models.CharField(_("video link or address"), max_length=500, blank=True)
    status = FSMField(choices=IntroductionStatus, default=IntroductionStatus.BOOKED, protected=True)
    use_cases = models.ManyToManyField(UseCase, through="Discussion", related_name="introductions")
    calendar_uid = models.CharField(max_length=80, unique=True)
    calendar_sequence = models.PositiveSmallIntegerField(default=0)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)  # C14: when the confirmation mails were owed

    if TYPE_CHECKING:
        discussions: RelatedManager["Discussion"]
        confirmations: RelatedManager["Confirmation"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="introduction_ends_after_start"
            )
        ]
        indexes = [
            models.Index(
                fields=["ends_at"],
                condition=Q(status="booked", asked_at__isnull=True),
                name="introduction_to_ask_about",
            )
        ]
        triggers = [guards.HELD_MEETING_STAYS_HELD]

    @property
    def held_on(self) -> date:
        """The meeting's calendar date in Amsterdam: the day a window starts (C2)."""
        return local_date(self.starts_at)

    @property
    def is_booked(self) -> bool:
        return self.status == IntroductionStatus.BOOKED

    @transition(
        status,
        source=[IntroductionStatus.BOOKED, IntroductionStatus.HELD, IntroductionStatus.NOT_HELD],
        target=IntroductionStatus.HELD,
    )
    def hold(self) -> None:
        """It took place."""

    @transition(status, source=IntroductionStatus.BOOKED, target=IntroductionStatus.NOT_HELD)
    def miss(self) -> None:
        """It didn't take place."""

    @transition(status, source=IntroductionStatus.BOOKED, target=IntroductionStatus.CANCELLED)
    def cancel(self) -> None:
        """It won't take place."""


class Discussion(models.Model):
    """A use case that a meeting was to be about, and whether it was."""

    introduction = models.ForeignKey(Introduction, on_delete=models.PROTECT, related_name="discussions")
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="discussions")
    discussed = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["introduction", "use_case"], name="discussion_once_per_meeting")
        ]


class ConfirmationAnswer(models.TextChoices):
    WARM = "warm", _("Warm")
    NOT_WARM = "not_warm", _("Not warm")
    RESELLER = "reseller", _("Reseller")
    DID_NOT_TAKE_PLACE = "did_not_take_place", _("Did not take place")


class Confirmation(models.Model):
    """The question of C14 to one of the two who know: the host, whose answer decides, or the partner."""

    class Asked(models.TextChoices):
        HOST = "host", _("Host")
        PARTNER = "partner", _("Partner")

    introduction = models.ForeignKey(Introduction, on_delete=models.PROTECT, related_name="confirmations")
    asked = models.CharField(max_length=10, choices=Asked)
    token_salt = models.CharField(max_length=32, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reminders_sent = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField(max_length=20, choices=ConfirmationAnswer, blank=True)
    medium = models.CharField(max_length=10, choices=Medium, blank=True)
    reason = models.TextField(blank=True)
    use_case_ids = models.JSONField(default=list)  # what the answer says was discussed
    colleagues = models.JSONField(default=list)  # personal; emptied as soon as an answer decides
    decides = models.BooleanField(default=False)  # this answer is the one that counts
    contested_at = models.DateTimeField(null=True, blank=True)
    contest_reason = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settlement = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["introduction", "asked"], name="confirmation_one_question_each"),
            models.UniqueConstraint(
                fields=["introduction"], condition=Q(decides=True), name="confirmation_one_answer_decides"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="confirmation_answer_has_moment",
            ),
        ]


class DealStage(models.TextChoices):
    DISCOVERY = "discovery", _("Discovery")
    PROPOSAL = "proposal", _("Proposal sent")
    NEGOTIATING = "negotiating", _("Negotiating")
    CONTRACT_OUT = "contract_out", _("Contract out")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


class DealQuerySet(models.QuerySet["Deal"]):
    def open(self) -> Self:
        return self.exclude(stage__in=[DealStage.WON, DealStage.LOST])


class Deal(models.Model):
    """The sale of one use case (C9)."""

    use_case = models.OneToOneField(UseCase, on_delete=models.PROTECT, related_name="deal")
    stage = models.CharField(max_length=14, choices=DealStage, default=DealStage.DISCOVERY)
    currency = models.CharField(max_length=3, default="EUR")
    expected_net = models.DecimalField(
        _("expected, net"), max_digits=14, decimal_places=3, null=True, blank=True
    )
    expected_on = models.DateField(_("expected on"), null=True, blank=True)
    reseller_name = models.CharField(_("reseller"), max_length=200, blank=True)  # C17
    customer_reference = models.CharField(
        _("customer reference"),
        max_length=80,
        blank=True,
        help_text=_("What the invoices carry; it matches them."),
    )
    signed_on = models.DateField(_("signed by the customer on"), null=True, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    lost_reason = models.CharField(_("why lost"), max_length=300, blank=True)
    created_at = models.DateTimeField()

    objects = DealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stage="won", signed_on__isnull=False, recorded_at__isnull=False)
                | (~Q(stage="won") & Q(signed_on__isnull=True)),
                name="deal_won_has_signature_day",
            ),
            models.CheckConstraint(
                condition=~Q(stage="lost") | ~Q(lost_reason=""), name="deal_lost_has_reason"
            ),
            models.UniqueConstraint(
                fields=["customer_reference"],
                condition=~Q(customer_reference=""),
                name="deal_customer_reference_once",
            ),
        ]
        triggers = [guards.DEAL_NEEDS_A_WINDOW]

    @property
    def is_open(self) -> bool:
        return self.stage not in (DealStage.WON, DealStage.LOST)

    def is_within_window(self) -> bool:
        """Tell whether the customer signed from the introduction to the window's last day (C2)."""
        use_case = self.use_case
        if self.signed_on is None or use_case.window_starts_on is None or use_case.window_ends_on is None:
            return False
        return use_case.window_starts_on <= self.signed_on <= use_case.window_ends_on
