"""What keeps the facts of a deal in the order in which they become visible."""

import pgtrigger

# Whoever accrues holds the deal. An invoice that comes to it waits, and its facts get their numbers after it:
# what a run knew is every fact up to a number, and the run can be worked out again.
INVOICE_WAITS_FOR_ITS_DEAL = pgtrigger.Trigger(
    name="invoice_waits_for_its_deal",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF NEW.deal_id IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.deal_id IS DISTINCT FROM NEW.deal_id) THEN
            PERFORM 1 FROM referrals_deal d WHERE d.id = NEW.deal_id FOR NO KEY UPDATE;
        END IF;
        RETURN NEW;
    """,
)
