"""Addresses of commissions."""

from django.urls import URLPattern, path, re_path

from commissions.views import earnings, elections, forecast, invoices, payouts, what_if

app_name = "commissions"

urlpatterns: list[URLPattern] = [
    path("earnings/", earnings.earnings, name="earnings"),
    path("earnings/export.csv", earnings.export, name="earnings_export"),
    path("earnings/forecast/", forecast.forecast, name="earnings_forecast"),
    path("earnings/statements/", earnings.statements, name="earnings_statements"),
    re_path(r"^earnings/statements/(?P<number>\d{4}-\d{4,9})/$", earnings.statement, name="statement"),
    path("what-if/", what_if.what_if, name="what_if"),
    path("referrals/use-cases/<int:pk>/compare/", what_if.compare, name="compare"),
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
]
