"""What a contract that was signed on paper may do, held by triggers, for superusers too (C6)."""

import pgtrigger

# ruff: noqa: S608 - the SQL below is put together from constants of this file alone
from partners.models.triggers import guard, refuse

# The day of the paper and the slot on it are numbers like the others: attested as one version.
PAPER_IS_ATTESTED = guard(
    "contract_paper_is_attested",
    pgtrigger.Insert | pgtrigger.Update,
    "IF TG_OP = 'UPDATE' THEN"
    + refuse("contract_origin_is_kept", "NEW.origin <> OLD.origin")
    + refuse(
        "contract_numbers_have_a_version",
        """(NEW.paper_signed_on, NEW.paper_slot) IS DISTINCT FROM (OLD.paper_signed_on, OLD.paper_slot)
           AND (NEW.version = OLD.version OR OLD.status NOT IN ('draft', 'in_review'))""",
    )
    + refuse(
        "contract_signed_by_docusign",
        "NEW.origin <> 'paper' AND OLD.status = 'in_review' AND NEW.status = 'signed'",
    )
    + "END IF; IF NEW.origin = 'paper' THEN"
    + refuse("contract_paper_is_never_sent", "NEW.status IN ('sending', 'sent', 'unsigned')")
    + refuse(
        "contract_paper_needs_its_pdf",
        """NEW.status = 'signed' AND NOT EXISTS (
               SELECT 1 FROM partners_contractdocument
               WHERE contract_id = NEW.id AND version = NEW.version AND kind = 'signed')""",
    )
    + refuse(
        "contract_paper_signed_on_its_day",
        """NEW.status = 'signed' AND NEW.signed_at IS DISTINCT FROM
               (NEW.paper_signed_on::timestamp AT TIME ZONE 'Europe/Amsterdam')""",
    )
    + "END IF;",
)
PAPER_HAS_NO_ENVELOPE = guard(
    "envelope_never_of_a_paper",
    pgtrigger.Insert | pgtrigger.Update,
    refuse(
        "envelope_never_of_a_paper",
        "EXISTS (SELECT 1 FROM partners_contract WHERE id = NEW.contract_id AND origin = 'paper')",
    ),
)
REVIEW_BESIDE_THE_PAPER = guard(  # both directors looked at the PDF of exactly that version
    "review_beside_the_paper",
    pgtrigger.Insert,
    refuse(
        "review_beside_the_paper",
        """EXISTS (SELECT 1 FROM partners_contract WHERE id = NEW.contract_id AND origin = 'paper')
           AND NOT EXISTS (
               SELECT 1 FROM partners_contractdocument
               WHERE contract_id = NEW.contract_id AND version = NEW.version AND kind = 'signed')""",
    ),
)
MOVE_IN_ROW_IS_KEPT = (
    guard(  # what was previewed is what is applied: a correction is a contract's new version
        "move_in_row_is_kept",
        pgtrigger.Update,
        refuse(
            "move_in_row_is_kept",
            """(NEW.facts, NEW.identity, NEW.paper_id, NEW.move_in_id, NEW.number) IS DISTINCT FROM
           (OLD.facts, OLD.identity, OLD.paper_id, OLD.move_in_id, OLD.number)
           OR (OLD.contract_id IS NOT NULL AND NEW.contract_id IS DISTINCT FROM OLD.contract_id)
           OR (OLD.taken_back_at IS NOT NULL AND NEW.taken_back_at IS DISTINCT FROM OLD.taken_back_at)""",
        ),
    )
)
