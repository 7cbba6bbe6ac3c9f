"""Whether an application and its plan say enough."""

from __future__ import annotations

import re

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest
from changes.models.request import ItemImpact
from changes.workflow import Kind
from cmdb.models import LifecycleStage

SAYS_NOTHING = re.compile(
    r"^\W*(n/?a|nil|tb[acd]|none|nothing|no|yes|ok|todo|test(ing)?|xxx*|asdf*|qwe*r*t*y*|same|ditto"
    r"|see (above|below|ticket|mail|attachment)|as (above|discussed|usual)|to be (done|defined|confirmed)"
    r"|无|没有|暂无|待定|待补充?|同上|略|测试|见附件|如题|是|否|不适用)?\W*$",
    re.IGNORECASE,
)
WIDE = 0x2E80  # from here on a character carries about as much as a word's half
TITLE_WEIGHT, REASON_WEIGHT, WORDS_WEIGHT = 6, 12, 6


def says_something(text: str) -> bool:
    """Not empty, and not "n/a", "TBC" or the like."""
    return not SAYS_NOTHING.match(text or "")


def thin(text: str, least: int = WORDS_WEIGHT) -> bool:
    """Whether the text says nothing or too little: letters and digits count one, Chinese characters two."""
    weight = sum(2 if ord(each) >= WIDE else 1 for each in text or "" if each.isalnum())
    return weight < least or not says_something(text)


def form_complete(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Title and reason say enough to judge by; a normal or standard change wants a window."""
    refusals = unless(
        not thin(change.title, TITLE_WEIGHT),
        "title",
        _("The title says too little."),
        _("Name the work and the thing, for example: “Replace the certificate of the HIS portal”."),
    )
    refusals += unless(
        not thin(change.reason, REASON_WEIGHT),
        "reason",
        _("The reason says too little; “N/A”, “TBC” or “as discussed” tell a voter nothing."),
        _("Write why it must be done and what happens if not, for example: “It expires on 3 May”."),
    )
    if change.kind != Kind.EMERGENCY:
        window = change.window
        refusals += unless(window is not None, "window", _("No window is asked for."), _("Set the window."))
        refusals += unless(
            window is None or not window.isempty,
            "window_empty",
            _("The window is empty: it ends when it starts."),
            _("Set an end after the start."),
        )
    return refusals


def cis_listed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """At least one item, and every item that an operation touches is among them."""
    listed = set(change.change_items.filter(impact=ItemImpact.MANUAL).values_list("item_id", flat=True))
    touched = set(change.operations.exclude(item=None).values_list("item_id", flat=True))
    return (
        unless(
            listed,
            "cis_listed",
            _("No configuration item is listed."),
            _("Add the items that will be changed."),
        )
        + unless(
            touched <= listed,
            "operations_within_items",
            _("An operation touches an item that is not listed."),
            _("Add the item to the change."),
        )
        + [
            Refusal(
                "item_gone",
                _("%(item)s is disposed of.") % {"item": row.item},
                _("Take it out of the change, or correct its stage of life."),
            )
            for row in change.change_items.filter(
                impact=ItemImpact.MANUAL, item__lifecycle_stage=LifecycleStage.DISPOSED
            ).select_related("item__type")
        ]
    )


def incident_referenced(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        says_something(change.incident_ref),
        "incident_referenced",
        _("An emergency names the incident or the security advisory behind it."),
        _("Fill in the incident."),
    )


def actual_times_given(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    if data is None:
        return []
    start, end = data.get("actual_start"), data.get("actual_end")
    return unless(
        start and end and start < end,
        "actual_times_given",
        _("The end of the work must come after its start."),
        _("Give both times."),
    ) + unless(
        not end or end <= timezone.now(),
        "actual_times_ahead",
        _("The work cannot have ended in the future."),
        _("Give the times at which it was really done; what is still ahead is no record but a plan."),
    )


def import_source_named(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.import_source and change.import_key,
        "import_source_named",
        _("Only a change from another system is recorded as past."),
        _("Fill in where it comes from and its key there."),
    )


def rollback_plan_present(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    steps = list(change.rollback_steps.all())
    return unless(
        steps,
        "rollback_plan_present",
        _("There is no way back planned."),
        _("Add the steps of the rollback."),
    ) + [
        Refusal(
            "rollback_step_thin",
            _("A step of the way back says too little: “%(step)s”.") % {"step": step},
            _("Write what is done, for example: “Restore the snapshot of 18:00”."),
        )
        for step in steps
        if thin(step.label)
    ]


def rollback_plan_complete(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Steps, the condition on which to roll back, the longest time it takes, and who decides."""
    return (
        rollback_plan_present(change, by, data)
        + unless(
            says_something(change.rollback_trigger),
            "rollback_trigger",
            _("The plan does not say when to roll back."),
            _("Fill in when to roll back."),
        )
        + unless(
            change.rollback_minutes,
            "rollback_minutes",
            _("The plan does not say how long a rollback takes at most."),
            _("Fill in the minutes."),
        )
        + unless(
            change.rollback_owner_id,
            "rollback_owner",
            _("Nobody is named to decide on rolling back."),
            _("Name a person."),
        )
        + unless(
            change.rollback_owner is None or change.rollback_owner.is_active,
            "rollback_owner_gone",
            _("Who decides on rolling back does not work here any more."),
            _("Name somebody else."),
        )
        + unless(
            _fits(change),
            "rollback_fits",
            _("The rollback takes longer than the whole window."),
            _("Widen the window, or plan a faster way back."),
        )
    )


def _fits(change: ChangeRequest) -> bool:
    window = change.window
    if not change.rollback_minutes or window is None or window.isempty or not (window.lower and window.upper):
        return True
    return (window.upper - window.lower).total_seconds() >= change.rollback_minutes * 60


def verify_plan_measurable(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """At least one criterion, and each names what is measured; its threshold it has by construction."""
    criteria = list(change.criteria.all())
    return unless(
        criteria,
        "verify_plan_measurable",
        _("Nothing says how the effect will be measured."),
        _("Add a criterion with a threshold."),
    ) + [
        Refusal(
            "metric_thin",
            _("A criterion does not say what is measured: “%(criterion)s”.") % {"criterion": criterion},
            _("Name the metric, for example: “log-ins that fail, per minute”."),
        )
        for criterion in criteria
        if thin(criterion.metric, 4)
    ]
