"""Addresses of the partnership."""

from django.urls import path

from partners.views import (
    applying,
    channels,
    directory,
    guides,
    library,
    papers,
    partnership,
    profiles,
    programme,
    recruits,
    signing,
    welcome,
)

app_name = "partners"

urlpatterns = [
    path("", programme.programme, name="programme"),
    path("apply/", applying.apply, name="apply"),
    path("application/", applying.application, name="application"),
    path("application/signature/", signing.signature, name="signature"),
    path("join/<str:token>/", applying.join, name="join"),
    path("guides/", guides.guides, name="guides"),
    path("guides/<slug:slug>/", guides.guide, name="guide"),
    path("guides/<slug:slug>/versions/<int:version>/", guides.guide_version, name="guide_version"),
    path("recruits/", recruits.recruits, name="recruits"),
    path("recruits/<int:pk>/withdraw/", recruits.revoke, name="revoke"),
    path("welcome/<str:token>/", welcome.welcome, name="welcome"),
    path("partnership/", partnership.partnership, name="partnership"),
    path("partnership/end/", partnership.end, name="partnership_end"),
    path("partnership/keep/", partnership.keep, name="partnership_keep"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<int:pk>/joined/", channels.joined, name="channel_joined"),
    path("channels/<int:pk>/help/", channels.ask, name="channel_help"),
    path("resources/", library.library, name="library"),
    path("resources/<int:pk>/", library.resource, name="library_resource"),
    path("resources/versions/<int:pk>/download/", library.download, name="library_download"),
    path("resources/versions/<int:pk>/preview/", library.preview, name="library_preview"),
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
