"""The people of the demo: one for each role, and partners with a story. All of them are made up."""

from dataclasses import dataclass

from ssp.core.roles import Role

DEMO_PASSWORD = "warm-introductions"


@dataclass(frozen=True)
class DemoPerson:
    name: str
    email: str
    roles: tuple[Role, ...]


ADA = DemoPerson("Ada Verhoeven", "ada.verhoeven@semi.example", (Role.ADMINISTRATOR,))
BRAM = DemoPerson("Bram de Jong", "bram.dejong@semi.example", (Role.DIRECTOR,))
CARLA = DemoPerson("Carla Winter", "carla.winter@semi.example", (Role.DIRECTOR,))
TOM = DemoPerson("Tom Brandt", "tom.brandt@semi.example", (Role.SALES,))
PRIYA = DemoPerson("Priya Nair", "priya.nair@semi.example", (Role.SALES,))
SOFIE = DemoPerson("Sofie de Wit", "sofie.dewit@semi.example", (Role.SALES,))
SIMON = DemoPerson("Simon Wouters", "simon.wouters@semi.example", (Role.SALES_LEAD,))
FEMKE = DemoPerson("Femke Bakker", "femke.bakker@semi.example", (Role.FINANCE,))
NOAH = DemoPerson("Noah Visser", "noah.visser@semi.example", (Role.FINANCE,))
INES = DemoPerson("Ines Marchetti", "ines@marchetti.example", (Role.PARTNER,))
PIETER = DemoPerson("Pieter Vos", "pieter@vos.example", (Role.PARTNER,))
KARL = DemoPerson("Karl Jensen", "karl@jensen.example", (Role.PARTNER,))
LEILA = DemoPerson("Leila Haddad", "leila@haddad.example", (Role.PARTNER,))
ROSA = DemoPerson("Rosa Silva", "rosa@silva.example", (Role.PARTNER,))  # her partnership is over
MARTA = DemoPerson("Marta Lindqvist", "marta@lindqvist.example", ())  # has a contract to sign
JONAS = DemoPerson("Jonas Albrecht", "jonas@albrecht.example", ())  # waits for a new envelope

STAFF = (ADA, BRAM, CARLA, TOM, PRIYA, SOFIE, SIMON, FEMKE, NOAH)
PARTNERS = (INES, PIETER, KARL, LEILA, ROSA)
APPLICANTS = (MARTA, JONAS)
DEMO_PEOPLE = STAFF + PARTNERS + APPLICANTS
