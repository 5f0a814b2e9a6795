"""The state machines of the project, read from the models and drawn (docs/states.md)."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Model
from django_fsm import FSMField

INTRODUCTION = """\
# States

Written by `manage.py write_states` from the models' transitions; `--check` keeps it current. An arrow is a
method that a service calls; nothing else changes these fields, and triggers hold what must never go back.
"""


class StatusField(FSMField):
    """A state machine's field, of which migrations need to know nothing but its column.

    Each model that a migration renders would else be asked about transitions, by each field before it.
    """

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("protected", None)
        return name, "django.db.models.CharField", args, kwargs


def machines() -> Iterator[tuple[type[Model], Any]]:
    """Yield every state field of our own models, in the order of the house and of the alphabet."""
    for config in apps.get_app_configs():
        for model in sorted(config.get_models(), key=lambda each: each.__name__):
            for field in model._meta.local_fields:
                if isinstance(field, FSMField):
                    yield model, field


def page() -> str:
    """Return the whole of docs/states.md."""
    return "\n".join([INTRODUCTION, *(section(model, field) for model, field in machines())])


def section(model: type[Model], field: Any) -> str:
    """Draw one state field: its diagram, and a line for each transition."""
    labels = {str(value): str(label) for value, label in field.choices or []}
    moves = sorted(field.get_all_transitions(model), key=lambda move: _order(labels, move))
    begins = str(field.get_default())
    lines = [f"## {model.__name__}", "", *_first_paragraph(model.__doc__), "```mermaid", "stateDiagram-v2"]
    lines += [f"    {state}: {label}" for state, label in labels.items()]
    lines += [f"    [*] --> {begins}"]
    lines += [f"    {move.source} --> {move.target}: {move.name}" for move in moves]
    leads_on = {str(move.source) for move in moves}
    lines += [f"    {state} --> [*]" for state in labels if state not in leads_on]
    lines += ["```", "", "| Transition | From | To | What it says |", "| --- | --- | --- | --- |"]
    for name in dict.fromkeys(move.name for move in moves):
        same = [move for move in moves if move.name == name]
        sources = ", ".join(labels.get(str(move.source), str(move.source)) for move in same)
        target = labels.get(str(same[0].target), str(same[0].target))
        says = " ".join((same[0].method.__doc__ or "").split())
        lines.append(f"| `{name}` | {sources} | {target} | {says} |")
    return "\n".join([*lines, ""])


def _order(labels: dict[str, str], move: Any) -> tuple[int, int, str]:
    states = list(labels)
    source, target = str(move.source), str(move.target)
    return (
        states.index(source) if source in states else -1,
        states.index(target) if target in states else -1,
        move.name,
    )


def _first_paragraph(doc: str | None) -> list[str]:
    text = " ".join((doc or "").strip().split("\n\n")[0].split())
    return [text, ""] if text else []
