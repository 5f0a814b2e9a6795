# ruff: noqa: S608 - SQL of constants alone
"""Triggers about who is left out of a run: said while it is prepared, and then not paid by it."""

import pgtrigger

from commissions.guards import _refuse

LEFT_OUT_OF_AN_OPEN_RUN = pgtrigger.Trigger(
    name="left_out_of_an_open_run",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF EXISTS (SELECT 1 FROM commissions_payoutrun r WHERE r.id = NEW.run_id
                      AND (r.approved_at IS NOT NULL OR r.discarded_at IS NOT NULL)) THEN
            {_refuse("left_out_of_an_open_run", "who is left out is said before the decision")}
        END IF;
        IF EXISTS (SELECT 1 FROM commissions_payout o
                    WHERE o.run_id = NEW.run_id AND o.partner_id = NEW.partner_id) THEN
            {_refuse("left_out_of_an_open_run", "a run pays a partner, or leaves them out")}
        END IF;
        RETURN NEW;
    """,
)

PAYOUT_OF_NOBODY_LEFT_OUT = pgtrigger.Trigger(
    name="payout_of_nobody_left_out",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF EXISTS (SELECT 1 FROM commissions_leftout l
                    WHERE l.run_id = NEW.run_id AND l.partner_id = NEW.partner_id) THEN
            {_refuse("payout_of_nobody_left_out", "a run pays a partner, or leaves them out")}
        END IF;
        RETURN NEW;
    """,
)
