"""Every page that somebody can reach by links, as people meet it.

Wide and narrow, light and dark, by keyboard alone, without script. A crawl from the first page after
the sign-in finds the pages: a new page is held to this unnamed. Opening a page changes nothing (a GET never
writes), so that is safe.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from ssp.core.roles import Role
from ssp.sandbox import people
from ssp.sandbox.people import DemoPerson
from tests.architecture.access import ANYBODY, MATRIX, SIGNED_IN
from tests.functional.people import CALM, COLOURS, WCAG, Person

SitsDown = Callable[..., Person]
WAYS = ((1280, "light", WCAG), (1280, "dark", COLOURS), (390, "dark", WCAG), (390, "light", COLOURS))
STOPS = 60  # of the Tab key on a page; what comes after them is more of the same list
VISITS = 3  # pages of a view that are passed through for their links; one of them is looked at
NO_PAGES = re.compile(
    r"^/(static|sandbox|docusign|healthz|readyz)\b|\.(pdf|csv|xlsx|json|ics|xml|txt|png|jpg|webp)$"
    r"|/jsi18n/|/accounts/logout/"
)
WHO = {
    "stranger": None,
    "partner": people.INES,
    "sales": people.TOM,
    "sales lead": people.SIMON,
    "finance": people.FEMKE,
    "director": people.CARLA,
    "administrator": people.ADA,
}
STARTS = ("/", "/home/", "/desk/", "/admin/")

FOCUSABLE = """() => {
  const radios = new Set();
  const candidates = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  return [...document.querySelectorAll(candidates)].filter((e) => {
    const shown = e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
    if (!shown || e.disabled || e.tabIndex < 0 || e.closest("[inert]")) return false;
    if (e.type !== "radio") return true;
    const known = radios.has(e.name);
    radios.add(e.name);
    return !known;
  }).length;
}"""
# Some pages put the focus into their first field: start before everything. Each stop is written down, and
# whether a person would see the focus there; a date field's parts are the browser's own.
BEFORE_EVERYTHING = """() => {
  const start = document.createElement("span");
  start.tabIndex = -1;
  document.body.prepend(start);
  window.met = new Map();
  start.focus();
  document.addEventListener("focusin", ({ target: e }) => {
    const { outlineWidth, outlineStyle, boxShadow } = getComputedStyle(e);
    const ring = (parseFloat(outlineWidth) > 0 && outlineStyle !== "none") || boxShadow !== "none";
    if (!window.met.has(e)) window.met.set(e, ring || e.tagName === "IFRAME");
  });
}"""
MET = """() => [...window.met].map(([e, ring]) => ({ ring, what: e.outerHTML.slice(0, 120) }))"""
# Forms that can't be sent by who has no script.
UNSENDABLE = """() => {
  const fields = "input:not([type=hidden]), select, textarea";
  const buttons = "button:not([type=button]), input[type=submit], input[type=image]";
  return [...document.forms].filter((form) =>
    form.checkVisibility({ visibilityProperty: true }) && form.querySelector(fields)
    && ![...form.elements, ...form.querySelectorAll(buttons)].some((e) => e.matches(buttons))
  ).map((form) => form.outerHTML.slice(0, 160));
}"""


@dataclass(frozen=True)
class Place:
    path: str
    view: str


def place_of(link: str) -> Place | None:
    """Return where a link of the site leads, if that may be one of its pages."""
    path = urlsplit(link).path
    if NO_PAGES.search(path):
        return None
    try:
        return Place(path, resolve(path).view_name)
    except Resolver404:
        return None


class Links(HTMLParser):
    """Where the links of a page lead that a person follows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href") and "download" not in given:
            self.found.append(given["href"] or "")


@dataclass
class Crawl:
    """A walk over every page that links lead to, one of each view."""

    person: Person
    scriptless: Page
    looked_at: Path
    met: dict[str, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def walks_from(self, *starts: str) -> None:
        ahead = [place for start in starts if (place := place_of(start))]
        while ahead:
            place = ahead.pop(0)
            seen = self.met.setdefault(place.view, set())
            if place.path in seen or len(seen) >= VISITS:
                continue
            seen.add(place.path)
            links = self._passes_through(place)
            if links is None:
                continue
            if self._is_first_at(place.view):
                self.person.opens(place.path)
                self._looks(place)
                self._goes_by_keyboard(place)
                self._does_without_script(place)
            ahead += links

    def _is_first_at(self, view: str) -> bool:
        """Tell whether nobody of this run came to the view before; the others pass through for its links."""
        try:
            (self.looked_at / view.replace(":", ".")).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _passes_through(self, place: Place) -> list[Place] | None:
        """Return where the links of a page lead; nothing where there is no page, or not for this person."""
        url = self.person.site.url
        answer = self.person.page.context.request.get(f"{url}{place.path}")
        if answer.status >= 400 and place.path not in STARTS:  # not everybody's first page
            self.wrong.append(f"{place.path}: {answer.status}")
        if "text/html" not in answer.headers.get("content-type", "") or answer.status >= 400:
            return None
        links = [urljoin(answer.url, link) for link in Links(answer.text()).found]
        return [there for link in links if link.startswith(url) and (there := place_of(link))]

    def _looks(self, place: Place) -> None:
        page = self.person.page
        for width, theme, rules in WAYS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.evaluate(CALM)
            try:
                self.person.finds_nothing_inaccessible(f"{place.path} ({width} px, {theme})", rules)
            except AssertionError as found:
                self.wrong.append(str(found))
            if page.evaluate("document.documentElement.scrollWidth") > width:
                self.wrong.append(f"{place.path}: scrolls sideways at {width} px")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="light")

    def _goes_by_keyboard(self, place: Place) -> None:
        """Tab through the page: everything can be reached, nothing holds on to the focus, and it shows."""
        page = self.person.page
        count = page.evaluate(FOCUSABLE)
        page.evaluate(BEFORE_EVERYTHING)
        inside = 30 * page.locator("iframe").count()  # a framed PDF has stops of its own
        inside += 4 * page.locator("input[type=date], input[type=time]").count()  # day, month, year, picker
        for _ in range(min(count, STOPS) + 5 + inside):
            page.keyboard.press("Tab")
        met = page.evaluate(MET)
        for stop in met:
            if not stop["ring"]:
                self.wrong.append(f"{place.path}: the focus doesn't show on {stop['what']}")
        if len(met) < min(count, STOPS) * 0.95 - 1:  # what a fieldset or a browser's own control swallows
            self.wrong.append(f"{place.path}: Tab reaches {len(met)} of {count}")

    def _does_without_script(self, place: Place) -> None:
        self.scriptless.goto(f"{self.person.site.url}{place.path}")
        for form in self.scriptless.evaluate(UNSENDABLE):
            self.wrong.append(f"{place.path}: can't be sent without script: {form}")


def looked_at_in(factory: pytest.TempPathFactory) -> Path:
    """Return the directory that the workers of a run share: a file for each view that was looked at."""
    temporary = factory.getbasetemp()
    run = temporary.parent if os.environ.get("PYTEST_XDIST_WORKER") else temporary
    directory = run / "looked-at"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", WHO.values(), ids=WHO)
def test_every_page_works_wide_and_narrow_light_and_dark_by_keyboard_and_without_script(
    person: SitsDown, who: DemoPerson | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    somebody = person()
    if who:
        somebody.signs_in(who.email)
    browser = somebody.page.context.browser
    assert browser
    context = browser.new_context(
        java_script_enabled=False, storage_state=somebody.page.context.storage_state()
    )
    crawl = Crawl(somebody, context.new_page(), looked_at_in(tmp_path_factory))

    crawl.walks_from(*STARTS)

    context.close()
    assert crawl.wrong == [], "\n".join(crawl.wrong)
    missed = sorted(unreached(who.roles[0] if who else None, set(crawl.met)))
    assert missed == [], ", ".join(missed)


# No pages (posted to, files, links on), or their moment isn't in the demo: another test opens each of them.
UNREACHED = re.compile(
    r"core:(after_sign_in|healthz|readyz|theme)|partners:(sitemap|robots|signature|revoke|application|guide_version)"
    r"|.*_(export|feed|photo|photo_own|photo_remove|preview|joined|help|listing|keep|done|take|remind)"
    r"|.*_(move|won|lost|seller|note|back)|.*:(document|suggested_guides|statement|use_case|last_day)"
    r"|referrals:(register_\w+|confirm_registration|cancel|move)|desk:(check_name|confirmation_settle)"
    r"|desk:contact_(columns|commit|discard|report)"
    r"|desk:(person_record|moving_in_(commit|discard|report|sample))"
    r"|desk:(table_assign|export_file|view_save|view_change|view_delete)"
    r"|desk:unlink"
    r"|commissions:(finance_\w+_file|liabilities_file|outlook_file|by_partner_file|journal_(close|file))"
    r"|commissions:(statement_file|invoice_match|invoices_sample|payout_(decide|prepare|settle))"
    r"|commissions:(bank_account_change|payout_(run_paid|sepa_file|list))"
    r"|commissions:(import_(columns|discard|report)|invoice_unmatch)"
    r"|commissions:(openings_sample|opening_(columns|approve|discard|report|undo))"
)


def unreached(role: Role | None, met: set[str]) -> set[str]:
    """Return the pages that this role may open, by the access matrix, and that no link led to."""
    mine = {role.value} if role else set()
    allowed = {
        name for name, who in MATRIX.items() if who == ANYBODY or (role and who == SIGNED_IN) or mine & who
    }
    return {name for name in allowed - met if not UNREACHED.fullmatch(name)}
