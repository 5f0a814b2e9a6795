"""What a person does at a browser: no call into Python, only what can be clicked and read."""

import os
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from ssp.sandbox.stack.processes import ROOT
from tests.running import Installation, eventually

DEMO_PASSWORD = "warm-introductions"  # printed by ./dev run
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

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

    # --- looking --------------------------------------------------------------
    def photographs(self, name: str, *, folder: Path | None = None) -> "Person":
        """Take a picture of the whole page in both themes, and look for what axe finds."""
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            self.page.evaluate(CALM)
            self.finds_nothing_inaccessible(f"{name} ({theme})")
            if theme == "light" and folder:
                folder.mkdir(parents=True, exist_ok=True)
                self.page.screenshot(path=folder / f"{name}.png", full_page=True, animations="disabled")
        self.page.emulate_media(color_scheme="light")
        self.seen.append(name)
        return self

    def finds_nothing_inaccessible(self, where: str) -> None:
        found = Axe().run(self.page, options=WCAG)
        assert found.violations_count == 0, f"{where}:\n{found.generate_report()}"


# The README's pictures are taken anew with SSP_SCREENSHOTS=docs; else a run leaves the checkout as it is.
SCREENSHOTS = (
    ROOT / ("docs" if os.environ.get("SSP_SCREENSHOTS") == "docs" else "test-results") / "screenshots"
)
