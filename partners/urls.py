"""Addresses of the partnership."""

from django.urls import path

from partners.views import applying, directory, papers, profiles, programme, recruits

app_name = "partners"

urlpatterns = [
    path("", programme.programme, name="programme"),
    path("apply/", applying.apply, name="apply"),
    path("application/", applying.application, name="application"),
    path("join/<str:token>/", applying.join, name="join"),
    path("recruits/", recruits.recruits, name="recruits"),
    path("recruits/<int:pk>/withdraw/", recruits.revoke, name="revoke"),
    path("contracts/documents/<int:pk>/", papers.document, name="document"),
    path("profile/", profiles.profile, name="profile"),
    path("profile/photo/", profiles.change_photo, name="profile_photo"),
    path("profile/photo/remove/", profiles.take_photo_away, name="profile_photo_remove"),
    path("profile/photo/<str:size>/", profiles.own_photo, name="profile_photo_own"),
    path("profile/listing/", profiles.change_listing, name="profile_listing"),
    path("partners/", directory.index, name="directory"),
    path("partners/feed.json", directory.feed, name="directory_feed"),
    path("partners/<slug:slug>/", directory.partner, name="directory_partner"),
    path("partners/<slug:slug>/photo/<str:size>/", directory.photo, name="directory_photo"),
    path("sitemap.xml", directory.sitemap, name="sitemap"),
    path("robots.txt", directory.robots, name="robots"),
]
