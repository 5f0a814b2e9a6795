"""Addresses of commissions."""

from django.urls import URLPattern, path, re_path

from commissions.views import (
    contests,
    earnings,
    elections,
    finance,
    finance_lists,
    forecast,
    invoices,
    journal,
    payouts,
    statements,
    what_if,
)

app_name = "commissions"

urlpatterns: list[URLPattern] = [
    path("earnings/", earnings.earnings, name="earnings"),
    path("earnings/export.csv", earnings.export, name="earnings_export"),
    path("earnings/forecast/", forecast.forecast, name="earnings_forecast"),
    path("what-if/", what_if.what_if, name="what_if"),
    path("referrals/use-cases/<int:pk>/compare/", what_if.compare, name="compare"),
    path("earnings/statements/", statements.statements, name="earnings_statements"),
    re_path(r"^earnings/statements/(?P<number>[CM]?\d{4}-\d{4,9})/$", statements.statement, name="statement"),
    re_path(
        r"^earnings/statements/(?P<number>[CM]?\d{4}-\d{4,9})\.pdf$",
        statements.statement_pdf,
        name="statement_file",
    ),
    path("earnings/entries/<int:pk>/contest/", contests.contest, name="contest"),
    path("earnings/contested/<int:pk>/", contests.contested, name="contested"),
    path("desk/statements/", statements.desk_statements, name="desk_statements"),
    path("desk/contested-entries/", contests.contested_entries, name="contested_entries"),
    path("desk/contested-entries/<int:pk>/", contests.contested_entry, name="contested_entry"),
    path("desk/invoices/", invoices.invoices, name="invoices"),
    path("desk/invoices/sample.csv", invoices.sample, name="invoices_sample"),
    path("desk/invoices/imports/<int:pk>/", invoices.invoice_import, name="import"),
    path("desk/invoices/<int:pk>/", invoices.invoice, name="invoice"),
    path("desk/invoices/<int:pk>/match/", invoices.match, name="invoice_match"),
    path("desk/payouts/", payouts.overview, name="payouts"),
    path("desk/payouts/prepare/", payouts.prepare, name="payout_prepare"),
    path("desk/payouts/tax/<int:pk>/", payouts.tax_status, name="tax_status"),
    path("desk/payouts/runs/<int:pk>/", payouts.payout_run, name="payout_run"),
    path("desk/payouts/runs/<int:pk>/decide/", payouts.decide, name="payout_decide"),
    path("desk/use-cases/<int:pk>/election/", elections.change, name="election_change"),
    path("desk/payouts/<int:pk>/settle/", payouts.settle, name="payout_settle"),
    path("desk/finance/", finance.overview, name="finance"),
    path("desk/finance/invoices/", finance_lists.invoices, name="finance_invoices"),
    re_path(
        r"^desk/finance/invoices/export\.(?P<file_format>csv|xlsx)$",
        finance_lists.invoices_file,
        name="finance_invoices_file",
    ),
    path("desk/finance/ledger/", finance_lists.ledger, name="finance_ledger"),
    re_path(
        r"^desk/finance/ledger/export\.(?P<file_format>csv|xlsx)$",
        finance_lists.ledger_file,
        name="finance_ledger_file",
    ),
    path("desk/finance/liabilities/", finance.liabilities, name="liabilities"),
    path("desk/finance/liabilities/<slug:what>.csv", finance.liabilities_file, name="liabilities_file"),
    path("desk/finance/forecast/", finance.forecast, name="outlook"),
    path("desk/finance/forecast/export.csv", finance.forecast_file, name="outlook_file"),
    path("desk/finance/partners/", finance.partners, name="by_partner"),
    path("desk/finance/partners/<slug:by>.csv", finance.partners_file, name="by_partner_file"),
    path("desk/finance/journal/", journal.journal, name="journal"),
    re_path(
        r"^desk/finance/journal/(?P<currency>[A-Z]{3})/(?P<month>20\d\d-\d\d)/$",
        journal.journal_month,
        name="journal_month",
    ),
    re_path(
        r"^desk/finance/journal/(?P<currency>[A-Z]{3})/(?P<month>20\d\d-\d\d)/close/$",
        journal.journal_close,
        name="journal_close",
    ),
    path("desk/finance/journal/<int:pk>/file/", journal.journal_file, name="journal_file"),
]
