"""Deals that earned before this system: sums stand for themselves, caps and first invoices go on (ADR 22)."""

from datetime import date

from tests.unit.commissions.worked.shape import (
    Before,
    Bill,
    Example,
    Item,
    Paper,
    comes,
    credited,
    paid,
    refunded,
    yearly,
)

# They met in July 2026 and signed soon after; a spreadsheet was kept until the last day of 2027.
UNTIL = date(2027, 12, 31)
CAP_START = date(2026, 9, 1)  # so three years end on 31 August 2029
JANUARY_2028, JULY_2029 = date(2028, 1, 1), date(2029, 7, 1)
BEFORE = Before(UNTIL, CAP_START, recurring=2, first_taken=True, earned="2400", paid="1200")
TWO_OF_FOUR = (Paper(cap=4, unit="invoices"),)


def example(
    says: str, bills: tuple[Bill, ...], *story: object, sum: str, before: Before = BEFORE, **more: object
) -> Example:
    return Example(says, "C5", bills, story, sum, before=before, **more)


OPENINGS = (
    example(
        "A year inside the cap pays as any other: what was earned before changes no sum here.",
        (yearly("12000", on=JANUARY_2028),),
        paid("12000", "10% × 12,000 = 1,200.00"),
        sum="1200.00",
    ),
    example(
        "The cap runs from the first service day before: of a year from July 2029, two months are inside.",
        (yearly("36500", on=JULY_2029),),
        paid("36500", "10% × 36,500 × (31 + 31)/365 = 620.00"),
        sum="620.00",
    ),
    example(
        "An invoice here with an earlier service day moves the cap's start there, as the clause says.",
        (
            Bill("SI-1", (Item("100", date(2026, 8, 1), date(2026, 8, 1)),), JANUARY_2028),
            yearly("36500", "SI-2", on=JULY_2029),
        ),
        paid("100", "10% × 100 = 10.00"),
        paid("36500", "10% × 36,500 × 31/365 = 310.00", bill="SI-2"),
        sum="320.00",
    ),
    example(
        "After two invoices before, of four that count, two here count and the third doesn't.",
        (
            yearly("1000", on=JANUARY_2028),
            yearly("1000", "SI-2", on=date(2029, 1, 1)),
            yearly("1000", "SI-3", on=date(2030, 1, 1)),
        ),
        paid("1000", "10% × 1,000 = 100.00"),
        paid("1000", "10% × 1,000 = 100.00", bill="SI-2"),
        paid("1000", "10% × 0 = 0.00", bill="SI-3"),
        sum="200.00",
        papers=TWO_OF_FOUR,
    ),
    example(
        "One of the two counted before is here too, half unpaid: it counts once, and pays its other half.",
        (
            yearly("1000", on=date(2027, 9, 1)),
            yearly("1000", "SI-2", on=JANUARY_2028),
            yearly("1000", "SI-3", on=date(2029, 1, 1)),
            yearly("1000", "SI-4", on=date(2030, 1, 1)),
        ),
        paid("500", "10% × 1,000 × 0/1,000 = 0.00", on=UNTIL),
        paid("500", "10% × 1,000 × 500/1,000 = 50.00", on=JANUARY_2028),
        paid("1000", "10% × 1,000 = 100.00", bill="SI-2"),
        paid("1000", "10% × 1,000 = 100.00", bill="SI-3"),
        paid("1000", "10% × 0 = 0.00", bill="SI-4"),
        sum="250.00",
        papers=TWO_OF_FOUR,
    ),
    example(
        "An invoice dated on that very day is among those counted before.",
        (
            yearly("1000", on=UNTIL),
            yearly("1000", "SI-2", on=date(2028, 12, 1)),
            yearly("1000", "SI-3", on=date(2029, 12, 1)),
            yearly("1000", "SI-4", on=date(2030, 12, 1)),
        ),
        paid("1000", "10% × 1,000 = 100.00", on=JANUARY_2028),
        paid("1000", "10% × 1,000 = 100.00", bill="SI-2"),
        paid("1000", "10% × 1,000 = 100.00", bill="SI-3"),
        paid("1000", "10% × 0 = 0.00", bill="SI-4"),
        sum="300.00",
        papers=TWO_OF_FOUR,
    ),
    example(
        "What was paid and given back until that day was counted then: neither counts here.",
        (yearly("1000", on=date(2027, 9, 1)),),
        paid("1000", "10% × 1,000 × 0/1,000 = 0.00", on=date(2027, 10, 1)),
        refunded("400", "10% × 1,000 × 0/1,000 = 0.00", on=UNTIL),
        paid("400", "10% × 1,000 × 400/1,000 = 40.00", on=JANUARY_2028),
        sum="40.00",
    ),
    example(
        "A credit after that day lessens what the rest of the invoice pays, and takes nothing from before.",
        (yearly("1000", on=date(2027, 9, 1)),),
        paid("500", "10% × 1,000 × 0/1,000 = 0.00", on=date(2027, 10, 1)),
        credited("300", "10% × 700 × 0/700 = 0.00", on=JANUARY_2028),
        paid("200", "10% × 700 × 200/700 = 20.00", on=JANUARY_2028),
        sum="20.00",
    ),
    example(
        "The first invoice was before: none here is the first, and none pays.",
        (yearly("12000", on=JANUARY_2028),),
        paid("12000", "25% × 0 = 0.00"),
        sum="0",
        model="first_invoice",
        papers=(Paper(y="25"),),
    ),
    example(
        "The first invoice came before that day and was paid after it: the earliest here is the first.",
        (yearly("1000", on=date(2027, 12, 1)), yearly("12000", "SI-2", on=JANUARY_2028)),
        paid("1000", "25% × 1,000 = 250.00", on=JANUARY_2028),
        paid("12000", "25% × 0 = 0.00", bill="SI-2"),
        sum="250.00",
        model="first_invoice",
        papers=(Paper(y="25"),),
        before=Before(UNTIL),
    ),
    example(
        "A recruiter paid by first invoices gets nothing more when the first was before.",
        (yearly("12000", on=JANUARY_2028),),
        paid("12000", "10% × 12,000 = 1,200.00"),
        sum="1200.00",
        recruiter=(Paper(basis="first_invoice"),),
    ),
    example(
        "A recruiter paid by commissions gets their share of what is earned here, not of what was before.",
        (yearly("12000", on=JANUARY_2028),),
        paid("12000", "10% × 12,000 = 1,200.00", "bonus: 10% × 1,200 = 120.00"),
        sum="1200.00",
        bonus_sum="120.00",
        recruiter=(Paper(),),
    ),
    example(
        "An invoice that comes before its payment earns nothing before, after an opening too.",
        (yearly("12000", on=JANUARY_2028),),
        comes("SI-1", "10% × 12,000 × 0/12,000 = 0.00"),
        sum="0",
    ),
)
