"""How long recurring revenue pays: caps in years and in invoices, and whose contract counts."""

from datetime import date, timedelta

from tests.unit.commissions.worked.shape import (
    Bill,
    Example,
    Item,
    Paper,
    comes,
    credited,
    paid,
    yearly,
)

ONE_YEAR = (Paper(cap=1),)
FIRST = yearly("12000")  # 1 September 2026: three years end on 31 August 2029
JANUARY_2029, SEPTEMBER_2029 = date(2029, 1, 1), date(2029, 9, 1)
MARCH_2027 = date(2027, 3, 1)
LEAP_YEAR = yearly("366", "SI-2", on=MARCH_2027)  # to 29 February 2028: 366 days


def example(says: str, bills: tuple[Bill, ...], *story: object, sum: str, **more: object) -> Example:
    return Example(says, "C5", bills, story, sum, **more)


def service(net: str, first: date, last: date, number: str = "SI-2") -> Bill:
    return Bill(number, (Item(net, first, last),), first)


def invoices(count: int) -> tuple[Paper, ...]:
    return (Paper(cap=count, unit="invoices"),)


CAPS = (
    example(
        "The last year of service straddles the cap: its days inside count.",  # programme.md
        (FIRST, yearly("36500", "SI-2", on=JANUARY_2029)),
        paid("36500", "10% × 36,500 × 243/365 = 2,430.00", bill="SI-2"),
        sum="2430.00",
    ),
    example(
        "Four years paid at once: three of them count, by days, the leap day with them.",
        (service("14610", date(2026, 9, 1), date(2030, 8, 31), "SI-1"),),
        paid("14610", "10% × 14,610 × (365 + 366 + 365)/(365 + 366 + 365 + 365) = 1,096.00"),
        sum="1096.00",
    ),
    example(
        "Three years paid at once are all inside.",
        (service("30000", date(2026, 9, 1), date(2029, 8, 31), "SI-1"),),
        paid("30000", "10% × 30,000 × 1,096/1,096 = 3,000.00"),
        sum="3000.00",
    ),
    example(
        "The third year is the last that counts: the fourth brings nothing.",
        (
            FIRST,
            yearly("12000", "SI-2", on=date(2027, 9, 1)),
            yearly("12000", "SI-3", on=date(2028, 9, 1)),
            yearly("12000", "SI-4", on=SEPTEMBER_2029),
        ),
        paid("12000", "10% × 12,000 = 1,200.00"),
        paid("12000", "10% × 12,000 = 1,200.00", bill="SI-2"),
        paid("12000", "10% × 12,000 = 1,200.00", bill="SI-3"),
        paid("12000", "10% × 12,000 × 0/365 = 0.00", bill="SI-4"),
        sum="3600.00",
    ),
    example(
        "A service on the cap's last day counts, as that day is inside …",
        (FIRST, service("100", date(2029, 8, 31), date(2029, 8, 31))),
        paid("100", "10% × 100 × 1/1 = 10.00", bill="SI-2"),
        sum="10.00",
    ),
    example(
        "… and one on the next day doesn't.",
        (FIRST, service("100", SEPTEMBER_2029, SEPTEMBER_2029)),
        paid("100", "10% × 100 × 0/1 = 0.00", bill="SI-2"),
        sum="0",
    ),
    example(
        "A month that begins on the cap's last day counts with one of its thirty days.",
        (FIRST, service("300", date(2029, 8, 31), date(2029, 9, 29))),
        paid("300", "10% × 300 × 1/30 = 1.00", bill="SI-2"),
        sum="1.00",
    ),
    example(
        "The twelfth quarter is the last, and counts whole.",
        (FIRST, service("3000", date(2029, 6, 1), date(2029, 8, 31))),
        paid("3000", "10% × 3,000 × 92/92 = 300.00", bill="SI-2"),
        sum="300.00",
    ),
    example(
        "The cap counts service days, not payments: paid years later, the same is due.",
        (FIRST,),
        paid("12000", "10% × 12,000 = 1,200.00", on=date(2031, 5, 2)),
        sum="1200.00",
    ),
    example(
        "Two recurring lines on one invoice, each with its own days.",
        (
            FIRST,
            Bill(
                "SI-2",
                (
                    Item("1000", date(2028, 9, 1), date(2029, 8, 31)),
                    Item("36500", JANUARY_2029, date(2029, 12, 31)),
                ),
                JANUARY_2029,
            ),
        ),
        paid("37500", "10% × (1,000 + 36,500 × 243/365) = 2,530.00", bill="SI-2"),
        sum="2530.00",
    ),
    example(
        "A year that straddles the cap, a part of it credited, half of the rest paid: rounded once.",
        (FIRST, yearly("36500", "SI-2", on=JANUARY_2029)),
        credited("7300", "10% × 29,200 × 243/365 × 0/29,200 = 0.00", bill="SI-2"),
        paid("14600", "10% × 29,200 × 243/365 × 14,600/29,200 = 972.00", bill="SI-2"),
        sum="972.00",
    ),
    example(
        "Days and payments make fractions, and only the end is rounded.",
        (FIRST, yearly("1000", "SI-2", on=JANUARY_2029)),
        paid("333.33", "10% × 1,000 × 243/365 × 333.33/1,000 ≈ 22.19", bill="SI-2"),  # 22.191 …
        paid("666.67", "10% × 1,000 × 243/365 ≈ 66.58; 66.58 − 22.19 = 44.39", bill="SI-2"),  # 66.575 …
        sum="66.58",
    ),
    example(
        "Not even the eligible net is rounded on the way: 100.149… is no 100.15, and no cent more is due.",
        (FIRST, yearly("150.43", "SI-2", on=JANUARY_2029)),
        paid("150.43", "10% × 150.43 × 243/365 ≈ 10.01", bill="SI-2"),  # 10.0149 …
        sum="10.01",
    ),
    # --- leap years ---------------------------------------------------------------------------------
    example(
        "A cap of a year from 1 March 2027 ends on the leap day.",
        (service("100", MARCH_2027, MARCH_2027, "SI-1"), yearly("36600", "SI-2", on=date(2028, 1, 1))),
        paid("36600", "10% × 36,600 × (31 + 29)/366 = 600.00", bill="SI-2"),
        sum="600.00",
        papers=ONE_YEAR,
    ),
    example(
        "From a leap day, a year later is 28 February: the cap's last day is the day before that.",
        (service("3660", date(2028, 2, 29), date(2029, 2, 28), "SI-1"),),
        paid("3660", "10% × 3,660 × 365/366 = 365.00"),
        sum="365.00",
        papers=ONE_YEAR,
    ),
    # --- where the cap begins -----------------------------------------------------------------------
    example(
        "The cap leaves a year that is fully credited, and begins with the next service.",
        (yearly("100"), LEAP_YEAR),
        paid("100", "10% × 100 = 10.00"),
        paid("366", "10% × 366 × 184/366 = 18.40", bill="SI-2"),  # 1 March to 31 August 2027
        credited("100", "0.00 − 10.00 = −10.00", "SI-2: 10% × 366 × 366/366 − 18.40 = 18.20", item=1),
        sum="36.60",
        papers=ONE_YEAR,
    ),
    example(
        "A year that is credited but for one euro still begins the cap.",
        (yearly("100"), LEAP_YEAR),
        paid("100", "10% × 100 = 10.00"),
        paid("366", "10% × 366 × 184/366 = 18.40", bill="SI-2"),
        credited(
            "99",
            "10% × 1 × min(1, 100/1) − 10.00 = −9.90",
            "SI-2: 10% × 366 × 184/366 − 18.40 = 0.00",
        ),
        sum="18.50",
        papers=ONE_YEAR,
    ),
    example(
        "An earlier service that becomes known late moves the cap for what was written before.",
        (yearly("100"), LEAP_YEAR),
        comes("SI-2"),
        paid("366", "10% × 366 × 366/366 = 36.60", bill="SI-2"),
        comes("SI-1", "SI-2: 10% × 366 × 184/366 − 36.60 = −18.20"),
        sum="18.40",
        papers=ONE_YEAR,
    ),
    example(
        "A one-off invoice before begins no cap.",
        (Bill("SI-1", (Item("500"),)), LEAP_YEAR),
        paid("500", "10% × 0 = 0.00"),
        paid("366", "10% × 366 × 366/366 = 36.60", bill="SI-2"),
        sum="36.60",
        papers=ONE_YEAR,
    ),
    example(
        "The cap begins with the service, not with the invoice: billed early, the whole year counts.",
        (Bill("SI-1", (Item("365", date(2026, 12, 1), date(2027, 11, 30)),)),),
        paid("365", "10% × 365 × 365/365 = 36.50"),
        sum="36.50",
        papers=ONE_YEAR,
    ),
    example(
        "A one-off line may say for which days it is, and begins no cap either.",
        (
            Bill(
                "SI-1",
                (
                    Item("365", date(2026, 12, 1), date(2027, 11, 30)),
                    Item("500", date(2026, 9, 1), date(2026, 9, 30), one_off=True),
                ),
            ),
        ),
        paid("865", "10% × 365 × 365/365 × 865/865 = 36.50"),
        sum="36.50",
        papers=ONE_YEAR,
    ),
    example(
        "A service long after the cap brings nothing, and takes nothing from the line beside it.",
        (
            FIRST,
            Bill(
                "SI-2",
                (
                    Item("1000", date(2028, 9, 1), date(2029, 8, 31)),
                    Item("365", date(2031, 1, 1), date(2031, 12, 31)),
                ),
                JANUARY_2029,
            ),
        ),
        paid("1365", "10% × (1,000 + 365 × 0/365) = 100.00", bill="SI-2"),
        sum="100.00",
    ),
    example(
        "The fact that moves the cap is named by what it changes, whatever comes after it.",
        (
            Bill(
                "SI-1",
                (
                    Item("100", date(2026, 9, 1), date(2026, 9, 30)),
                    Item("100", date(2027, 1, 1), date(2027, 12, 31)),
                ),
            ),
            LEAP_YEAR,
            service("50", date(2040, 1, 1), date(2040, 1, 1), "SI-3"),
        ),
        paid("366", "10% × 366 × 184/366 = 18.40", bill="SI-2"),
        credited("100", "SI-2: 10% × 366 × 306/366 − 18.40 = 12.20", item=1),  # the cap is all of 2027
        paid("50", "10% × 50 × 0/1 = 0.00", bill="SI-3"),
        sum="30.60",
        papers=ONE_YEAR,
    ),
    # --- a cap in invoices --------------------------------------------------------------------------
    example(
        "A cap of two invoices counts the first two with recurring lines, by date, then number.",
        (
            Bill("SI-8", (Item("100"),)),
            yearly("100", "SI-10", on=date(2026, 10, 1)),
            yearly("100", "SI-9", on=date(2026, 10, 1)),
            yearly("100", "SI-11", on=date(2026, 11, 1)),
        ),
        paid("100", "10% × 0 = 0.00", bill="SI-8"),
        paid("100", "10% × 100 = 10.00", bill="SI-10"),
        paid("100", "10% × 100 = 10.00", bill="SI-9"),
        paid("100", "10% × 0 = 0.00", bill="SI-11"),
        sum="20.00",
        papers=invoices(2),
    ),
    example(
        "Of two invoices of one day, number 9 comes before number 10.",
        (yearly("1000", "SI-9"), yearly("700", "SI-10")),
        comes("SI-10"),
        paid("700", "10% × 700 = 70.00", bill="SI-10"),
        comes("SI-9", "SI-10: 10% × 0 − 70.00 = −70.00"),
        paid("1000", "10% × 1,000 = 100.00", bill="SI-9"),
        sum="100.00",
        papers=invoices(1),
    ),
    example(
        "An invoice that is fully credited takes no place: the next one gets it.",
        (yearly("1000"), yearly("500", "SI-2", on=date(2027, 9, 1))),
        paid("1000", "10% × 1,000 = 100.00"),
        paid("500", "10% × 0 = 0.00", bill="SI-2"),
        credited("1000", "0.00 − 100.00 = −100.00", "SI-2: 10% × 500 × 500/500 = 50.00"),
        sum="50.00",
        papers=invoices(1),
    ),
    example(
        "The fact that frees a place is named by what it changes, whatever comes after it.",
        (
            yearly("1000"),
            yearly("500", "SI-2", on=date(2027, 9, 1)),
            yearly("300", "SI-3", on=date(2028, 9, 1)),
            yearly("200", "SI-4", on=date(2029, 9, 1)),
        ),
        paid("1000", "10% × 1,000 = 100.00"),
        paid("500", "10% × 500 = 50.00", bill="SI-2"),
        paid("300", "10% × 0 = 0.00", bill="SI-3"),
        credited("500", "0.00 − 50.00 = −50.00", "SI-3: 10% × 300 × 300/300 = 30.00", bill="SI-2"),
        paid("200", "10% × 0 = 0.00", bill="SI-4"),
        sum="130.00",
        papers=invoices(2),
    ),
    example(
        "A cap in invoices asks for no days: five years on one invoice count whole.",
        (service("50000", date(2026, 9, 1), date(2031, 8, 31), "SI-1"),),
        paid("50000", "10% × 50,000 = 5,000.00"),
        sum="5000.00",
        papers=invoices(1),
    ),
    # --- contracts ----------------------------------------------------------------------------------
    example(
        "A new contract between two payments: the rate of the invoice's first entry is the rate of all.",
        (yearly("1000"),),
        paid("400", "10% × 1,000 × 400/1,000 = 40.00", on=date(2026, 9, 10)),
        paid("600", "10% × 1,000 × 1,000/1,000 − 40.00 = 60.00", on=date(2026, 11, 10)),
        sum="100.00",
        papers=(Paper(), Paper(date(2026, 10, 1), x="15")),
    ),
    example(
        "The next invoice has the rate of the new contract.",
        (yearly("1000"), yearly("1000", "SI-2", on=date(2027, 9, 1))),
        paid("1000", "10% × 1,000 = 100.00"),
        paid("1000", "15% × 1,000 = 150.00", bill="SI-2"),
        sum="250.00",
        papers=(Paper(), Paper(date(2026, 10, 1), x="15")),
    ),
    example(
        "An old invoice that is first paid under the new contract has the new rate.",
        (yearly("1000"),),
        paid("1000", "15% × 1,000 = 150.00", on=date(2026, 10, 1)),
        sum="150.00",
        papers=(Paper(), Paper(date(2026, 10, 1), x="15")),
    ),
    example(
        "On the day it is signed a new contract counts, and what follows on the invoice keeps its rate.",
        (yearly("1000"),),
        paid("500", "15% × 500 = 75.00", on=date(2026, 10, 1)),
        paid("500", "15% × 1,000 − 75.00 = 75.00", on=date(2026, 11, 1)),
        sum="150.00",
        papers=(Paper(), Paper(date(2026, 10, 1), x="15")),
    ),
    example(
        "On the day before it is signed a new contract says nothing yet.",
        (yearly("1000"),),
        paid("1000", "10% × 1,000 = 100.00", on=date(2026, 10, 1) - timedelta(days=1)),
        sum="100.00",
        papers=(Paper(), Paper(date(2026, 10, 1), x="15")),
    ),
    example(
        "A credit under the new contract is taken back at the rate it was earned at.",
        (yearly("1000"),),
        paid("1000", "10% × 1,000 = 100.00", on=date(2026, 9, 10)),
        credited("200", "10% × 800 × min(1, 1,000/800) − 100.00 = −20.00", on=date(2026, 12, 1)),
        sum="80.00",
        papers=(Paper(), Paper(date(2026, 10, 1), x="15")),
    ),
)
