"""Addresses of commissions."""

from django.urls import URLPattern, path, re_path

from commissions.views import earnings, imports, invoices, payouts

app_name = "commissions"

urlpatterns: list[URLPattern] = [
    path("earnings/", earnings.earnings, name="earnings"),
    path("earnings/export.csv", earnings.export, name="earnings_export"),
    path("earnings/statements/", earnings.statements, name="earnings_statements"),
    re_path(r"^earnings/statements/(?P<number>\d{4}-\d{4,9})/$", earnings.statement, name="statement"),
    path("desk/invoices/", invoices.invoices, name="invoices"),
    path("desk/invoices/sample.csv", invoices.sample, name="invoices_sample"),
    path("desk/invoices/imports/<int:pk>/", imports.invoice_import, name="import"),
    path("desk/invoices/imports/<int:pk>/columns/", imports.columns, name="import_columns"),
    path("desk/invoices/imports/<int:pk>/discard/", imports.discard, name="import_discard"),
    path("desk/invoices/imports/<int:pk>/report.csv", imports.report, name="import_report"),
    path("desk/invoices/waiting/", invoices.waiting, name="invoices_waiting"),
    path("desk/invoices/<int:pk>/", invoices.invoice, name="invoice"),
    path("desk/invoices/<int:pk>/match/", invoices.match, name="invoice_match"),
    path("desk/invoices/<int:pk>/unmatch/", invoices.unmatch, name="invoice_unmatch"),
    path("desk/payouts/", payouts.overview, name="payouts"),
    path("desk/payouts/prepare/", payouts.prepare, name="payout_prepare"),
    path("desk/payouts/tax/<int:pk>/", payouts.tax_status, name="tax_status"),
    path("desk/payouts/runs/<int:pk>/", payouts.payout_run, name="payout_run"),
    path("desk/payouts/runs/<int:pk>/decide/", payouts.decide, name="payout_decide"),
    path("desk/payouts/<int:pk>/settle/", payouts.settle, name="payout_settle"),
]
