"""Channels: added, changed and retired by administrators and sales leads (C15)."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from partners.errors import ChannelLinkNotSafe, ChannelNameTaken
from partners.models import Channel, ChannelAccess, ChannelKind
from partners.permissions import CHANNEL_KEEPERS
from partners.services.channels import grant_to_all, retire_channel, save_channel
from ssp.core import clock
from ssp.core.admin import RoleAdmin
from ssp.core.errors import DomainError
from ssp.core.models import User

SLACK_IDS = {
    "slack_team_id": (
        re.compile(r"[TE][A-Z0-9]{2,19}"),
        _("This isn't a workspace's id. In Slack's address it is the part that begins with T."),
    ),
    "slack_channel_id": (
        re.compile(r"[CG][A-Z0-9]{2,19}"),
        _("This isn't a channel's id. Slack shows it under the channel's details: it begins with C."),
    ),
}


class ChannelForm(forms.ModelForm):
    """A channel. Its link can be written here and is never shown again: links are for partners alone."""

    invitation_link = forms.CharField(
        label=_("Invitation link"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )
    forget_link = forms.BooleanField(label=_("Forget the stored link"), required=False)

    class Meta:
        model = Channel
        fields = ["kind", "name", "purpose", "slack_team_id", "slack_channel_id", "announces"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["invitation_link"].help_text = (
            _("One is stored, encrypted. Write a new one to replace it; it isn't shown here.")
            if self.instance.has_link
            else _("From Slack or WhatsApp; stored encrypted, shown to active partners alone.")
        )

    def clean_invitation_link(self) -> str:
        link = str(self.cleaned_data["invitation_link"]).strip()
        if link and not link.lower().startswith("https://"):
            raise forms.ValidationError(str(ChannelLinkNotSafe()))
        return link

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        kind = said.get("kind")
        if kind and kind != ChannelKind.SLACK:
            for name in ("slack_team_id", "slack_channel_id", "announces"):
                if said.get(name):
                    self.add_error(name, _("Only a Slack channel has this. Leave it empty, or choose Slack."))
        for name, (shape, wrong) in SLACK_IDS.items():
            if said.get(name) and not shape.fullmatch(said[name]):
                self.add_error(name, wrong)
        same = Channel.objects.live().filter(kind=kind, name=said.get("name")).exclude(pk=self.instance.pk)
        if same.exists():
            self.add_error("name", str(ChannelNameTaken()))
        return said

    @property
    def new_link(self) -> str | None:
        """What is to become of the link: None leaves it as it is."""
        if self.cleaned_data["invitation_link"]:
            return str(self.cleaned_data["invitation_link"])
        return "" if self.cleaned_data.get("forget_link") else None


@admin.register(Channel)
class ChannelAdmin(RoleAdmin):
    view_roles = add_roles = change_roles = CHANNEL_KEEPERS
    form = ChannelForm
    list_display = ("name", "kind", "stored_link", "slack_channel_id", "announcing", "retired_at")
    list_filter = ("kind", ("retired_at", admin.EmptyFieldListFilter))
    actions = ("grant_now", "retire")
    change_list_template = "admin/partners/channel/change_list.html"

    @admin.display(description=_("link stored"), boolean=True)
    def stored_link(self, row: Channel) -> bool:
        return row.has_link

    @admin.display(description=_("announces"), boolean=True)
    def announcing(self, row: Channel) -> bool:
        return row.announces

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is always there, and a way to forget the link where one is stored."""
        forget = ["forget_link"] if obj is not None and obj.has_link else []
        slack = ["announces", "slack_channel_id", "slack_team_id"]
        return ["kind", "name", "purpose", "invitation_link", *forget, *slack]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.retired_at is None)

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        try:
            save_channel(channel=obj, invitation_link=form.new_link, by=_user(request), at=clock.now())
        except DomainError as refusal:
            self.refused(request, refusal)

    @admin.action(description=_("Grant missing channels to all active partners now"))
    def grant_now(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        count = grant_to_all(at=clock.now())
        said = ngettext(
            "%d partner was granted what they hadn't got.",
            "%d partners were granted what they hadn't got.",
            count,
        )
        self.message_user(request, said % count, messages.SUCCESS)

    @admin.action(description=_("Retire: end every access and forget the link"))
    def retire(self, request: HttpRequest, queryset: QuerySet[Channel]) -> HttpResponse | None:
        """Ask once, because it can't be undone; then retire."""
        if "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Retire these channels?"),
                "channels": queryset.annotate(
                    granted=Count("accesses", filter=Q(accesses__withdrawn_at__isnull=True))
                ),
            }
            return TemplateResponse(request, "admin/partners/channel/retire.html", context)
        try:
            for channel in queryset:
                retire_channel(channel=channel, by=_user(request), at=clock.now())
        except DomainError as refusal:
            self.refused(request, refusal)
        else:
            self.message_user(request, _("Retired. Close the group itself at Slack or WhatsApp."))
        return None


@admin.register(ChannelAccess)
class ChannelAccessAdmin(RoleAdmin):
    """Who has access, and had: to look at."""

    view_roles = CHANNEL_KEEPERS
    list_display = ("partner", "channel", "how", "granted_at", "withdrawn_at", "removal")
    list_filter = ("channel", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("partner", "channel")
    search_fields = ("partner__display_name",)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
