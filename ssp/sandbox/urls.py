"""The sandbox's pages."""

from django.urls import path

from ssp.sandbox import views

app_name = "sandbox"
urlpatterns = [
    path("", views.home, name="home"),
    path("clock/", views.move_clock, name="clock"),
    path("mail/<slug:name>/", views.mail, name="mail"),
    path("mail/<slug:name>/html/", views.mail_html, name="mail_html"),
    path("mail/<slug:name>/source/", views.mail_source, name="mail_source"),
    path("mail/<slug:name>/attachments/<int:number>/", views.attachment, name="attachment"),
]
