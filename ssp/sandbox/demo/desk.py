"""Sales at work: what they noted, a deal in which nothing happens, and who wants a mail each morning."""

from partners.models import Partner
from referrals.models import Deal, Referral, UseCase
from referrals.services.notes import write_note
from ssp.core.mail_kinds import kind_named
from ssp.core.models import User
from ssp.core.preferences import set_mail
from ssp.sandbox import people
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.scenes import Teller, host_says_warm
from ssp.sandbox.people import DemoPerson


def sales_at_work(when: Calendar, users: dict[DemoPerson, User]) -> None:
    tom, simon, sofie = users[people.TOM], users[people.SIMON], users[people.SOFIE]
    _nothing_happens(when, tom, Partner.objects.get(user=users[people.PIETER]))
    joanna = Referral.objects.get(first_name="Joanna")
    policy = Deal.objects.select_related("use_case").get(use_case__title="Policy answers for branches")
    for about, by, text, at in (
        (joanna, tom, "Best before 10:00. Prefers a call to a long mail.", when.at(12, 11, 11)),
        (
            joanna.company,
            sofie,
            "Budget year ends in January: they sign in December or in spring.",
            when.at(13, 11),
        ),
        (
            policy.use_case,
            tom,
            "Legal has our draft since Thursday. Ask again on Monday.",
            when.at(20, 11, 12),
        ),
        (joanna.partner, simon, "Brings people who decide. Answers within a day.", when.at(17, 11, 9)),
    ):
        write_note(about=about, text=text, by=by, at=at)
    if digest := kind_named("dashboard.digest"):
        for somebody in (tom, simon):
            set_mail(user=somebody, kind=digest, wanted=True, at=when.at(2, 11, 9))


def _nothing_happens(when: Calendar, host: User, pieter: Partner) -> UseCase:
    """Met in August, warm, and nobody has written a line about it since."""
    teller = Teller(pieter)
    case = teller.defines(
        "Recipe matching",
        "Home cooks have four things left and find no recipe for them.",
        at=when.at(20, 8, 9),
    )
    hugo = teller.registers(
        "Hugo Almeida",
        "Head of Product",
        "Casa Verde",
        "hugo.almeida@casaverde.example",
        at=when.at(20, 8),
        use_cases=[case],
    )
    meeting = teller.books(hugo, host, at=when.at(20, 8, 11), starts_at=when.at(28, 8, 14), use_cases=[case])
    host_says_warm(meeting, at=when.at(28, 8, 16), discussed=[case])
    return case
