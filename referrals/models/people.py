"""Companies, and the people inside them whom partners introduce (C3, C10-C12, C18)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin, transition

from partners.models import Ending, Partner
from referrals import guards, people_guards, proposal_guards, rules
from ssp.core.models import User
from ssp.core.states import StatusField

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from referrals.models.meetings import Introduction
    from referrals.models.use_cases import UseCase


class Company(models.Model):
    """A prospect (C18: several partners may work with it)."""

    name = models.CharField(_("company"), max_length=200)
    domain = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=300, blank=True, db_default="", editable=False)  # rules.company_key

    class Meta:
        verbose_name_plural = "companies"
        indexes = [
            models.Index(fields=["key"], name="company_by_key"),
            GinIndex(  # the desk's search: as written, and without accents
                OpClass(Upper("name"), name="gin_trgm_ops"),
                OpClass(F("key"), name="gin_trgm_ops"),
                name="company_by_name_part",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["domain"], condition=~Q(domain=""), name="company_one_per_domain")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the key that goes with the name."""
        self.key = rules.company_key(self.name)[:300]
        if (fields := kwargs.get("update_fields")) is not None and "name" in fields:
            kwargs["update_fields"] = {*fields, "key"}
        super().save(*args, **kwargs)


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
        """Whose claim's last day is over; neither a held meeting nor a wait for SeMI keeps it (C12)."""
        kept = Referral.objects.filter(
            pk=models.OuterRef("pk"),
            introductions__status="booked",
            introductions__starts_at__lt=models.OuterRef("claim_ends_at"),
        )
        waits = Referral.objects.filter(
            pk=models.OuterRef("pk"), proposals__by_partner=True, proposals__answered_at__isnull=True
        )
        return (
            self.live()
            .filter(claim_last_on__lt=on, vested_at__isnull=True)
            .annotate(claim_ends_at=guards.EndOfDay("claim_last_on"))
            .exclude(models.Exists(kept) | models.Exists(waits))
        )

    def of_left_partners(self, *, at: datetime) -> Self:
        """Live ones of a partnership that is over; one for cause takes them along for good (*Ending*)."""
        for_cause = Ending.objects.for_cause(since=models.OuterRef("registered_at")).filter(
            partner=models.OuterRef("partner"), ends_at__lte=at
        )
        return self.live().filter(Q(partner__ended_at__lte=at) | models.Exists(for_cause))


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
    name_key = models.CharField(max_length=400, blank=True, db_default="", editable=False)  # names.key
    anonymised_at = models.DateTimeField(null=True, blank=True)

    identity = models.CharField(max_length=64)
    evidence = models.JSONField(
        default=dict
    )  # C10: frozen at registration; ids and counts, no personal field
    status = StatusField(choices=ReferralStatus, default=ReferralStatus.REGISTERED, protected=True)
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
    ended_with = models.ForeignKey(  # C12: the claim ended because the partnership did
        Ending, on_delete=models.PROTECT, null=True, blank=True, related_name="claims"
    )
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
                | Q(first_name="", last_name="", email="", title="", relation="", name_key=""),
                name="referral_anonymised_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(ended_with__isnull=True) | Q(claim_ended_at__isnull=False),
                name="referral_ended_with_its_partnership",
            ),
        ]
        indexes = [
            models.Index(
                fields=["claim_last_on"], condition=Q(claim_ended_at__isnull=True), name="referral_claims_due"
            ),
            models.Index(  # *People's data*: who may be due to be forgotten
                fields=["registered_on"],
                condition=Q(anonymised_at__isnull=True),
                name="referral_not_forgotten",
            ),
            models.Index(  # the table of introductions: claims that nothing keeps, in its own order
                fields=["claim_last_on", "id"],
                condition=Q(claim_ended_at__isnull=True, vested_at__isnull=True),
                name="referral_claims_by_end",
            ),
            models.Index(fields=["last_name", "first_name", "id"], name="referral_by_name"),  # … or by person
            models.Index(  # the figures of a period
                fields=["registered_on"], condition=Q(root__isnull=True), name="referral_roots_by_day"
            ),
            models.Index(fields=["identity"], name="referral_by_identity"),  # C11: who objected, for good
            GinIndex(  # C10: who of those claimed has a similar name
                fields=["name_key"],
                opclasses=["gin_trgm_ops"],
                condition=Q(claim_ended_at__isnull=True),
                name="referral_live_by_name_like",
            ),
            GinIndex(  # the desk's search, of everybody; an emptied name has no trigram
                OpClass(Upper("first_name"), name="gin_trgm_ops"),
                OpClass(Upper("last_name"), name="gin_trgm_ops"),
                name="referral_by_name_part",
            ),
        ]
        triggers = [
            guards.PARTNER_HAS_CONTRACT,
            guards.INTERNAL_REFERRAL_LIKE_ITS_ROOT,
            guards.WHILE_A_PARTNER,
            guards.NOTES_GO_WITH_THE_PERSON,
            *people_guards.TRIGGERS,
            guards.SELLER_IS_NOT_THE_PARTNER,
            proposal_guards.NOT_WHILE_SEMI_IS_ASKED,
        ]

    def __str__(self) -> str:
        return self.person_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the key that goes with the name: an emptied name empties it."""
        self.name_key = rules.name_key(self.first_name, self.last_name)[:400]
        if (fields := kwargs.get("update_fields")) is not None and {"first_name", "last_name"} & {*fields}:
            kwargs["update_fields"] = {*fields, "name_key"}
        super().save(*args, **kwargs)

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

    def end_with(self, ending: Ending, *, at: datetime) -> None:
        """The partnership is over and nothing keeps the claim: what was vested keeps its status (C12)."""
        if self.status in (ReferralStatus.CHECKING, ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM):
            self.lapse(at=at)
        self.claim_ended_at, self.ended_with = at, ending

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
