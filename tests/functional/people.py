"""What a person does at a browser: no call into Python, only what can be clicked and read."""

import os
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from ssp.sandbox.stack.processes import ROOT
from tests.running import Installation, eventually

DEMO_PASSWORD = "warm-introductions"  # printed by ./dev run
WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],  # what passes would be told too, element by element
}
AXE = Axe().axe_script
WIDE, NARROW = 1280, 390

# What can differ between two themes of one layout.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}

# Resolves when three frames in a row saw nothing move: one colour's transition starts the next one's.
CALM = """async () => {
  for (let calm = 0; calm < 3; ) {
    await new Promise(requestAnimationFrame);
    calm = document.getAnimations().some((each) => each.playState === "running") ? 0 : calm + 1;
  }
}"""


@dataclass
class Person:
    site: Installation
    page: Page
    seen: list[str] = field(default_factory=list)

    # --- going places ---------------------------------------------------------
    def opens(self, path: str) -> "Person":
        self.page.goto(path if path.startswith("http") else f"{self.site.url}{path}")
        return self

    def presses(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> "Person":
        """Press the button of that name, or follow the link."""
        place = within or self.page
        exact = isinstance(name, str)
        button = place.get_by_role("button", name=name, exact=exact)
        target = button.or_(place.get_by_role("link", name=name, exact=exact))
        target.first.click()
        return self

    def fills(self, **values: str) -> "Person":
        """Fill fields by label: underscores are spaces, the first letter is a capital."""
        for label, value in values.items():
            self.fills_in(label.replace("_", " ").capitalize(), value)
        return self

    def fills_in(self, label: str | re.Pattern[str], value: str) -> "Person":
        self.page.get_by_label(label).first.fill(value)
        return self

    def sees(self, text: str | re.Pattern[str]) -> "Person":
        expect(self.page.locator("main, #content, body").first).to_contain_text(text)
        return self

    def waits_for(self, path: str, text: str) -> "Person":
        """Open a page until it says `text`: a worker is writing it."""

        def says() -> bool:
            return text in self.opens(path).page.get_by_role("main").inner_text()

        eventually(says, what=f"{text} on {path}")
        return self

    # --- signing in -----------------------------------------------------------
    def signs_in(self, email: str, password: str = DEMO_PASSWORD) -> "Person":
        self.opens("/accounts/login/")
        self.fills_in(re.compile(r"^\s*E-?mail"), email)
        self.page.get_by_label("Password").fill(password)
        self.presses("Sign in")
        if "/accounts/2fa/" in self.page.url:
            self.page.get_by_label(re.compile(r"^\s*Code")).fill(self.reads_code(email))
            self.presses("Sign in")
        expect(self.page).not_to_have_url(re.compile("/accounts/"))
        return self

    def reads_code(self, email: str) -> str:
        """Read the present code from the sandbox page, as a person would from their phone."""
        phone = self.page.context.new_page()
        phone.goto(f"{self.site.url}/sandbox/")
        code = phone.locator(f"[data-code-of='{email}']").inner_text()
        phone.close()
        return code.replace(" ", "")

    # --- the clock ------------------------------------------------------------
    def reads_the_clock(self) -> date:
        """Read the application's date from the sandbox page."""
        tab = self.page.context.new_page()
        tab.goto(f"{self.site.url}/sandbox/")
        shown = tab.locator("[data-clock]").get_attribute("datetime")
        tab.close()
        assert shown
        return date.fromisoformat(shown[:10])

    def moves_the_clock(self, day: date, time: str) -> "Person":
        """Move the application clock to an Amsterdam time, on the sandbox page."""
        tab = self.page.context.new_page()
        tab.goto(f"{self.site.url}/sandbox/")
        tab.get_by_label("Move to").fill(f"{day.isoformat()}T{time}")
        tab.get_by_role("button", name="Move the clock").click()
        expect(tab.get_by_role("main")).to_contain_text("The application clock has moved")
        tab.close()
        return self

    # --- mail -----------------------------------------------------------------
    def mail(self, subject: str | re.Pattern[str], *, to: str, within: float = 60) -> Page:
        """Open the newest mail to that address whose subject matches, waiting until it is there."""
        tab = self.page.context.new_page()
        box = f"{self.site.url}/sandbox/?to={to}"
        wanted = re.compile(re.escape(subject)) if isinstance(subject, str) else subject

        def arrived() -> bool:
            tab.goto(box)
            return tab.get_by_role("region", name="Mailbox").get_by_role("link", name=wanted).count() > 0

        eventually(arrived, what=f"a mail to {to} about {wanted.pattern}", within=within)
        tab.get_by_role("region", name="Mailbox").get_by_role("link", name=wanted).first.click()
        return tab

    def follows(self, mail: Page, address: str) -> "Person":
        """Follow the link of a mail's text whose address has that part, in this person's own window."""
        links = mail.locator("[data-mail-text] a").all()
        found = [href for link in links if address in (href := link.get_attribute("href") or "")]
        assert found, f"no link to {address} in the mail"
        mail.close()
        return self.opens(found[0])

    def counts_mails(self, subject: str, *, to: str) -> int:
        """Count the mails to that address whose subject has that text; one that came twice counts twice."""
        tab = self.page.context.new_page()
        tab.goto(f"{self.site.url}/sandbox/?to={to}&about={subject}")
        rows = tab.get_by_role("region", name="Mailbox").locator("tbody tr")
        again = [
            int(n) - 1 for row in rows.all() for n in re.findall(r"received (\d+) times", row.inner_text())
        ]
        count = rows.count() + sum(again)
        tab.close()
        return count

    # --- what people do -------------------------------------------------------
    def joins(self, name: str, address: str, password: str) -> "Person":
        """Make an account and prove its address; ends on the application form."""
        self.opens("/apply/")
        if "/signup/" not in self.page.url:
            self.opens("/accounts/signup/?next=/apply/")
        self.fills_in("Your name", name).fills_in(re.compile(r"^\s*E-?mail"), address)
        self.fills_in("Password", password).presses("Make my account")
        self.follows(self.mail("Confirm your e-mail", to=address), "/accounts/confirm-email/")
        return self.presses("Confirm this address")

    def applies(self, legal_name: str, country: str) -> "Person":
        """Fill in the application and send it."""
        page = self.page
        page.get_by_label("Legal name").fill(legal_name)
        page.get_by_label("Country").select_option(label=country)
        page.get_by_label("How do you know the field?").fill("Fifteen years of port calls and cargo papers.")
        page.get_by_label("Whom or which industries can you open?").fill("Shipping lines around the Baltic.")
        page.get_by_label("I accept these numbers for my contract").check()
        self.photographs("apply", folder=SCREENSHOTS).presses("Send my application")
        expect(page).to_have_url(re.compile("/application/"))
        return self

    def approves(self, name: str) -> "Person":
        """Approve somebody's contract in the admin, as a director."""
        self.opens("/admin/partners/contract/")
        row = self.page.get_by_role("row").filter(has_text=name)
        self.presses(re.compile("^Review SSP"), within=row.first)
        self.photographs("review", folder=SCREENSHOTS)
        return self.presses(re.compile("^Approve version"))

    def registers(self, first: str, last: str, email: str, company: str, use_case: str) -> "Person":
        """Introduce somebody with a new use case, through the three steps."""
        self.opens("/referrals/new/")
        page = self.page
        page.get_by_label("First name").fill(first)
        page.get_by_label("Last name").fill(last)
        page.get_by_label("Work e-mail").fill(email)
        page.get_by_label("Company").fill(company)
        page.get_by_label("Role").fill("Head of Operations IT")
        page.get_by_label("How do you know each other?").fill("We planned port calls together in 2024.")
        page.get_by_label("This person agreed").check()
        self.photographs("register", folder=SCREENSHOTS).presses("Continue to the use case")
        page.get_by_label("Title").fill(use_case)
        page.get_by_label("The problem").fill("Clerks read 200 pages to answer one question.")
        page.get_by_label("The data").fill("Bills of lading, port rules, contracts.")
        page.get_by_label("Who feels it").fill("The operations desk")
        page.get_by_label("The expected value").fill("Two hours a day for each clerk")
        self.photographs("use-case").presses("Check and send")
        return self.photographs("check").presses(f"Register {first}")

    def proposes(self, *, on: date, host: str, use_case: str) -> "Person":
        """Propose a meeting at 15:00 from the person's page."""
        page = self.page
        self.presses(re.compile("^Propose a meeting"))
        page.get_by_label("Host at SeMI").select_option(label=host)
        page.get_by_label("First date").fill(on.isoformat())
        page.get_by_label("Starts at").first.fill("15:00")
        page.get_by_label("Video conference").check()
        page.get_by_label("Video link or address").fill("https://meet.semi.example/introduction")
        page.get_by_label(use_case).check()
        self.photographs("propose", folder=SCREENSHOTS)
        page.get_by_role("main").get_by_role("button").first.click()
        expect(page).to_have_url(re.compile(r"/referrals/\d+/$"))
        return self

    def takes_a_time(self, of: str) -> "Person":
        """Take the first of the times that a partner proposed for that person, as sales."""
        self.opens("/desk/proposals/").presses(re.compile(of))
        self.page.get_by_role("radio").first.check()
        self.photographs("proposal").presses("Book this time")
        expect(self.page).to_have_url(re.compile(r"/desk/referrals/\d+/$"))
        return self

    # --- looking --------------------------------------------------------------
    def photographs(self, name: str, *, folder: Path | None = None) -> "Person":
        """Take a picture of the whole page, and look for what axe finds: wide and narrow, light and dark."""
        before = self.page.viewport_size
        assert before
        for width in (before["width"], NARROW if before["width"] > NARROW else WIDE):
            self.page.set_viewport_size({"width": width, "height": before["height"]})
            for theme, rules in (("light", WCAG), ("dark", COLOURS)):
                self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
                self.page.evaluate(CALM)
                self.finds_nothing_inaccessible(f"{name} ({width} px, {theme})", rules)
                if theme == "light" and folder and width == before["width"]:
                    folder.mkdir(parents=True, exist_ok=True)
                    self.page.screenshot(path=folder / f"{name}.png", full_page=True, animations="disabled")
            across = self.page.evaluate("document.documentElement.scrollWidth")
            assert across <= width, f"{name} scrolls sideways at {width} px"
        self.page.set_viewport_size(before)
        self.page.emulate_media(color_scheme="light")
        self.seen.append(name)
        return self

    def finds_nothing_inaccessible(self, where: str, rules: dict = WCAG) -> None:
        if not self.page.evaluate("'axe' in window"):  # half a megabyte: once a document is enough
            self.page.evaluate(AXE)
        found = AxeResults(self.page.evaluate("rules => axe.run(document, rules)", rules))
        assert found.violations_count == 0, f"{where}:\n{found.generate_report()}"


# The README's pictures are taken anew with SSP_SCREENSHOTS=docs; else a run leaves the checkout as it is.
SCREENSHOTS = (
    ROOT / ("docs" if os.environ.get("SSP_SCREENSHOTS") == "docs" else "test-results") / "screenshots"
)
