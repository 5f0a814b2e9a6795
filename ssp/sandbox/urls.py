"""The sandbox's pages."""

from django.urls import path

from ssp.sandbox import views
from ssp.sandbox.slack import views as slack

app_name = "sandbox"
urlpatterns = [
    path("", views.home, name="home"),
    path("clock/", views.move_clock, name="clock"),
    path("slack/", slack.home, name="slack"),
    path("slack/faults/", slack.faults, name="slack_faults"),
    path("slack/invites/<int:number>/", slack.accept, name="slack_accept"),
    path("mail/<slug:name>/", views.mail, name="mail"),
    path("mail/<slug:name>/html/", views.mail_html, name="mail_html"),
    path("mail/<slug:name>/source/", views.mail_source, name="mail_source"),
    path("mail/<slug:name>/attachments/<int:number>/", views.attachment, name="attachment"),
]
