"""How forms look: each widget gets its class here, so that a form class never names one."""

from typing import Any

from django.forms import BoundField, Widget, widgets
from django.forms.renderers import TemplatesSetting

CLASSES: tuple[tuple[type[Widget], str], ...] = (
    (widgets.CheckboxInput, "checkbox"),
    (widgets.CheckboxSelectMultiple, "checkbox"),
    (widgets.RadioSelect, "radio"),
    (widgets.FileInput, "file-input w-full"),
    (widgets.Select, "select"),
    (widgets.Textarea, "textarea"),
    (widgets.Input, "input"),
)


def class_of(widget: Widget) -> str:
    """Return the classes of a widget; nothing for hidden ones and the admin's own."""
    if widget.is_hidden or type(widget).__module__.startswith("django.contrib.admin"):
        return ""
    return next((name for kind, name in CLASSES if isinstance(widget, kind)), "")


class SspBoundField(BoundField):
    """A field on a form whose widgets carry our classes."""

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
