"""How long the neutral refusal takes, by cause: known, owned, barred (C12). Ratios from one run.

    ./dev manage shell < bench/neutral_answer.py

Everything happens in one transaction that is rolled back, so it may run beside the demo. Causes take turns:
whatever else the machine does falls on all of them alike. What a lost race costs shows in
`tests/integration/referrals/test_neutral_answer.py`, statement by statement: its wait is the rival's.
"""

import statistics
import time

from django.db import transaction

from partners.models import Partner
from referrals import rules
from referrals.errors import NotEligible
from referrals.rules import Person
from referrals.services.claims import object_to_contact
from referrals.services.contacts import import_known_contacts
from referrals.services.registration import register_referral
from ssp.core import clock

ROUNDS = 150


def person(cause: str) -> Person:
    """Somebody at one company, whatever the cause."""
    return Person(
        first_name="Jane",
        last_name=f"Neutral{cause}",
        email=f"{cause}@neutral-bench.example",
        company_name="Neutral Bench",
        agreed=True,
    )


def refuse(partner: Partner, who: Person, at: object) -> float:
    """Return the seconds that one refusal takes."""
    began = time.perf_counter()
    try:
        register_referral(partner=partner, person=who, by=partner.user, at=at)
    except NotEligible:
        return time.perf_counter() - began
    raise AssertionError("it was registered")


def main() -> None:
    """Measure, print, take everything back."""
    at = clock.now()
    active = list(Partner.objects.active(at=at).select_related("user")[:2])
    if len(active) < 2:
        print("Two active partners are needed: run it beside the demo.")
        return
    asking, owner = active
    rules.REFUSALS_A_DAY = 10**9
    with transaction.atomic():
        headings, row = b"email,first_name,last_name", b"known@neutral-bench.example,Jane,Neutralknown"
        content = headings + b",company\n" + row + b",Neutral Bench"
        import_known_contacts(content=content, file_name="bench.csv", by=None, at=at)
        register_referral(partner=owner, person=person("owned"), by=owner.user, at=at)
        gone = register_referral(partner=owner, person=person("barred"), by=owner.user, at=at)
        object_to_contact(referral=gone, at=at)
        causes = ["known", "owned", "barred"]
        times: dict[str, list[float]] = {cause: [] for cause in causes}
        for turn in range(ROUNDS):
            for cause in causes[turn % 3 :] + causes[: turn % 3]:
                times[cause].append(refuse(asking, person(cause), at))
        transaction.set_rollback(True)
    known = statistics.median(times["known"])
    print(f"{ROUNDS} refusals of each cause, in turns")
    for cause, taken in times.items():
        low, middle, high = statistics.quantiles(taken, n=4)
        print(
            f"{cause:8} median {middle * 1000:6.2f} ms, quartiles {low * 1000:.2f} to {high * 1000:.2f}, "
            f"{middle / known:.3f} of known"
        )


main()
