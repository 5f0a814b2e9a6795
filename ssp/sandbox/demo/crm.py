"""Whom SeMI knew before: an export of the CRM that was imported, and one that waits for a look."""

import csv
import io

from referrals.services.contacts import import_known_contacts, upload_contacts
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar

HEADINGS = ("Record ID", "First Name", "Last Name", "Email", "Company Name", "Website URL", "Lifecycle Stage")
SPRING = (
    ("Henrike", "Maas", "h.maas@grachtlicht.example", "Grachtlicht Media"),
    ("Oluwaseun", "Adeyemi", "o.adeyemi@lagosfreight.example", "Lagos Freight"),
    ("Pilar", "Quintero", "pilar.quintero@sierraseguros.example", "Sierra Seguros"),
    ("Tadeusz", "Wrona", "t.wrona@wislaport.example", "Wisła Port"),
    ("", "", "info@wislaport.example", "Wisła Port"),
    ("Marit", "Halvorsen", "marit.halvorsen", "Fjordlys Kraft"),
)
AUTUMN = (
    ("Tadeusz", "Wrona", "t.wrona@wislaport.example", "Wisła Port"),
    ("Chiara", "Bellandi", "chiara.bellandi@tramontana.example", "Tramontana Viaggi"),
    ("Ruben", "Aksel", "ruben.aksel@nordlyst.example", "Nordlyst"),
)


def know_people(when: Calendar, *, by: User) -> None:
    """Import the spring's export; the autumn's was handed in, and nobody pressed the button yet."""
    import_known_contacts(
        content=_export(SPRING), file_name="hubspot-crm-exports-spring.csv", by=by, at=when.at(2, 5, 10)
    )
    upload_contacts(
        content=_export(AUTUMN), file_name="hubspot-crm-exports-autumn.csv", by=by, at=when.at(20, 11, 15)
    )


def _export(people: tuple[tuple[str, str, str, str], ...]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(HEADINGS)
    for number, (first, last, email, company) in enumerate(people, 1):
        rows.writerow((7000 + number, first, last, email, company, email.rpartition("@")[2], "Lead"))
    return text.getvalue().encode()
