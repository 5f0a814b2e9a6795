"""Applications on their way: how many, how old, whose (C6). Drafts are counted and never shown."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_countries import countries

from partners import funnel
from partners.admin.people import CountryFilter
from partners.models import Application, ApplicationStatus
from partners.services.owners import assign_owner, owners_for
from ssp.core import clock
from ssp.core.admin import RoleAdmin, key_of
from ssp.core.errors import DomainError
from ssp.core.forms import DomainFormMixin
from ssp.core.models import User
from ssp.core.roles import Role
from ssp.core.templatetags.ssp import day


class StageFilter(admin.SimpleListFilter):
    title = gettext_lazy("where it stands")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(stage.value, str(stage.label)) for stage in funnel.Stage]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(stage=self.value()) if self.value() else queryset


class LateFilter(admin.SimpleListFilter):
    title = gettext_lazy("waiting time")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", _("Longer than 5 working days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return funnel.late(queryset, on=clock.today()) if self.value() == "1" else queryset


class OwnerFilter(admin.SimpleListFilter):
    title = gettext_lazy("owner")
    parameter_name = "owner"
    NOBODY = "nobody"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        owners = User.objects.filter(applications_owned__isnull=False).distinct().order_by("full_name")
        return [(self.NOBODY, _("Nobody yet")), *((str(owner.pk), owner.full_name) for owner in owners)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        if value == self.NOBODY:
            return queryset.filter(owner__isnull=True)
        return queryset.filter(owner=int(value)) if value.isdecimal() else queryset


class OwnerForm(DomainFormMixin, forms.Form):
    """Who looks after an application."""

    owner = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        queryset=User.objects.none(),
        help_text=gettext_lazy("A director who may decide about it, and sees to it that it is decided."),
    )

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose: Any = self.fields["owner"]
        choose.initial = application.owner_id
        choose.queryset = User.objects.filter(pk__in=[each.pk for each in owners_for(application)]).order_by(
            "full_name"
        )


@admin.register(Application)
class ApplicationAdmin(RoleAdmin):
    """The funnel and its rows. What an applicant wrote is for directors, who decide about it."""

    view_roles = (Role.DIRECTOR, Role.ADMINISTRATOR)
    list_display = ("display_name", "stands", "sent_on", "age", "owner_name")
    list_filter: ClassVar[tuple[Any, ...]] = (StageFilter, LateFilter, OwnerFilter, CountryFilter)
    search_fields = ("display_name", "legal_name", "applicant__email")
    list_select_related = ("owner", "applicant")
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return funnel.sent_applications()

    def get_ordering(self, request: HttpRequest) -> Any:
        return ["is_decided", "submitted_at"]

    @admin.display(description=gettext_lazy("where it stands"), ordering="stage")
    def stands(self, application: Any) -> str:
        return str(funnel.Stage(application.stage).label)

    @admin.display(description=gettext_lazy("sent"), ordering="submitted_at")
    def sent_on(self, application: Application) -> str:
        return day(application.submitted_at)

    @admin.display(description=gettext_lazy("age"), ordering="submitted_at")
    def age(self, application: Any) -> str | SafeString:
        return _age(application)

    @admin.display(description=gettext_lazy("owner"), ordering="owner__full_name")
    def owner_name(self, application: Application) -> str:
        return application.owner.full_name if application.owner else _("Nobody yet")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        steps = funnel.funnel(on=clock.today()) if self.has_view_permission(request) else []
        return super().changelist_view(
            request, {"title": _("Applications"), "steps": steps, **(extra_context or {})}
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show where an application stands and who looks after it; hand it to another director."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        applications = self.get_queryset(request).select_related("owner", "applicant", "partner__recruiter")
        application: Any = get_object_or_404(applications, pk=key_of(object_id))
        user = request.user
        assert isinstance(user, User)
        form = OwnerForm(request.POST or None, application=application)
        if form.is_valid():
            with form.showing(DomainError):
                assign_owner(
                    application=application, owner=form.cleaned_data["owner"], by=user, at=clock.now()
                )
                said = _("%(owner)s looks after this application now.")
                self.message_user(request, said % {"owner": form.cleaned_data["owner"].full_name})
                return redirect("admin:partners_application_change", application.pk)
        reads = user.has_role(Role.DIRECTOR)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": application.display_name,
            "application": application,
            "stage": funnel.Stage(application.stage).label,
            "age": _age(application),
            "country": countries.name(application.country),
            "form": form if application.status == ApplicationStatus.SUBMITTED else None,
            "reads": reads,
            "contract": application.partner.contracts.order_by("-created_at").first() if reads else None,
        }
        return TemplateResponse(request, "admin/partners/application/application.html", context)


def _age(application: Any) -> str | SafeString:
    today = clock.today()
    days = funnel.age_of(application, on=today)
    text = ngettext("%(n)s working day", "%(n)s working days", days) % {"n": days}
    if application.stage in funnel.OURS and application.submitted_at < funnel.late_before(today):
        return format_html('<strong class="late">{}, {}</strong>', text, _("late"))
    return text
