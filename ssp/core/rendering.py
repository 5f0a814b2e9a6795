"""How forms look: each widget gets its class here, so that a form class never names one."""

from typing import Any

from django.forms import BaseForm, BoundField, Field, Widget, fields, models, widgets
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

CLASSES: tuple[tuple[type[Widget], str], ...] = (
    (widgets.CheckboxInput, "checkbox"),
    (widgets.CheckboxSelectMultiple, "checkbox"),
    (widgets.RadioSelect, "radio"),
    (widgets.FileInput, "file-input w-full"),
    (widgets.Select, "select"),
    (widgets.Textarea, "textarea"),
    (widgets.Input, "input"),
)


# What an empty field is told: what to do, in the words of its kind. A field's own words come first.
MISSING: tuple[tuple[type[Field], Any], ...] = (
    (fields.BooleanField, _("Tick this to go on.")),
    (fields.FileField, _("Choose a file.")),
    (fields.MultipleChoiceField, _("Choose at least one.")),
    (models.ModelMultipleChoiceField, _("Choose at least one.")),
    (fields.ChoiceField, _("Choose one.")),
    (models.ModelChoiceField, _("Choose one.")),
    (fields.EmailField, _("Enter an e-mail address.")),
    (fields.DateField, _("Enter a date.")),
    (fields.TimeField, _("Enter a time.")),
    (fields.DateTimeField, _("Enter a date and a time.")),
    (fields.IntegerField, _("Enter a number.")),  # and those with a decimal point
    (Field, _("Fill this in.")),
)


def missing(field: Field) -> Any:
    """Return what an empty field of that kind is told."""
    if isinstance(field.widget, widgets.PasswordInput):
        return _("Enter a password.")
    return next(words for kind, words in MISSING if isinstance(field, kind))


def class_of(widget: Widget) -> str:
    """Return the classes of a widget; nothing for hidden ones and the admin's own."""
    if widget.is_hidden or type(widget).__module__.startswith("django.contrib.admin"):
        return ""
    return next((name for kind, name in CLASSES if isinstance(widget, kind)), "")


class SspBoundField(BoundField):
    """A field on a form whose widgets carry our classes, and whose first complaint is ours."""

    def __init__(self, form: BaseForm, field: Field, name: str) -> None:
        super().__init__(form, field, name)
        if field.error_messages.get("required") is Field.default_error_messages["required"]:
            field.error_messages["required"] = missing(field)

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        """Add the class to what Django adds (`required`, `aria-invalid`, `aria-describedby`)."""
        widget = widget or self.field.widget
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        own = f"{class_of(widget)} {built.get('class', '')} {widget.attrs.get('class', '')}".split()
        if own:
            built["class"] = " ".join(dict.fromkeys(own))
        if "placeholder" in widget.attrs:
            built["placeholder"] = False  # the label is above the field, where it stays readable
        if isinstance(widget, widgets.Textarea) and widget.attrs.get("rows") == "10":
            built["rows"] = "4"  # Django's default is a page long
        return built


class SspRenderer(TemplatesSetting):
    """Renders `{{ form }}` and `{{ field.as_field_group }}` with our components."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
    bound_field_class = SspBoundField
