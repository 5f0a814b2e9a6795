"""Addresses of referrals."""

from django.urls import path

from referrals.views import (
    answers,
    appeals,
    guides,
    introductions,
    objections,
    pages,
    proposals,
    registering,
    use_cases,
    windows,
)

app_name = "referrals"

urlpatterns = [
    path("referrals/", pages.referrals, name="list"),
    path("referrals/new/", registering.person, name="register"),
    path("referrals/new/e-mail/", registering.email, name="register_email"),
    path("referrals/new/use-case/", registering.use_case, name="register_use_case"),
    path("referrals/new/send/", registering.send, name="register_send"),
    path("referrals/use-cases/new/", pages.define_use_case, name="define_use_case"),
    path("referrals/use-cases/guides/", guides.suggested_guides, name="suggested_guides"),
    path("referrals/use-cases/<int:pk>/", use_cases.use_case, name="use_case"),
    path("referrals/use-cases/<int:pk>/last-day.ics", windows.last_day, name="last_day"),
    path("referrals/use-cases/<int:pk>/model/", pages.election, name="election"),
    path("referrals/<int:pk>/", pages.detail, name="detail"),
    path("referrals/<int:pk>/confirm/", pages.confirm_registration, name="confirm_registration"),
    path("referrals/<int:pk>/withdraw/", pages.withdraw, name="withdraw"),
    path("referrals/<int:pk>/introduce/", proposals.propose, name="propose"),
    path("referrals/times/<int:pk>/", proposals.times, name="times"),
    path("referrals/times/<int:pk>/take-back/", proposals.take_back, name="times_back"),
    path("referrals/refusals/", appeals.refusals, name="refusals"),
    path("referrals/refusals/<int:pk>/appeal/", appeals.appeal, name="appeal"),
    path("referrals/introductions/<int:pk>/move/", introductions.move, name="move"),
    path("referrals/introductions/<int:pk>/cancel/", introductions.cancel, name="cancel"),
    path("referrals/confirmations/<int:pk>/answer/", answers.own_answer, name="answer"),
    path("referrals/confirmations/<int:pk>/contest/", answers.contest, name="contest"),
    path("confirmations/<str:token>/", answers.confirm, name="confirm"),
    path("objections/<str:token>/", objections.objection, name="object"),
]
