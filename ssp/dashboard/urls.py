"""Addresses of the referral desk."""

from django.urls import path

from ssp.dashboard.views import (
    channels,
    confirmations,
    contacts,
    deals,
    figures,
    home,
    links,
    records,
    referrals,
    use_cases,
    windows,
)

app_name = "desk"

urlpatterns = [
    path("", home.home, name="home"),
    path("confirmations/", confirmations.open_confirmations, name="confirmations"),
    path("confirmations/<int:pk>/answer/", confirmations.answer, name="confirmation_answer"),
    path("confirmations/<int:pk>/remind/", confirmations.remind, name="confirmation_remind"),
    path("confirmations/<int:pk>/settle/", confirmations.settle, name="confirmation_settle"),
    path("deals/", deals.deals, name="deals"),
    path("deals/<int:pk>/", deals.deal, name="deal"),
    path("deals/<int:pk>/move/", deals.move, name="deal_move"),
    path("deals/<int:pk>/won/", deals.won, name="deal_won"),
    path("deals/<int:pk>/lost/", deals.lost, name="deal_lost"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<int:pk>/", channels.channel, name="channel"),
    path("channels/<int:pk>/export/", channels.export, name="channel_export"),
    path("channels/tasks/<int:pk>/take/", channels.take, name="channel_task_take"),
    path("channels/tasks/<int:pk>/done/", channels.done, name="channel_task_done"),
    path("use-cases/<int:pk>/", use_cases.use_case, name="use_case"),
    path("companies/<int:pk>/", records.company, name="company"),
    path("partners/<int:pk>/", records.partner, name="partner"),
    path("use-cases/<int:pk>/extend/", windows.extend, name="extend"),
    path("use-cases/<int:pk>/link/", links.link, name="link"),
    path("use-cases/links/<int:pk>/take-back/", links.unlink, name="unlink"),
    path("use-cases/<int:pk>/last-day.ics", windows.last_day, name="last_day"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/<int:pk>/", contacts.contact_import, name="contact_import"),
    path("contacts/<int:pk>/columns/", contacts.columns, name="contact_columns"),
    path("contacts/<int:pk>/import/", contacts.commit, name="contact_commit"),
    path("contacts/<int:pk>/discard/", contacts.discard, name="contact_discard"),
    path("contacts/<int:pk>/report.csv", contacts.report, name="contact_report"),
    path("contacts/<int:pk>/undo/", contacts.undo, name="contact_undo"),
    path("figures/", figures.figures, name="figures"),
    path("figures/<slug:slug>.csv", figures.export, name="figures_export"),
    path("referrals/new/", referrals.register, name="register"),
    path("referrals/<int:pk>/", referrals.referral, name="referral"),
    path("referrals/<int:pk>/name/", referrals.answer_name, name="check_name"),
    path("referrals/<int:pk>/seller/", referrals.assign, name="referral_seller"),
    path("referrals/<int:pk>/log/", referrals.log_meeting, name="referral_log"),
]
