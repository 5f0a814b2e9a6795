"""Who may open which address: the matrix that `test_access.py` holds every URL to."""

from ssp.core.roles import Role

ANYBODY: frozenset[str] = frozenset({"anybody"})
SIGNED_IN: frozenset[str] = frozenset({"signed in"})
BY_TOKEN: frozenset[str] = frozenset({"anybody with the link"})
BY_SIGNATURE: frozenset[str] = frozenset({"a signed message"})
PARTNER = frozenset({Role.PARTNER.value})
SALES = frozenset({Role.SALES.value, Role.SALES_LEAD.value})
LEADS = frozenset({Role.SALES_LEAD.value})
FINANCE = frozenset({Role.FINANCE.value})
FINANCE_OR_DIRECTOR = FINANCE | {Role.DIRECTOR.value}
DIRECTORS = frozenset({Role.DIRECTOR.value})
SALES_OR_FINANCE = SALES | FINANCE
ANSWERS_PEOPLE = LEADS | {Role.ADMINISTRATOR.value}
CONTACT_HANDS = SALES | {Role.ADMINISTRATOR.value}
CHANNEL_HANDS = SALES | {Role.ADMINISTRATOR.value}

MATRIX: dict[str, frozenset[str]] = {
    # core
    "core:after_sign_in": SIGNED_IN,
    "core:healthz": ANYBODY,
    "core:join_staff": BY_TOKEN,
    "core:preferences": SIGNED_IN,
    "core:privacy": ANYBODY,
    "core:readyz": ANYBODY,
    "core:stop_mail": BY_TOKEN,
    "core:theme": ANYBODY,
    "docusign:connect": BY_SIGNATURE,
    # partners
    "partners:programme": ANYBODY,
    "partners:apply": SIGNED_IN,
    "partners:application": SIGNED_IN,
    "partners:signature": SIGNED_IN,  # then one's own contract alone
    "partners:join": BY_TOKEN,
    "partners:guides": ANYBODY,
    "partners:guide": ANYBODY,
    "partners:guide_version": ANYBODY,
    "partners:recruits": PARTNER,
    "partners:revoke": PARTNER,
    "partners:welcome": BY_TOKEN,
    "partners:partnership": PARTNER,
    "partners:partnership_end": PARTNER,
    "partners:partnership_keep": PARTNER,
    "partners:channels": PARTNER,
    "partners:channel_joined": PARTNER,
    "partners:channel_help": PARTNER,
    "partners:document": SIGNED_IN,  # then the contract's own partner, or a director
    "partners:directory": ANYBODY,
    "partners:directory_feed": ANYBODY,
    "partners:directory_partner": ANYBODY,
    "partners:directory_photo": ANYBODY,
    "partners:profile": PARTNER,
    "partners:profile_listing": PARTNER,
    "partners:profile_photo": PARTNER,
    "partners:profile_photo_own": PARTNER,
    "partners:profile_photo_remove": PARTNER,
    "partners:robots": ANYBODY,
    "partners:sitemap": ANYBODY,
    "partners:library": PARTNER,  # while the partnership runs
    "partners:library_resource": PARTNER,
    "partners:library_download": SIGNED_IN,  # then an active partner, or staff
    "partners:library_preview": SIGNED_IN,
    "portal:home": PARTNER,
    "portal:own_data": PARTNER,  # and the password or second factor once more
    # referrals
    "referrals:list": PARTNER,
    "referrals:register": PARTNER,
    "referrals:register_email": PARTNER,
    "referrals:register_use_case": PARTNER,
    "referrals:register_send": PARTNER,
    "referrals:define_use_case": PARTNER,
    "referrals:suggested_guides": PARTNER,
    "referrals:use_case": PARTNER,
    "referrals:election": PARTNER,
    "referrals:last_day": PARTNER,
    "referrals:detail": PARTNER,
    "referrals:confirm_registration": PARTNER,
    "referrals:withdraw": PARTNER,
    "referrals:propose": PARTNER,
    "referrals:times": PARTNER,
    "referrals:times_back": PARTNER,
    "referrals:refusals": PARTNER,
    "referrals:appeal": PARTNER,
    "referrals:move": PARTNER,
    "referrals:cancel": PARTNER,
    "referrals:answer": PARTNER,
    "referrals:contest": PARTNER,
    "referrals:confirm": BY_TOKEN,
    "referrals:object": BY_TOKEN,
    # the desk
    "desk:home": SALES_OR_FINANCE,
    "desk:today": SALES,
    "desk:board": SALES,
    "desk:board_move": SALES,
    "desk:calendar": SALES,
    "desk:referral_note": SALES,
    "desk:use_case_note": SALES,
    "desk:company_note": SALES,
    "desk:partner_note": SALES,
    "desk:table_assign": SALES,
    "desk:table_export": SALES_OR_FINANCE,
    "desk:exports": SALES_OR_FINANCE,
    "desk:export_file": SALES_OR_FINANCE,  # then who asked for it
    "desk:views": SALES_OR_FINANCE,
    "desk:view_save": SALES_OR_FINANCE,
    "desk:view_change": SALES_OR_FINANCE,  # then the owner; a sales lead what is shared
    "desk:view_delete": SALES_OR_FINANCE,
    "desk:confirmations": SALES_OR_FINANCE,
    "desk:confirmation_answer": SALES,
    "desk:confirmation_remind": SALES,
    "desk:confirmation_settle": LEADS,
    "desk:deals": SALES_OR_FINANCE | DIRECTORS,  # a director looks for windows to extend
    "desk:deal": SALES_OR_FINANCE | DIRECTORS,
    "desk:extend": DIRECTORS,
    "desk:link": LEADS,
    "desk:unlink": LEADS,
    "desk:last_day": SALES,
    "desk:deal_move": SALES,
    "desk:deal_won": SALES,
    "desk:deal_lost": SALES,
    "desk:use_case": SALES,
    "desk:company": SALES,
    "desk:partner": SALES,
    "desk:contacts": CONTACT_HANDS,
    "desk:contact_import": CONTACT_HANDS,
    "desk:contact_columns": CONTACT_HANDS,
    "desk:contact_commit": CONTACT_HANDS,
    "desk:contact_discard": CONTACT_HANDS,
    "desk:contact_report": CONTACT_HANDS,
    "desk:contact_undo": CONTACT_HANDS,
    "desk:people": ANSWERS_PEOPLE,
    "desk:person_record": ANSWERS_PEOPLE,
    "desk:moving_in": LEADS,
    "desk:moving_in_sample": LEADS,
    "desk:moving_in_file": LEADS,
    "desk:moving_in_columns": LEADS,
    "desk:moving_in_commit": LEADS,
    "desk:moving_in_discard": LEADS,
    "desk:moving_in_report": LEADS,
    "desk:probing": LEADS,
    "desk:probing_alert": LEADS,
    "desk:proposals": SALES,
    "desk:proposal": SALES,
    "desk:referral_book": SALES,
    "desk:disputes": SALES,
    "desk:dispute": SALES,  # then a sales lead rules, who is neither of the two
    "desk:dispute_new": SALES,
    "desk:appeal": SALES,  # then a sales lead decides
    "desk:register": SALES,
    "desk:referral": SALES_OR_FINANCE,
    "desk:check_name": SALES,
    "desk:referral_seller": SALES,
    "desk:referral_log": SALES,
    "desk:figures": SALES_OR_FINANCE | DIRECTORS,
    "desk:figures_export": SALES_OR_FINANCE | DIRECTORS,
    "desk:channels": CHANNEL_HANDS,
    "desk:channel": CHANNEL_HANDS,
    "desk:channel_export": CHANNEL_HANDS,
    "desk:channel_task_take": CHANNEL_HANDS,
    "desk:channel_task_done": CHANNEL_HANDS,
    # money
    "commissions:compare": PARTNER,  # then one's own use case alone
    "commissions:earnings": PARTNER,
    "commissions:earnings_export": PARTNER,
    "commissions:earnings_forecast": PARTNER,
    "commissions:earnings_statements": PARTNER,
    "commissions:election_change": DIRECTORS,
    "commissions:what_if": ANYBODY,
    "commissions:statement": SIGNED_IN,  # then the partner it is for, finance or a director
    "commissions:statement_file": SIGNED_IN,  # the same
    "commissions:desk_statements": FINANCE_OR_DIRECTOR,
    "commissions:contest": PARTNER,  # then one's own entries alone
    "commissions:contested": PARTNER,  # the same
    "commissions:contested_entries": FINANCE_OR_DIRECTOR,
    "commissions:contested_entry": FINANCE_OR_DIRECTOR,
    "commissions:bank_account": PARTNER,
    "commissions:bank_account_change": PARTNER,  # and the password or second factor once more
    "commissions:invoices": FINANCE_OR_DIRECTOR,
    "commissions:invoices_sample": FINANCE_OR_DIRECTOR,
    "commissions:import": FINANCE,
    "commissions:invoice": FINANCE_OR_DIRECTOR,
    "commissions:invoice_match": FINANCE,
    "commissions:invoice_unmatch": FINANCE,
    "commissions:invoices_waiting": FINANCE_OR_DIRECTOR,
    "commissions:import_columns": FINANCE,
    "commissions:import_discard": FINANCE,
    "commissions:import_report": FINANCE,
    "commissions:openings": FINANCE_OR_DIRECTOR,  # finance hands in, either approves what another handed in
    "commissions:openings_sample": FINANCE_OR_DIRECTOR,
    "commissions:opening_file": FINANCE_OR_DIRECTOR,
    "commissions:opening_columns": FINANCE,
    "commissions:opening_approve": FINANCE_OR_DIRECTOR,
    "commissions:opening_discard": FINANCE_OR_DIRECTOR,
    "commissions:opening_report": FINANCE_OR_DIRECTOR,
    "commissions:opening_undo": FINANCE,
    "commissions:payouts": FINANCE_OR_DIRECTOR,
    "commissions:payout_prepare": FINANCE,
    "commissions:tax_status": FINANCE,
    "commissions:payout_run": FINANCE_OR_DIRECTOR,
    "commissions:payout_decide": FINANCE_OR_DIRECTOR,
    "commissions:payout_settle": FINANCE,
    "commissions:payout_came_back": FINANCE,
    "commissions:finance": FINANCE_OR_DIRECTOR,
    "commissions:finance_invoices": FINANCE_OR_DIRECTOR,
    "commissions:finance_invoices_file": FINANCE_OR_DIRECTOR,
    "commissions:finance_ledger": FINANCE_OR_DIRECTOR,
    "commissions:finance_ledger_file": FINANCE_OR_DIRECTOR,
    "commissions:liabilities": FINANCE_OR_DIRECTOR,
    "commissions:liabilities_file": FINANCE_OR_DIRECTOR,
    "commissions:outlook": FINANCE_OR_DIRECTOR,
    "commissions:outlook_file": FINANCE_OR_DIRECTOR,
    "commissions:by_partner": FINANCE_OR_DIRECTOR,
    "commissions:by_partner_file": FINANCE_OR_DIRECTOR,
    "commissions:journal": FINANCE_OR_DIRECTOR,
    "commissions:journal_month": FINANCE_OR_DIRECTOR,
    "commissions:journal_close": FINANCE,
    "commissions:journal_file": FINANCE_OR_DIRECTOR,
    "commissions:payout_run_paid": FINANCE,
    "commissions:payout_sepa_file": FINANCE,  # and the password or second factor once more
    "commissions:payout_list": FINANCE,  # the same
}
