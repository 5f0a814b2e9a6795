"""Forms about use-case guides: what visitors search for, and what staff write."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.markdown import MAX_SOURCE
from partners.models import Guide, GuideVersion, Topic
from partners.services.guides import GuideText
from ssp.core.forms import DomainFormMixin

WIDE = {"cols": 100}
SLUG_HINT = _("The end of its address: small letters and hyphens. Links to an old address keep working.")
TOPICS_HINT = _("Visitors choose among them.")


class GuideSearchForm(forms.Form):
    """A visitor's question, in the address of the page."""

    q = forms.CharField(
        label=_("Search the guides"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"type": "search", "autocomplete": "off"}),
    )
    topic = forms.SlugField(required=False, max_length=60, widget=forms.HiddenInput)


class GuideTextForm(DomainFormMixin, forms.ModelForm):
    """The text of a guide; `revision` is the guide's, when the writer began."""

    source = forms.CharField(
        label=_("Text"),
        help_text=_(
            "Markdown: ## for a heading, - for a list, **bold**, [words](https://…), tables with |. "
            "No HTML and no pictures."
        ),
        max_length=MAX_SOURCE,
        strip=False,
        widget=forms.Textarea({**WIDE, "rows": 30, "spellcheck": "true"}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = GuideVersion
        fields = ["title", "summary", "source"]
        help_texts = {
            "title": _("What the customer wants, in a few words."),
            "summary": _("One or two sentences: who needs it, and what becomes better. Lists show it."),
        }
        widgets = {"summary": forms.Textarea({**WIDE, "rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["revision"].initial = 0

    @property
    def text(self) -> GuideText:
        return GuideText(**{name: self.cleaned_data[name] for name in ("title", "summary", "source")})


class GuidePlaceForm(DomainFormMixin, forms.ModelForm):
    """Where a guide stands: its address, its topics, its position in the list."""

    class Meta:
        model = Guide
        fields = ["slug", "topics", "position"]
        help_texts = {
            "slug": SLUG_HINT,
            "topics": TOPICS_HINT,
            "position": _("Smaller numbers come first."),
        }
        widgets = {"topics": forms.CheckboxSelectMultiple}

    def validate_unique(self) -> None:
        """The service answers that, with the old addresses too."""


class NewGuideForm(GuideTextForm):
    """The first draft of a guide, with its place."""

    slug = forms.SlugField(label=_("Address"), max_length=80, help_text=SLUG_HINT)
    topics = forms.ModelMultipleChoiceField(
        label=_("Topics"),
        queryset=Topic.objects.all(),
        required=False,
        help_text=TOPICS_HINT,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ["title", "slug", "summary", "source", "topics"]


class PublishForm(DomainFormMixin, forms.Form):
    """The sentence that readers see beside a new version."""

    what_changed = forms.CharField(
        label=_("What changed"),
        help_text=_("One sentence; readers see it beside the date. The first version needs none."),
        max_length=300,
        required=False,
        widget=forms.TextInput({"size": 80}),
    )


class WithdrawForm(DomainFormMixin, forms.Form):
    """Why a guide leaves the site."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("For your colleagues; visitors only read that the guide is withdrawn."),
        max_length=2000,
        widget=forms.Textarea({**WIDE, "rows": 3}),
    )
