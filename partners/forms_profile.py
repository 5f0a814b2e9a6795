"""What a partner fills in about themself for the public: details, which of them are shown, a photo (C16)."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django_countries import countries

from partners.directory import LANGUAGES, language_name
from partners.models import Profile
from partners.photos import MAX_BYTES
from partners.rules import SHOWABLE, fold
from ssp.core.forms import DomainFormMixin

MOST_LANGUAGES, MOST_TOPICS, LONGEST_TOPIC = 8, 12, 40


def pieces(text: str) -> list[str]:
    """Return what stands between commas, each once."""
    found = (" ".join(piece.split()) for piece in re.split(r"[,;\n]", text))
    return list({fold(piece): piece for piece in found if piece}.values())


class Languages(forms.CharField):
    """Languages by their names, with commas; kept as codes, in that order."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(language_name(code) for code in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        names = pieces(super().clean(value))
        if len(names) > MOST_LANGUAGES:
            raise forms.ValidationError(now("Name eight languages at most."))
        known = self._known()
        unknown = [name for name in names if fold(name) not in known]
        if unknown:
            raise forms.ValidationError(
                now("We don't know the language “%(name)s”. Write its English name, for example French.")
                % {"name": unknown[0]}
            )
        return list(dict.fromkeys(known[fold(name)] for name in names))

    @staticmethod
    def _known() -> dict[str, str]:
        here = {fold(language_name(code)): code for code in LANGUAGES}
        with override("en"):
            return {fold(language_name(code)): code for code in LANGUAGES} | here


class Topics(forms.CharField):
    """Topics, with commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        topics = pieces(super().clean(value))
        if len(topics) > MOST_TOPICS:
            raise forms.ValidationError(now("Name twelve topics at most."))
        if any(len(topic) > LONGEST_TOPIC for topic in topics):
            raise forms.ValidationError(now("Keep each topic to 40 characters, with commas between topics."))
        return topics


class ProfileForm(DomainFormMixin, forms.ModelForm):
    """The details, and beside each whether it is shown."""

    display_name = forms.CharField(
        label=_("Public name"),
        max_length=120,
        help_text=_("Always shown while you are listed. The people you introduce read it too."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    country = forms.ChoiceField(
        label=_("Country"), required=False, widget=forms.Select(attrs={"autocomplete": "country"})
    )
    languages = Languages(
        label=_("Languages"),
        required=False,
        max_length=300,
        help_text=_("With commas, for example: French, Arabic, English."),
    )
    topics = Topics(
        label=_("Industries and use cases"),
        required=False,
        max_length=600,
        help_text=_("With commas, for example: insurance, claims, document search."),
    )
    website = forms.URLField(
        label=_("Website"),
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"autocomplete": "url"}),
        error_messages={"invalid": _("Enter a web address, for example https://haddad.example.")},
    )
    linkedin = forms.URLField(
        label="LinkedIn",
        required=False,
        assume_scheme="https",
        help_text=_("The address of your page there."),
        error_messages={"invalid": _("Enter the address of your LinkedIn page.")},
    )

    class Meta:
        model = Profile
        fields = [
            "company",
            "city",
            "country",
            "headline",
            "about",
            "languages",
            "topics",
            "website",
            "linkedin",
            "email",
            "phone",
        ]
        labels = {
            "company": _("Firm"),
            "city": _("City"),
            "headline": _("Your trade, in a line"),
            "about": _("About you"),
            "email": _("E-mail for enquiries"),
            "phone": _("Phone"),
        }
        help_texts = {
            "headline": _("For example: Insurance and banking: policies, claims, complaints."),
            "about": _("A few sentences. No names of customers who didn't agree."),
            "email": _("Shown, it becomes the link “Write to you”. It need not be the one you sign in with."),
        }
        widgets = {
            "company": forms.TextInput(attrs={"autocomplete": "organization"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "about": forms.Textarea(attrs={"rows": 6}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
        }

    def __init__(self, *args: Any, has_photo: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country: Any = self.fields["country"]
        country.choices = [("", _("Choose a country")), *countries]
        self.order_fields(["display_name", *self.Meta.fields])
        for name in SHOWABLE:
            if name != "photo" or has_photo:
                label = _("Show the photo") if name == "photo" else _("Show it publicly")
                self.fields[f"show_{name}"] = forms.BooleanField(
                    label=label, required=False, initial=name in self.instance.shown
                )

    def clean_display_name(self) -> str:
        return self._line("display_name")

    def clean_company(self) -> str:
        return self._line("company")

    def clean_city(self) -> str:
        return self._line("city")

    def clean_headline(self) -> str:
        return self._line("headline")

    def _line(self, name: str) -> str:
        """Return what stands in one line: it goes into subjects and addresses of mails."""
        return " ".join(self.cleaned_data[name].split())

    def clean_website(self) -> str:
        return self._web("website")

    def clean_linkedin(self) -> str:
        address = self._web("linkedin")
        host = (urlsplit(address).hostname or "").removeprefix("www.")
        if address and host != "linkedin.com" and not host.endswith(".linkedin.com"):
            raise forms.ValidationError(
                now("This isn't on linkedin.com. Enter the address of your LinkedIn page.")
            )
        return address

    def _web(self, name: str) -> str:
        address: str = self.cleaned_data[name]
        if address and not address.startswith(("https://", "http://")):
            raise forms.ValidationError(now("Enter an address that begins with https://."))
        return address

    def clean_phone(self) -> str:
        phone: str = " ".join(self.cleaned_data["phone"].split())
        if phone and not re.fullmatch(r"\+?[0-9 ()./-]{5,40}", phone):
            raise forms.ValidationError(
                now("Enter a phone number with digits alone, for example +32 2 555 01 23.")
            )
        return phone

    @cached_property
    def details(self) -> dict[str, Any]:
        """What was filled in, by the names of the profile."""
        return {name: self.cleaned_data[name] for name in ("display_name", *self.Meta.fields)}

    @property
    def shown(self) -> list[str]:
        """The names of what is shown. A photo that isn't there yet keeps its present choice."""
        return [
            name for name in SHOWABLE if self.cleaned_data.get(f"show_{name}", name in self.instance.shown)
        ]

    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each detail with the choice to show it."""
        return [(self[name], self[f"show_{name}"]) for name in self.Meta.fields]

    def _post_clean(self) -> None:
        """Leave the row as it is: the service keeps what was filled in, under a lock."""


class PhotoForm(DomainFormMixin, forms.Form):
    """A new photo. What it is decides its content (`partners.photos`)."""

    photo = forms.FileField(
        label=_("Photo"),
        help_text=_(
            "A JPEG, PNG or WebP file up to 8 MB, at least 200 by 200 pixels. We cut it to a square and keep "
            "nothing else of the file, such as where it was taken."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={"empty": _("This file is empty. Choose another one.")},
    )

    @property
    def content(self) -> bytes:
        """The file's bytes, as far as a photo may be long, and one more to tell."""
        content: bytes = self.cleaned_data["photo"].read(MAX_BYTES + 1)
        return content


class SearchForm(forms.Form):
    """What somebody looks for in the directory; the filters live in the address."""

    q = forms.CharField(
        label=_("Name, trade or use case"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)

    def __init__(
        self, *args: Any, languages: list[tuple[str, str]], countries: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        language: Any = self.fields["language"]
        country: Any = self.fields["country"]
        language.choices = [("", _("Any language")), *languages]
        country.choices = [("", _("Any country")), *countries]
