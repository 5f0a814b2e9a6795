"""The story of the pictures: Ines and her introductions, Pieter whom she recruited, Karl and Leila."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from partners.models import CommissionModel, Partner
from partners.services.recruits import invite_recruit
from referrals.models import DealStage, Medium, Referral, UseCase
from referrals.rules import Colleague
from referrals.services.comments import comment_on_use_case
from referrals.services.deals import move_deal, update_deal, win_deal
from ssp.core.models import User
from ssp.sandbox import people
from ssp.sandbox.demo.applications import applications
from ssp.sandbox.demo.asking import contested, times_under_way
from ssp.sandbox.demo.banking import first_accounts, later_accounts
from ssp.sandbox.demo.books import close_the_summer, customers_owe
from ssp.sandbox.demo.cast import become_partner, enter_terms, make_account
from ssp.sandbox.demo.channels import open_channels, use_channels
from ssp.sandbox.demo.crm import know_people
from ssp.sandbox.demo.desk import sales_at_work
from ssp.sandbox.demo.elections import election_changed
from ssp.sandbox.demo.envelopes import envelopes_under_way
from ssp.sandbox.demo.guides import write_guides
from ssp.sandbox.demo.intake import invoices_that_wait
from ssp.sandbox.demo.kroner import a_payout_comes_back, the_next_run_waits
from ssp.sandbox.demo.leaving import rosa_left_and_leila_leaves
from ssp.sandbox.demo.library import fill_library
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.money import autumn_invoices, first_invoices, first_payout
from ssp.sandbox.demo.moving import preview_a_file
from ssp.sandbox.demo.needs import two_at_one_company
from ssp.sandbox.demo.openings import openings_move_in
from ssp.sandbox.demo.people import people_who_object_and_who_are_tried
from ssp.sandbox.demo.profiles import fill_in_profiles
from ssp.sandbox.demo.scenes import Teller, deal_of, host_says_not_warm, host_says_warm, is_asked
from ssp.sandbox.demo.statements import months_are_closed, two_entries_are_contested
from ssp.sandbox.demo.views import save_views
from ssp.sandbox.people import DemoPerson


@dataclass
class Stage:
    """Everybody on stage, by the name the story calls them."""

    when: Calendar
    users: dict[DemoPerson, User]

    def __getitem__(self, person: DemoPerson) -> User:
        return self.users[person]

    @property
    def directors(self) -> tuple[User, User]:
        return self[people.BRAM], self[people.CARLA]


def tell(*, now: datetime) -> None:
    """Tell the whole story into an empty database, up to `now`'s Monday."""
    when = Calendar(now.date())
    opened = when.at(5, 1, 9)
    stage = Stage(when, {person: make_account(person, at=opened) for person in people.DEMO_PEOPLE})
    enter_terms(director=stage[people.BRAM], effective_on=when.day(5, 1), at=opened)
    know_people(when, by=stage[people.SOFIE])
    ines, pieter = _partners(stage)
    _halden(stage, Teller(ines))
    _ines_others(stage, Teller(ines))
    _won(stage, Teller(ines), Teller(pieter))
    first_invoices(when, by=stage[people.FEMKE])
    first_accounts(when)
    first_payout(when, by=stage[people.FEMKE], approver=stage[people.NOAH])
    close_the_summer(when, by=stage[people.FEMKE])
    autumn_invoices(when, by=stage[people.FEMKE])
    customers_owe(when, by=stage[people.FEMKE])
    invoices_that_wait(when, by=stage[people.FEMKE])
    _karl_and_leila(stage)
    karl = Teller(Partner.objects.get(user=stage[people.KARL]))
    a_payout_comes_back(
        karl, when, host=stage[people.TOM], finance=stage[people.FEMKE], approver=stage[people.NOAH]
    )
    months_are_closed(when, until=now)
    two_entries_are_contested(ines, when, finance=stage[people.FEMKE])
    election_changed(when, director=stage[people.BRAM])
    later_accounts(when, now=now)
    the_next_run_waits(when, finance=stage[people.FEMKE])
    openings_move_in(
        karl, when, host=stage[people.TOM], finance=stage[people.FEMKE], approver=stage[people.NOAH]
    )
    times_under_way(Teller(ines), karl, when, tom=stage[people.TOM])
    contested(Teller(ines), karl, when, seller=stage[people.TOM])
    envelopes_under_way(when, stage.users)
    applications(when, directors=stage.directors, recruiter=ines)
    preview_a_file(by=stage[people.BRAM], at=when.at(20, 11, 9))
    rosa_left_and_leila_leaves(stage[people.ROSA], stage[people.LEILA], when, directors=stage.directors)
    people_who_object_and_who_are_tried(
        when,
        karl=stage[people.KARL],
        pieter=stage[people.PIETER],
        lead=stage[people.SIMON],
        host=stage[people.TOM],
    )
    open_channels(by=stage[people.SIMON], opened=opened)
    use_channels(at=when.at(20, 11))
    fill_in_profiles(at=when.at(4, 11, 9))
    fill_library(when, by=stage[people.CARLA], readers=[ines, pieter])
    write_guides(when, by=stage[people.SOFIE], draft_by=stage[people.PRIYA])
    _comments(stage)
    sales_at_work(when, stage.users)
    save_views(when, seller=stage[people.TOM], lead=stage[people.SIMON])
    two_at_one_company(
        when,
        karl=stage[people.KARL],
        leila=stage[people.LEILA],
        tom=stage[people.TOM],
        lead=stage[people.SIMON],
    )


def _partners(stage: Stage) -> tuple[Partner, Partner]:
    when = stage.when
    ines = become_partner(
        stage[people.INES],
        answers={
            "display_name": "Ines Marchetti",
            "legal_name": "Marchetti Advisory",
            "country": "NL",
            "tax_number": "NL004417230B12",
            "knows_field": "Ten years of product search in retail.",
            "can_open": "Retail, energy and rail in Italy and the Netherlands.",
            "listing_consent": True,
        },
        directors=stage.directors,
        signed_at=when.at(3, 3, 11),
    )
    invitation = invite_recruit(partner=ines, email=people.PIETER.email, by=ines.user, at=when.at(18, 5, 9))
    pieter = become_partner(
        stage[people.PIETER],
        answers={
            "display_name": "Pieter Vos",
            "legal_name": "Vos & Partners",
            "country": "BE",
            "tax_number": "BE0123456749",
            "knows_field": "Permits and protocols in ports and pharma.",
            "can_open": "Port authorities and their shippers.",
            "listing_consent": True,
        },
        directors=stage.directors,
        invitation=invitation,
        signed_at=when.at(1, 6, 10),
    )
    return ines, pieter


def _halden(stage: Stage, ines: Teller) -> None:
    """Joanna Pohl of Halden Retail: two windows, a third use case, two colleagues."""
    when, tom = stage.when, stage[people.TOM]
    search = ines.defines(
        "Product search by description",
        "Shoppers describe what they want in their own words and find nothing.",
        at=when.at(1, 6),
        value="A tenth more finished searches.",
    )
    joanna = ines.registers(
        "Joanna Pohl",
        "Head of Search",
        "Halden Retail",
        "joanna.pohl@halden.example",
        at=when.at(2, 6),
        relation="We built the first product search at Halden together.",
        use_cases=[search],
    )
    first = ines.books(joanna, tom, at=when.at(2, 6, 11), starts_at=when.at(9, 6, 15), use_cases=[search])
    host_says_warm(
        first,
        at=when.at(10, 6),
        discussed=[search],
        colleagues=[Colleague("Dirk", "Aalbers", "dirk.aalbers@halden.example", "Director of Data")],
    )
    dirk = _colleague("Dirk Aalbers")
    meeting = ines.books(dirk, tom, at=when.at(22, 7, 16), starts_at=when.at(30, 7, 11), use_cases=[search])
    host_says_warm(meeting, at=when.at(30, 7, 16), discussed=[search])
    assistant = ines.defines(
        "Store-associate assistant",
        "Staff in the shop can't answer what only the manuals know.",
        at=when.at(10, 9),
        about=joanna,
    )
    ines.elects(assistant, CommissionModel.FIRST_INVOICE, at=when.at(11, 9))
    second = ines.books(
        joanna, tom, at=when.at(11, 9, 12), starts_at=when.at(17, 9, 14), use_cases=[assistant]
    )
    host_says_warm(second, at=when.at(18, 9), discussed=[assistant])
    again = ines.books(dirk, tom, at=when.at(1, 10), starts_at=when.at(6, 10, 9), use_cases=[search])
    host_says_warm(
        again,
        at=when.at(6, 10, 12),
        discussed=[search],
        colleagues=[Colleague("Wiebke", "Sanders", "wiebke.sanders@halden.example", "Procurement Lead")],
    )
    wiebke = _colleague("Wiebke Sanders")
    ines.books(wiebke, tom, at=when.at(6, 10, 17), starts_at=when.at(27, 11, 10), use_cases=[search])
    ines.defines(
        "Returns-policy answers", "Every third call is about returns.", at=when.at(2, 11), about=joanna
    )
    proposal = deal_of(search)
    update_deal(
        deal=proposal,
        expected_net=Decimal(50400),
        expected_on=when.day(4, 12),
        currency="EUR",
        customer_reference="HALDEN-SEARCH",
        reseller_name="",
        by=tom,
        at=when.at(12, 11, 9),
    )
    move_deal(deal=proposal, stage=DealStage.PROPOSAL, by=tom, at=when.at(12, 11))


def _colleague(name: str) -> Referral:
    first, _space, last = name.partition(" ")
    return Referral.objects.get(first_name=first, last_name=last)


def _comments(stage: Stage) -> None:
    """Tom asks about a use case; Ines answers. The definition stays hers (C8)."""
    case = UseCase.objects.get(title="Returns-policy answers")
    question = "Good one. How many calls a month, and are they recorded?"
    answer = "About 9,000, recorded since spring. Joanna finds out whether we may use them."
    for by, text, hour in ((stage[people.TOM], question, 9), (stage[people.INES], answer, 16)):
        comment_on_use_case(use_case=case, text=text, by=by, at=stage.when.at(12, 11, hour))


def _ines_others(stage: Stage, ines: Teller) -> None:
    when = stage.when
    tom, priya, sofie = stage[people.TOM], stage[people.PRIYA], stage[people.SOFIE]
    ines.registers(
        "Noor Haddad", "Head of Archive", "Tessel Media", "noor.haddad@tessel.example", at=when.at(28, 9)
    )
    manuals = ines.defines(
        "Maintenance-manual search",
        "Fitters leaf through 4,000 pages while the line stands still.",
        at=when.at(12, 10, 9),
    )
    lukas = ines.registers(
        "Lukas Brenner",
        "Head of Maintenance",
        "Ferrum Werke",
        "lukas.brenner@ferrum.example",
        at=when.at(12, 10, 10),
        use_cases=[manuals],
    )
    ines.books(lukas, priya, at=when.at(19, 11), starts_at=when.at(26, 11, 14), use_cases=[manuals])
    hanne = ines.registers(
        "Hanne Mikkelsen",
        "Claims Director",
        "Alder Insurance",
        "hanne.mikkelsen@alder.example",
        at=when.at(2, 11),
    )
    short = ines.books(hanne, sofie, at=when.at(3, 11), starts_at=when.at(13, 11, 11))
    host_says_not_warm(short, "No use case was discussed.", at=when.at(16, 11, 9))
    timetable = ines.defines(
        "Timetable questions for passengers", "Callers ask in whole sentences.", at=when.at(4, 10)
    )
    mila = ines.registers(
        "Mila Novak",
        "Data Platform Lead",
        "Ostrava Rail",
        "mila.novak@ostrava-rail.example",
        at=when.at(5, 10),
        use_cases=[timetable],
    )
    ines.defines("Search over maintenance logs", "Ten years of notes by hand.", at=when.at(6, 10), about=mila)
    met = ines.books(mila, tom, at=when.at(9, 11), starts_at=when.at(20, 11, 15), use_cases=[timetable])
    is_asked(met, at=met.ends_at)


def _won(stage: Stage, ines: Teller, pieter: Teller) -> None:
    """Three deals won: Noordlicht and Kestrel by Ines, Scheldt by Pieter."""
    when, tom, sofie = stage.when, stage[people.TOM], stage[people.SOFIE]
    for teller, host, title, person, model, met, signed, reference in (
        (
            ines,
            tom,
            "Grid-incident lookup",
            (
                "Femke Aardema",
                "Grid Operations Lead",
                "Noordlicht Energie",
                "femke.aardema@noordlicht.example",
            ),
            CommissionModel.FIRST_INVOICE,
            (14, 4),
            (12, 6),
            "NOORDLICHT-2026",
        ),
        (
            ines,
            sofie,
            "Literature search",
            ("Owen Hughes", "Head of Research IT", "Kestrel Biotech", "owen.hughes@kestrel.example"),
            CommissionModel.RECURRING,
            (12, 5),
            (25, 8),
            "KESTREL-2026",
        ),
        (
            pieter,
            tom,
            "Permit search",
            ("Bart Claes", "Permits Manager", "Scheldt Ports", "bart.claes@scheldt.example"),
            CommissionModel.RECURRING,
            (22, 6),
            (17, 8),
            "SCHELDT-2026",
        ),
    ):
        use_case = teller.defines(
            title, "What people look for is there and can't be found.", at=when.at(met[0] - 6, met[1])
        )
        teller.elects(use_case, model, at=when.at(met[0] - 6, met[1], 11))
        referral = teller.registers(*person, at=when.at(met[0] - 6, met[1], 12), use_cases=[use_case])
        meeting = teller.books(
            referral,
            host,
            at=when.at(met[0] - 5, met[1]),
            starts_at=when.at(*met, 11),
            use_cases=[use_case],
            medium=Medium.IN_PERSON,
        )
        host_says_warm(meeting, at=when.at(*met, 16), discussed=[use_case])
        deal = deal_of(use_case)
        update_deal(
            deal=deal,
            expected_net=None,
            expected_on=None,
            currency="EUR",
            customer_reference=reference,
            reseller_name="",
            by=host,
            at=when.at(*signed, 9),
        )
        win_deal(deal=deal, signed_on=when.day(*signed), by=host, at=when.at(*signed, 15))


def _karl_and_leila(stage: Stage) -> None:
    """Two more partners, so that the desk has something to look at."""
    when = stage.when
    karl = Teller(
        become_partner(
            stage[people.KARL],
            answers={
                "display_name": "Karl Jensen",
                "legal_name": "Jensen Industri",
                "country": "DK",
                "knows_field": "Service manuals in manufacturing.",
                "can_open": "Machine builders.",
                "listing_consent": True,
            },
            directors=stage.directors,
            signed_at=when.at(9, 2, 14),
        )
    )
    leila = Teller(
        become_partner(
            stage[people.LEILA],
            answers={
                "display_name": "Leila Haddad",
                "legal_name": "Haddad & Co",
                "country": "BE",
                "knows_field": "Policies, claims and complaints.",
                "can_open": "Insurers and banks.",
                "listing_consent": True,
            },
            directors=stage.directors,
            signed_at=when.at(16, 2, 14),
        )
    )
    tom, priya, sofie = stage[people.TOM], stage[people.PRIYA], stage[people.SOFIE]
    for teller, host, title, person, met, stage_of_deal, expected in (
        (
            karl,
            sofie,
            "Trial-protocol search",
            ("Rik Vermeer", "Clinical Data Lead", "Amstel Pharma", "rik.vermeer@amstel.example"),
            (26, 5),
            DealStage.CONTRACT_OUT,
            48000,
        ),
        (
            leila,
            tom,
            "Policy answers for branches",
            ("Elena Popescu", "Head of Branch Service", "Danubia Bank", "elena.popescu@danubia.example"),
            (1, 6),
            DealStage.NEGOTIATING,
            36000,
        ),
        (
            karl,
            sofie,
            "Spare-part lookup",
            ("Samuel Okoye", "After-sales Director", "Lager Nord", "samuel.okoye@lagernord.example"),
            (15, 6),
            DealStage.PROPOSAL,
            22800,
        ),
        (
            leila,
            priya,
            "Itinerary assistant",
            ("Aiko Tanabe", "Product Manager", "Meridian Travel", "aiko.tanabe@meridian.example"),
            (17, 6),
            DealStage.DISCOVERY,
            None,
        ),
        (
            karl,
            priya,
            "Incident lookup",
            ("Greta Lund", "Control Room Lead", "Fjordlys Kraft", "greta.lund@fjordlys.example"),
            (6, 7),
            DealStage.PROPOSAL,
            31500,
        ),
    ):
        use_case = teller.defines(
            title, "What people look for is there and can't be found.", at=when.at(met[0], met[1], 8)
        )
        referral = teller.registers(*person, at=when.at(met[0], met[1], 9), use_cases=[use_case])
        meeting = teller.books(
            referral, host, at=when.at(met[0], met[1], 10), starts_at=when.at(*met, 14), use_cases=[use_case]
        )
        host_says_warm(meeting, at=when.at(*met, 17), discussed=[use_case])
        deal = deal_of(use_case)
        if expected:
            update_deal(
                deal=deal,
                expected_net=Decimal(expected),
                expected_on=None,
                currency="EUR",
                customer_reference="",
                reseller_name="",
                by=host,
                at=when.at(1, 11),
            )
        move_deal(deal=deal, stage=stage_of_deal, by=host, at=when.at(2, 11))
    yusuf = leila.registers(
        "Yusuf Demir", "Claims Manager", "Atlas Claims", "yusuf.demir@atlas.example", at=when.at(2, 11, 11)
    )
    asked = leila.books(yusuf, tom, at=when.at(3, 11, 11), starts_at=when.at(18, 11, 10))
    is_asked(asked, at=asked.ends_at)
