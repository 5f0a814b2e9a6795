"""Addresses of commissions."""

from django.urls import URLPattern, path, re_path

from commissions.views import contests, earnings, invoices, payouts, statements

app_name = "commissions"

urlpatterns: list[URLPattern] = [
    path("earnings/", earnings.earnings, name="earnings"),
    path("earnings/export.csv", earnings.export, name="earnings_export"),
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
    path("desk/payouts/<int:pk>/settle/", payouts.settle, name="payout_settle"),
]
