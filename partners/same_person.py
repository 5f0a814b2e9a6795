"""Whether an applicant may be somebody we know under another account: what is compared, what is alike (C22).

Nothing here decides. What is certain was refused before (`AlreadyPartner`, `SamePersonAsRecruiter`); what is
only alike is a sign, which directors judge.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from django.db.models import Q
from django_countries import countries

from partners.models import Application, ApplicationStatus, Contract, Partner, SamePersonSign, SignReason
from partners.queries import line_of
from partners.rules import folded_legal_name, folded_person, normal_tax_number
from ssp.core.identity import identity_of
from ssp.core.models import User
from ssp.core.roles import STAFF_ROLES


@dataclass(kw_only=True)
class Known:
    """What we know of one account, in the form in which it is compared."""

    account: User
    identity: str
    identities: set[str] = field(default_factory=set)
    tax_numbers: set[tuple[str, str]] = field(default_factory=set)
    legal_names: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)

    def add(self, source: Partner | Application) -> None:
        """Take in what a partner or an application says."""
        if source.identity:
            self.identities.add(source.identity)
        if source.tax_number:
            self.tax_numbers.add((source.country, normal_tax_number(source.tax_number)))
        self.legal_names.add(folded_legal_name(source.legal_name))
        self.names.add(folded_person(source.display_name))
        self.countries.add(source.country)


def known_of(account: User) -> Known:
    """Return what an account says of itself: the address and the name."""
    identity = identity_of(account.email)
    return Known(
        account=account, identity=identity, identities={identity}, names={folded_person(account.full_name)}
    )


def everybody_but(applicant: User) -> dict[int, Known]:
    """Return what we know of each other account that is a partner's, an applicant's or a colleague's.

    Drafts are nobody's business, so they aren't compared.
    """
    people: dict[int, Known] = {}

    def of(account: User) -> Known:
        return people.setdefault(account.pk, known_of(account))

    for partner in Partner.objects.exclude(user=applicant).select_related("user"):
        of(partner.user).add(partner)
    applications = Application.objects.exclude(status=ApplicationStatus.DRAFT).exclude(applicant=applicant)
    for application in applications.select_related("applicant"):
        of(application.applicant).add(application)
    colleagues = User.objects.filter(
        role_grants__role__in=sorted(STAFF_ROLES), role_grants__ended_at__isnull=True
    )
    for colleague in colleagues.exclude(pk=applicant.pk).distinct():
        of(colleague)
    for user_id, email in _proven_addresses(people):
        people[user_id].identities.add(identity_of(email))
    return people


def the_applicant(application: Application) -> Known:
    """Return what the applicant says now, and every address they were known by."""
    applicant = application.applicant
    known = known_of(applicant)
    known.add(application)
    known.identities.update(applicant.applications.exclude(identity="").values_list("identity", flat=True))
    known.identities.update(Partner.objects.filter(user=applicant).values_list("identity", flat=True))
    known.identities.update(identity_of(email) for _pk, email in _proven_addresses([applicant.pk]))
    return known


def _proven_addresses(accounts: Iterable[int]) -> Iterator[tuple[int, str]]:
    rows = EmailAddress.objects.filter(verified=True, user_id__in=list(accounts))
    yield from rows.values_list("user_id", "email")


def alike(one: Known, other: Known) -> Iterator[SignReason]:
    """Yield each thing that two accounts have in common."""
    if one.identity == other.identity:
        yield SignReason.ADDRESS
    elif one.identities & other.identities:
        yield SignReason.ADDRESS_BEFORE
    if one.tax_numbers & other.tax_numbers:
        yield SignReason.TAX_NUMBER
    if (one.legal_names & other.legal_names) - {""}:
        yield SignReason.LEGAL_NAME
    both_known = one.countries and other.countries  # of a colleague we know no country
    if (one.names & other.names) - {""} and (one.countries & other.countries or not both_known):
        yield SignReason.NAME


@dataclass(frozen=True, kw_only=True)
class Twin:
    """Another account with which an application has something in common, as directors see it."""

    account: User
    partner: Partner | None
    application: Application | None
    is_staff: bool
    is_in_line: bool
    signs: list[SamePersonSign]

    @property
    def reasons(self) -> list[str]:
        return [str(SignReason(sign.reason).label) for sign in self.signs]

    @property
    def record(self) -> Partner | Application | None:
        return self.partner or self.application

    @property
    def country(self) -> str:
        return str(countries.name(self.record.country)) if self.record else ""


def signs_of(contract: Contract) -> list[SamePersonSign]:
    """Return the signs of the application that a contract stands on, oldest first."""
    return list(
        SamePersonSign.objects.filter(
            application__partner=contract.partner_id, application__status=ApplicationStatus.SUBMITTED
        )
        .select_related("account")
        .order_by("found_at", "pk")
    )


def unread_signs(contract: Contract, director: User) -> list[SamePersonSign]:
    """Return the signs that this director hasn't acknowledged yet."""
    read = SamePersonSign.objects.filter(acknowledgements__director=director).values_list("pk", flat=True)
    read_by_now = set(read.filter(application__partner=contract.partner_id))
    return [sign for sign in signs_of(contract) if sign.pk not in read_by_now]


def twins_of(application: Application) -> list[Twin]:
    """Return the other accounts an application has signs for, with what they are to the programme."""
    signs = list(application.signs.select_related("account").order_by("found_at", "pk"))
    accounts = {sign.account_id: sign.account for sign in signs}
    partners = {
        each.user_id: each for each in Partner.objects.filter(user__in=accounts).select_related("recruiter")
    }
    sent = Application.objects.filter(~Q(status=ApplicationStatus.DRAFT), applicant__in=accounts)
    applications = {each.applicant_id: each for each in sent.order_by("submitted_at", "pk")}
    recruiter = application.partner.recruiter if application.partner else None
    line = {each.user_id for each in line_of(recruiter)} if recruiter else set()
    return [
        Twin(
            account=account,
            partner=partners.get(pk),
            application=applications.get(pk),
            is_staff=bool(account.roles & STAFF_ROLES),
            is_in_line=pk in line,
            signs=[sign for sign in signs if sign.account_id == pk],
        )
        for pk, account in accounts.items()
    ]
