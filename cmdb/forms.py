"""Forms that ask PostgreSQL before they say yes, and one widget per attribute of an item's type."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold import widgets

from accounts.models import RoleGrant
from cmdb.attributes import attribute_faults, attribute_label, choice_labels, from_text, in_order
from cmdb.models import CIType, ConfigurationItem, ControlMode
from cmdb.rules import refusals_in_words

PREFIX = "attribute__"


class TriedForm(forms.ModelForm):
    """Valid only if PostgreSQL takes the row: saved and taken back, a refusal stands at its field."""

    def _post_clean(self):
        super()._post_clean()
        if self.errors or not self.has_changed() or _is_incomplete(self.instance):
            return
        row, was_new = self.instance, self.instance._state.adding
        own = row.pk
        try:
            with refusals_in_words():
                row.save()
                raise _TakeBack
        except _TakeBack:
            pass
        except ValidationError as refusal:
            self._add_refusal(refusal)
        row.pk, row._state.adding = own, was_new

    def _add_refusal(self, refusal):
        for field, messages in refusal.message_dict.items():
            name = field.replace("attributes.", PREFIX, 1)
            self.add_error(name if name in self.fields else None, messages)


class _TakeBack(Exception):  # noqa: N818
    """Undoes the trial."""


def _is_incomplete(row):
    """An inline row of a parent that is not saved yet cannot be tried."""
    return any(
        field.is_relation and not field.null and field.editable and getattr(row, field.attname) is None
        for field in row._meta.concrete_fields
    )


class ItemForm(TriedForm):
    """An item with one field per attribute of its type; values outside the type are kept as they are."""

    class Meta:
        model = ConfigurationItem
        fields = [
            "type", "name", "description", "lifecycle_stage", "environment", "criticality", "owner_team",
            "location", "serial", "primary_ip", "last_verified_at", "last_seen_at", "duplicate_of",
        ]  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind = self._kind()
        self.schema = self.kind.compiled_schema if self.kind else {}
        for key, spec in in_order(self.schema):
            self.fields[PREFIX + key] = attribute_field(spec, self.instance.attributes.get(key))

    def _kind(self):
        chosen = self.data.get(self.add_prefix("type")) or self.initial.get("type")
        if isinstance(chosen, CIType):
            return chosen
        wanted = str(chosen or self.instance.type_id or "")
        return CIType.objects.filter(pk=wanted).first() if wanted.isdigit() else None

    def clean(self):
        cleaned = super().clean()
        before = self.instance.attributes
        after = {key: value for key, value in before.items() if key not in self.schema}
        for key, spec in self.schema.items():
            sent = cleaned.get(PREFIX + key)
            value = None if sent is None else from_text(spec, sent)
            if key in before and sent == as_text(before[key]):
                value = before[key]  # untouched, also where it could not be written so today
            if value is not None:
                after[key] = value
        is_standing = not self.instance._state.adding and self.instance.type_id == (
            self.kind and self.kind.pk
        )
        for key, message in attribute_faults(self.schema, after, before if is_standing else None).items():
            self.add_error(PREFIX + key if PREFIX + key in self.fields else None, message)
        self.attributes = after
        return cleaned

    def _post_clean(self):
        self.instance.attributes = getattr(self, "attributes", self.instance.attributes)
        super()._post_clean()


def attribute_field(spec, value):
    """The form field of one attribute: always text underneath, checked by the attribute's own rules."""
    text = as_text(value)
    options = {
        "label": attribute_label(spec) + (f" ({spec['unit']})" if spec.get("unit") else ""),
        "required": False,
        "initial": text,
        "help_text": _help(spec),
    }
    kind = spec["kind"]
    if kind in ("choice", "boolean"):
        labels = choice_labels(spec) if kind == "choice" else {"true": _("Yes"), "false": _("No")}
        if text and text not in labels:
            labels[text] = text  # no longer allowed, and kept until somebody chooses
        choices = [("", "---------"), *labels.items()]
        return forms.ChoiceField(choices=choices, widget=widgets.UnfoldAdminSelectWidget, **options)
    return forms.CharField(widget=_widget(kind, spec, text), **options)


def _widget(kind, spec, text):
    if kind == "list":
        return widgets.UnfoldAdminTextareaWidget(attrs={"rows": 3})
    if kind in ("integer", "number") and (not text or from_text(spec, text) != text):
        limits = {
            "min": spec.get("minimum"),
            "max": spec.get("maximum"),
            "step": 1 if kind == "integer" else "any",
        }
        attrs = {"type": "number"} | {name: limit for name, limit in limits.items() if limit is not None}
        return widgets.UnfoldAdminTextInputWidget(attrs=attrs)
    if kind == "date":
        return widgets.UnfoldAdminSingleDateWidget(format="%Y-%m-%d")
    return widgets.UnfoldAdminTextInputWidget()


def _help(spec):
    parts = []
    if spec.get("required"):
        parts.append(_("Required."))
    elif spec.get("recommended"):
        parts.append(_("Recommended."))
    if "minimum" in spec or "maximum" in spec:
        parts.append(_("From %(low)s to %(high)s.") % {
            "low": spec.get("minimum", "−∞"), "high": spec.get("maximum", "∞")
        })  # fmt: skip
    if "pattern" in spec:
        parts.append(_("Form: %(pattern)s") % {"pattern": spec["pattern"]})
    if spec["kind"] == "list":
        parts.append(_("One per line."))
    if spec["kind"] == "datetime":
        parts.append(_("As 2026-11-30T08:15+08:00."))
    return " ".join(parts)


def as_text(value):
    """The attribute's value as its form field shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return str(value)


class CITypeForm(TriedForm):
    """A type; tightening it, and controlling its items otherwise, is done knowingly."""

    accept_unfit = forms.BooleanField(
        label=gettext_lazy("Save although items become invalid"),
        required=False,
        widget=widgets.UnfoldBooleanWidget,
        help_text=gettext_lazy("They stay as they are and stand in the list of items to be fixed."),
    )
    accept_control = forms.BooleanField(
        label=gettext_lazy("Control the items otherwise from now on"),
        required=False,
        widget=widgets.UnfoldBooleanWidget,
        help_text=gettext_lazy("Asked for once the mode is changed, with what it means for these items."),
    )

    def clean(self):
        cleaned = super().clean()
        is_asked = "control" in self.changed_data and not self.instance._state.adding
        if is_asked and "control" in cleaned and not cleaned.get("accept_control"):
            meaning = control_in_words(self.instance, cleaned["control"])
            box = _("Tick “%(box)s” to save it.") % {"box": self.fields["accept_control"].label}
            self.add_error("control", [*meaning, box])
        return cleaned


MEANINGS = {
    ControlMode.INHERITED: gettext_lazy("The type above decides."),
    ControlMode.OPEN: gettext_lazy("Open: items are written without a change, and nobody has to explain it."),
    ControlMode.RECORDED: gettext_lazy(
        "Recorded: writes happen, and each one that no change under way plans waits for an explanation."
    ),
    ControlMode.CONTROLLED: gettext_lazy(
        "Controlled: PostgreSQL refuses every write that no change under way plans, of imports and"
        " integrations too."
    ),
}
LOOKED_BACK = timedelta(days=30)


def control_in_words(kind, mode):
    """What another mode of control means: for how many items, and which integrations wrote them lately."""
    types = [kind.pk, *_following(kind.pk)]
    count = ConfigurationItem.objects.filter(type__in=types).count()
    programs = RoleGrant.objects.filter(role="integration").values("user")
    rows = ConfigurationItem.history.filter(
        type_id__in=types, history_date__gte=timezone.now() - LOOKED_BACK, history_user__in=programs
    )
    written = rows.order_by().values("history_username").annotate(n=Count("pk")).order_by("-n")
    who = ", ".join(f"{row['history_username']} ({row['n']})" for row in written[:10])
    return [
        MEANINGS[mode],
        ngettext(
            "It holds for %(count)d item, with those of the types below that follow it.",
            "It holds for %(count)d items, with those of the types below that follow it.",
            count,
        )
        % {"count": count},
        _("Integrations that wrote here in the last 30 days (rows): %(who)s.") % {"who": who}
        if who
        else _("No integration wrote here in the last 30 days."),
    ]


def _following(pk):
    """Ids of the types below that have no mode of their own."""
    below = {}
    for child, parent in CIType.objects.filter(control="").values_list("pk", "parent"):
        below.setdefault(parent, []).append(child)
    found = list(below.get(pk, []))
    for each in found:
        found.extend(below.get(each, []))
    return found


class AttributeFormSet(forms.BaseInlineFormSet):
    """The attributes of a type; before it is saved it says how many items would become invalid."""

    def clean(self):
        super().clean()
        if any(self.errors) or self.data.get("accept_unfit") or self.instance._state.adding:
            return
        standing = set(ConfigurationItem.objects.unfit().values_list("pk", flat=True))
        try:
            with refusals_in_words():
                for form in self.forms:
                    if form in self.deleted_forms:
                        form.instance.delete()
                    elif form.has_changed():
                        form.save()
                unfit = ConfigurationItem.objects.unfit().exclude(pk__in=standing).order_by("name")
                names = list(unfit.values_list("name", flat=True)[:5])
                count = unfit.count() if names else 0
                raise _TakeBack
        except _TakeBack:
            self._forget_trial()
        except ValidationError as refusal:
            raise ValidationError(refusal.messages) from refusal
        if count:
            raise ValidationError(
                ngettext(
                    "%(count)d item would become invalid: %(names)s. Tick “%(box)s” to save all the same.",
                    "%(count)d items would become invalid: %(names)s. Tick “%(box)s” to save all the same.",
                    count,
                )
                % {"count": count, "names": ", ".join(names) + (" …" if count > len(names) else ""),
                   "box": CITypeForm.base_fields["accept_unfit"].label}
            )  # fmt: skip

    def _forget_trial(self):
        for form in self.forms:
            if form in self.deleted_forms and form.initial.get("id"):
                form.instance.pk = form.initial["id"]
            elif not form.initial.get("id"):
                form.instance.pk, form.instance._state.adding = None, True
