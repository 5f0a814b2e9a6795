"""Everything held about one referred person, for the person (*People's data*): found by their address.

Only what is theirs: no colleague, no other partner's people, no definition of a use case, no sum. What people
wrote between SeMI and the partner is counted, not handed out: it may name others. Sales goes through it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from referrals.forgetting import last_activity_on
from referrals.models import (
    DealStage,
    Introduction,
    KnownContact,
    Note,
    Referral,
    UseCaseComment,
)
from referrals.rules import forgotten_on
from ssp.core.identity import canonical_email, identity_of
from ssp.core.models import AuditEntry, OutboxMessage
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import day

Value = str | int | bool | date | datetime | None
Row = dict[str, Value]  # by label


@dataclass(frozen=True)
class Section:
    """One kind of thing that is held: its rows, each a label and a value."""

    key: str
    title: str
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class PersonRecord:
    """What is held about whoever has this address, on one day."""

    email: str
    made_at: datetime
    referrals: list[Referral]
    contacts: list[KnownContact]
    sections: list[Section]

    @property
    def is_empty(self) -> bool:
        return not (self.referrals or self.contacts)


def record_of(email: str, *, at: datetime) -> PersonRecord:
    """Collect what is held about the person with this address, in whatever spelling (C12)."""
    identity = identity_of(email)
    referrals = list(
        Referral.objects.filter(identity=identity)
        .select_related("partner", "company", "root")
        .order_by("registered_at", "pk")
    )
    contacts = list(KnownContact.objects.filter(identity=identity).select_related("imported_in"))
    meetings = list(
        Introduction.objects.filter(referral__in=referrals)
        .select_related("host", "referral__partner")
        .prefetch_related("use_cases", "confirmations")
        .order_by("starts_at", "pk")
    )
    sections = [
        Section("registrations", _("Introductions"), [_registration(each) for each in referrals]),
        Section("meetings", _("Meetings"), [_meeting(each) for each in meetings]),
        Section("mails", _("E-mails we sent"), list(_mails(referrals, meetings))),
        Section("known_contacts", _("Contacts SeMI knew before"), [_contact(each) for each in contacts]),
        Section("decisions", _("Decisions about these details"), list(_decisions(referrals))),
        Section("remarks", _("What people wrote to each other"), list(_remarks(referrals))),
    ]
    return PersonRecord(
        email=canonical_email(email),
        made_at=at,
        referrals=referrals,
        contacts=contacts,
        sections=[section for section in sections if section.rows],
    )


def _registration(row: Referral) -> Row:
    who = (
        _("A colleague of yours, whom %(partner)s had introduced to us")
        if row.root_id
        else _("%(partner)s, a sales partner of SeMI")
    ) % {"partner": row.partner.display_name}
    facts: Row = {
        _("First name"): row.first_name,
        _("Last name"): row.last_name,
        _("Work e-mail"): row.email,
        _("Role"): row.title,
        _("Company"): row.company.name,
        _("Who passed your details on"): who,
        _("Why"): _("They think a conversation with SeMI, the company behind Weaviate, is useful to you."),
        _("How they say they know you"): row.relation,
        _("Told us that you agreed"): row.agreement_attested,
        _("Registered on"): row.registered_on,
        _("You were told on"): local_date(row.told_at) if row.told_at else None,
        _("How it stands"): str(row.get_status_display()),
        _("You objected on"): local_date(row.objected_at) if row.objected_at else None,
        _("Details removed on"): local_date(row.anonymised_at) if row.anonymised_at else None,
        _("Kept until"): _kept_until(row),
        _("Also kept"): _(
            "A keyed hash of your address, which doesn't contain it. By it we recognise an objection, and "
            "who introduced you first."
        ),
    }
    return {label: value for label, value in facts.items() if value not in ("", None)}


def _kept_until(row: Referral) -> str:
    if row.anonymised_at:
        return _("They are removed.")
    root = row.the_root
    if root.use_cases.filter(deal__stage=DealStage.WON).exists():
        return _("As long as the contract with your company runs, which followed from the introduction.")
    if row.claim_ended_at is None and row.vested_at is None:
        return _("12 months after the last contact, if nothing comes of it.")
    return _("%(day)s, if nothing more happens until then.") % {
        "day": day(forgotten_on(last_activity_on(row)))
    }


def _meeting(row: Introduction) -> Row:
    answer = next((each for each in row.confirmations.all() if each.decides), None)
    facts: Row = {
        _("Begins"): row.starts_at,
        _("Ends"): row.ends_at,
        _("How"): str(row.get_medium_display()),
        _("Where"): row.place,
        _("Host at SeMI"): row.host.full_name,
        _("How it stands"): str(row.get_status_display()),
        _("To talk about"): ", ".join(case.title for case in row.use_cases.all()),
        _("What the host answered"): str(answer.get_answer_display()) if answer else "",
        _("The reason given"): answer.reason if answer else "",
    }
    return {label: value for label, value in facts.items() if value not in ("", None)}


def _mails(referrals: Iterable[Referral], meetings: Iterable[Introduction]) -> Iterable[Row]:
    """Letters that went out to the person: of the outbox, which keeps ids and times alone."""
    to_person = Q(pk__in=[])
    for referral in referrals:
        to_person |= Q(key__startswith=f"referral:{referral.pk}:privacy-notice")
    for meeting in meetings:
        to_person |= Q(key__startswith=f"introduction:{meeting.pk}:invitation:", payload__to="person")
        to_person |= Q(key=f"introduction:{meeting.pk}:cancelled", payload__tell_person=1)
    names = {
        "referrals.invitation": _("Invitation to a meeting"),
        "referrals.cancellation": _("A meeting was cancelled"),
    }
    for message in OutboxMessage.objects.filter(to_person, done_at__isnull=False).order_by("done_at"):
        yield {
            _("Sent"): message.done_at,
            _("What"): names.get(message.kind, _("Who passed on your details, and why")),
        }


def _contact(row: KnownContact) -> Row:
    facts: Row = {
        _("First name"): row.first_name,
        _("Last name"): row.last_name,
        _("E-mail"): row.email,
        _("Company"): row.company_name,
        _("Here since"): local_date(row.known_since),
        _("Where it came from"): _("SeMI's list of customers and contacts"),
        _("What for"): _("So that nobody introduces people to us whom we know."),
    }
    return {label: value for label, value in facts.items() if value not in ("", None)}


def _said() -> dict[str, tuple[str, str]]:
    """What each decision was, and its legal basis."""
    interest = _("Legitimate interest, Art. 6(1)(f) GDPR")
    told = _("Duty to inform, Art. 14 GDPR")
    return {
        "referral.registered": (_("A partner registered you"), interest),
        "referral.moved_in": (_("An earlier introduction was taken over into this system"), interest),
        "referral.passed_on": (_("A colleague's word was recorded"), interest),
        "referral.name_accepted": (_("Your name was compared by hand: a new person"), interest),
        "referral.name_declined": (_("Your name was compared by hand: not taken"), interest),
        "referral.partner_confirmed": (_("The partner confirmed that you agreed"), told),
        "referral.withdrawn": (_("The partner gave the introduction up"), interest),
        "referral.lapsed": (_("The introduction lapsed"), interest),
        "referral.ended_with_partnership": (_("The introduction ended with the partnership"), interest),
        "referral.warm": (_("The introduction counts"), interest),
        "referral.anonymised": (
            _("Your details were removed: nothing had come of it for 12 months"),
            _("Storage limitation, Art. 5(1)(e) GDPR"),
        ),
        "referral.objected": (_("You objected"), _("Right to object, Art. 21 GDPR")),
        "person.exported": (_("You were given what is held"), _("Right of access, Art. 15 GDPR")),
    }


def _decisions(referrals: Iterable[Referral]) -> Iterable[Row]:
    said = _said()
    entries = AuditEntry.objects.filter(
        target_type=Referral._meta.label_lower,
        target_id__in=[each.pk for each in referrals],
        action__in=said,
    )
    for entry in entries.order_by("at", "pk"):
        what, basis = said[entry.action]
        yield {_("On"): local_date(entry.at), _("What"): what, _("Legal basis"): basis}


def _remarks(referrals: list[Referral]) -> Iterable[Row]:
    written = UseCaseComment.objects.filter(use_case__referral__in=referrals).exclude(text="").count()
    noted = Note.objects.filter(Q(referral__in=referrals) | Q(use_case__referral__in=referrals)).exclude(
        text=""
    )
    counts = {
        _("Remarks about the need of your company"): written,
        _("Notes that sales keeps for itself"): noted.count(),
    }
    for what, count in counts.items():
        if count:
            yield {
                what: count,
                _("What they may hold"): _(
                    "They may name you and others. Ask us, and a person goes through them with you."
                ),
            }
