"""The worked examples: what two honest people compute with programme.md beside them."""

from tests.unit.commissions.worked.caps import CAPS
from tests.unit.commissions.worked.first_invoices import FIRST_INVOICES
from tests.unit.commissions.worked.openings import OPENINGS
from tests.unit.commissions.worked.payments import PAYMENTS
from tests.unit.commissions.worked.people import PEOPLE

EXAMPLES = PAYMENTS + CAPS + FIRST_INVOICES + PEOPLE + OPENINGS

__all__ = ["CAPS", "EXAMPLES", "FIRST_INVOICES", "OPENINGS", "PAYMENTS", "PEOPLE"]
