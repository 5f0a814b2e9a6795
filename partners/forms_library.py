"""Forms of the resource library: shape only. The services look into the files and decide."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from partners.filetypes import ENDINGS
from partners.models import Resource, ResourceFolder
from ssp.core.forms import DomainFormMixin

TAKES = _(
    "PDF, PNG, JPEG, WebP, SVG, PowerPoint, Word, Excel or ZIP, at most {megabytes} MB, without macros. "
    "We look into the file before anything is saved; a picture of it is made afterwards."
)


def file_field(label: Any) -> forms.FileField:
    return forms.FileField(
        label=label,
        help_text=format_lazy(TAKES, megabytes=settings.LIBRARY_MAX_BYTES // (1024 * 1024)),
        max_length=255,
        error_messages={"empty": _("This file is empty. Save it again, then upload it.")},
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
    )


class SearchForm(forms.Form):
    """What a partner looks for; anything that makes no sense is left out, never an error."""

    q = forms.CharField(
        label=_("Title, description or file name"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Any kind")), *Resource.Kind.choices]
    )
    folder = forms.ModelChoiceField(
        label=_("Folder"),
        required=False,
        queryset=ResourceFolder.objects.none(),
        empty_label=_("Any folder"),
    )

    def __init__(self, *args: Any, folders: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose: Any = self.fields["folder"]
        choose.queryset = folders

    def wanted(self) -> dict[str, Any]:
        """Return what was asked for and is understood."""
        self.is_valid()
        folder = self.cleaned_data.get("folder")
        words = self.cleaned_data.get("q", "").replace("\x00", "")
        kind = self.cleaned_data.get("kind", "")
        return {"words": words, "kind": kind, "folder": folder.pk if folder else None}


class FolderForm(DomainFormMixin, forms.ModelForm):
    class Meta:
        model = ResourceFolder
        fields = ("name", "position")


class EditResourceForm(DomainFormMixin, forms.ModelForm):
    """What a resource says of itself, and where it lies; saved by the service alone."""

    position = forms.IntegerField(
        label=_("Position in the folder"),
        initial=100,
        min_value=0,
        max_value=32767,
        help_text=_("Smaller numbers come first."),
    )

    class Meta:
        model = Resource
        fields = ("title", "kind", "folder", "description", "position")
        help_texts = {
            "title": _("As partners look for it: “Logo, dark on light”, “Introduction deck”."),
            "description": _("What it is for, in one or two sentences."),
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 3, "cols": 60})}

    @property
    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class PublishForm(EditResourceForm):
    """A new resource with its first file."""

    file = file_field(_("File"))
    field_order = ("file", "title", "kind", "folder", "description", "position")


class VersionForm(DomainFormMixin, forms.Form):
    """The next file of a resource."""

    file = file_field(_("New file"))
    changed = forms.CharField(
        label=_("What changed"),
        help_text=_("Partners who have the version before read this: “Prices of 2027 on page 4”."),
        max_length=300,
    )
