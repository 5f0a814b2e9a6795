"""Y% of the first invoice: which one it is, what of it counts, and what replaces it."""

from datetime import date

from tests.unit.commissions.worked.shape import (
    INVOICED,
    Bill,
    Example,
    Item,
    Paper,
    comes,
    credited,
    paid,
    refunded,
    with_one_off,
    written_off,
    yearly,
)

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def example(says: str, bills: tuple[Bill, ...], *story: object, sum: str, **more: object) -> Example:
    return Example(says, "C5", bills, story, sum, model="first_invoice", **more)


FIRST_INVOICES = (
    example(
        "At 10%, half is paid, then a part is credited, then the rest is paid.",  # programme.md
        (yearly("1000"),),
        paid("500", "10% × 1,000 × 500/1,000 = 50.00"),
        credited("300", "10% × 700 × 500/700 − 50.00 = 0.00"),
        paid("200", "10% × 700 × 700/700 − 50.00 = 20.00"),
        sum="70.00",
        papers=(Paper(y="10"),),
    ),
    example(
        "All of the first invoice counts, one-off lines too.",
        (with_one_off("12600", "3000"),),
        paid("15600", "25% × 15,600 = 3,900.00"),
        sum="3900.00",
    ),
    example(
        "All of it counts, however long the service is.",
        (Bill("SI-1", (Item("50000", INVOICED, date(2031, 8, 31)),)),),
        paid("50000", "25% × 50,000 = 12,500.00"),
        sum="12500.00",
    ),
    example(
        "A first invoice that isn't recurring at all is the first invoice.",
        (Bill("SI-1", (Item("2000"),)), yearly("9000", "SI-2", on=OCTOBER)),
        paid("2000", "25% × 2,000 = 500.00"),
        paid("9000", "25% × 0 = 0.00", bill="SI-2"),
        sum="500.00",
    ),
    example(
        "Net of VAT, by the share that is paid.",
        (yearly("1000", gross="1210"),),
        paid("605", "25% × 1,000 × 605/1,210 = 125.00"),
        sum="125.00",
    ),
    example(
        "Three partial payments, with a tie among them.",
        (yearly("999.99"),),
        paid("333.33", "25% × 999.99 × 333.33/999.99 = 83.3325 ≈ 83.33"),
        paid("333.33", "25% × 999.99 × 666.66/999.99 = 166.665 ≈ 166.66; 166.66 − 83.33 = 83.33"),
        paid("333.33", "25% × 999.99 = 249.9975 ≈ 250.00; 250.00 − 166.66 = 83.34"),
        sum="250.00",
    ),
    example(
        "Only the first invoice pays.",
        (yearly("1000"), yearly("2000", "SI-2", on=OCTOBER)),
        paid("1000", "25% × 1,000 = 250.00"),
        paid("2000", "25% × 0 = 0.00", bill="SI-2"),
        sum="250.00",
    ),
    example(
        "The second one pays nothing even while the first is unpaid.",
        (yearly("1000"), yearly("2000", "SI-2", on=OCTOBER)),
        paid("2000", "25% × 0 = 0.00", bill="SI-2"),
        sum="0",
    ),
    example(
        "A credit note takes its part of it back.",
        (yearly("18000"),),
        paid("18000", "25% × 18,000 = 4,500.00"),
        credited("2000", "25% × 16,000 × min(1, 18,000/16,000) − 4,500.00 = −500.00"),
        sum="4000.00",
    ),
    example(
        "A credit for any line lowers it: the first invoice is taken as a whole.",
        (with_one_off("600", "400"),),
        paid("1000", "25% × 1,000 = 250.00"),
        credited("400", "25% × 600 × min(1, 1,000/600) − 250.00 = −100.00", item=2),
        sum="150.00",
    ),
    example(
        "A credit larger than what was paid.",
        (yearly("1000"),),
        paid("300", "25% × 1,000 × 300/1,000 = 75.00"),
        credited("800", "25% × 200 × min(1, 300/200) − 75.00 = −25.00"),
        sum="50.00",
    ),
    example(
        "A credit leaves it the first: credited as a whole, no later invoice takes its place.",
        (yearly("1000"), yearly("2000", "SI-2", on=OCTOBER)),
        paid("1000", "25% × 1,000 = 250.00"),
        credited("1000", "0.00 − 250.00 = −250.00"),
        paid("2000", "25% × 0 = 0.00", bill="SI-2"),
        sum="0.00",
    ),
    example(
        "A refund and a second payment.",
        (yearly("1000"),),
        paid("1000", "25% × 1,000 = 250.00"),
        refunded("1000", "25% × 1,000 × 0/1,000 − 250.00 = −250.00"),
        paid("400", "25% × 1,000 × 400/1,000 − 0.00 = 100.00"),
        sum="100.00",
    ),
    example(
        "Half written off: the half that was paid stays earned, and it stays the first.",
        (yearly("1000"), yearly("2000", "SI-2", on=OCTOBER)),
        paid("500", "25% × 1,000 × 500/1,000 = 125.00"),
        written_off("500", "125.00 − 125.00 = 0.00"),
        paid("2000", "25% × 0 = 0.00", bill="SI-2"),
        sum="125.00",
    ),
    example(
        "A first invoice with a total of zero is skipped.",
        (yearly("0"), yearly("1000", "SI-2", on=OCTOBER)),
        paid("1000", "25% × 1,000 = 250.00", bill="SI-2"),
        sum="250.00",
    ),
    example(
        "Of two invoices of one day, number 9 comes before number 10.",
        (yearly("1000", "SI-9"), yearly("700", "SI-10")),
        comes("SI-10"),
        paid("700", "25% × 700 = 175.00", bill="SI-10"),
        comes("SI-9", "SI-10: 25% × 0 − 175.00 = −175.00"),
        paid("1000", "25% × 1,000 = 250.00", bill="SI-9"),
        sum="250.00",
    ),
    example(
        "An earlier invoice that becomes known late takes the place, and its payment is what counts.",
        (yearly("1000"), yearly("2000", "SI-2", on=OCTOBER)),
        comes("SI-2"),
        paid("2000", "25% × 2,000 = 500.00", bill="SI-2"),
        comes("SI-1", "SI-2: 25% × 0 − 500.00 = −500.00"),
        paid("1000", "25% × 1,000 = 250.00"),
        sum="250.00",
    ),
    example(
        "A first invoice of VAT alone isn't a total of zero: it is the first.",
        (Bill("SI-1", (Item("0"),), gross="21"), yearly("1000", "SI-2", on=OCTOBER)),
        paid("21", "25% × 0 = 0.00"),
        paid("1000", "25% × 0 = 0.00", bill="SI-2"),
        sum="0",
    ),
    # --- replaced -----------------------------------------------------------------------------------
    example(
        "A credit note that names the replacement passes the place on, paid as it is.",
        (yearly("1000"), yearly("2000", "SI-2", on=OCTOBER)),
        paid("1000", "25% × 1,000 = 250.00"),
        paid("2000", "25% × 0 = 0.00", bill="SI-2"),
        credited("1000", "0.00 − 250.00 = −250.00", "SI-2: 25% × 2,000 = 500.00", replaced_by="SI-2"),
        sum="500.00",
    ),
    example(
        "Replaced before anything is paid: the replacement's payment earns.",
        (yearly("1000"), yearly("1200", "SI-2", on=OCTOBER)),
        credited("1000", "0.00 − 0.00 = 0.00", replaced_by="SI-2"),
        paid("1200", "25% × 1,200 = 300.00", bill="SI-2"),
        sum="300.00",
    ),
    example(
        "Credited in part by a note that names a replacement: the place is gone all the same.",
        (yearly("1000"), yearly("600", "SI-2", on=OCTOBER)),
        paid("1000", "25% × 1,000 = 250.00"),
        credited("600", "25% × 0 − 250.00 = −250.00", replaced_by="SI-2"),
        paid("600", "25% × 600 = 150.00", bill="SI-2"),
        sum="150.00",
    ),
    example(
        "A replacement that is replaced itself passes the place on again, over an invoice between them.",
        (
            yearly("1000"),
            yearly("5000", "SI-2", on=OCTOBER),
            yearly("1100", "SI-3", on=OCTOBER),
            yearly("1200", "SI-4", on=NOVEMBER),
        ),
        credited("1000", "0.00 − 0.00 = 0.00", replaced_by="SI-3"),
        paid("1100", "25% × 1,100 = 275.00", bill="SI-3"),
        credited("1100", "0.00 − 275.00 = −275.00", bill="SI-3", replaced_by="SI-4"),
        paid("1200", "25% × 1,200 = 300.00", bill="SI-4"),
        paid("5000", "25% × 0 = 0.00", bill="SI-2"),
        sum="300.00",
    ),
    example(
        "Of two notes that name a replacement the one of the later day counts, whichever came first.",
        (yearly("1000"), yearly("2000", "SI-2", on=OCTOBER), yearly("3000", "SI-3", on=NOVEMBER)),
        credited("500", "0.00 − 0.00 = 0.00", replaced_by="SI-3", on=date(2026, 11, 20)),
        credited("500", "0.00 − 0.00 = 0.00", replaced_by="SI-2", on=date(2026, 11, 10)),
        paid("2000", "25% × 0 = 0.00", bill="SI-2"),
        paid("3000", "25% × 3,000 = 750.00", bill="SI-3"),
        sum="750.00",
    ),
    example(
        "The note that passes the place on is named by what it changes, whatever comes after it.",
        (yearly("1000"), yearly("2000", "SI-2", on=OCTOBER), yearly("3000", "SI-3", on=NOVEMBER)),
        paid("2000", "25% × 0 = 0.00", bill="SI-2"),
        credited("400", "0.00 − 0.00 = 0.00", "SI-2: 25% × 2,000 = 500.00", replaced_by="SI-2"),
        paid("3000", "25% × 0 = 0.00", bill="SI-3"),
        sum="500.00",
    ),
    example(
        "Yen: a quarter of an odd sum.",
        (yearly("1001", currency="JPY"),),
        paid("1001", "25% × 1,001 = 250.25 ≈ 250"),
        sum="250",
    ),
)
