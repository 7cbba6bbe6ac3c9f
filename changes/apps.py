from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from audit.recorded.differences import DEEDS
from changes import notices  # noqa: F401  declares what people can be told of
from changes.workflow import STEPS
from cmdb.rules import REFUSALS

# What is done to a change beside its steps, as the history calls it.
OTHER_DEEDS = {
    "create_change": _("Change raised"),
    "edit_plan": _("Plan edited"),
    "assign": _("People assigned"),
    "vote": _("Vote"),
    "confirm_vote": _("Spoken vote confirmed"),
    "apply_stage": _("Stage applied"),
    "roll_back": _("Configuration restored"),
    "record_retro": _("Recorded afterwards"),
    "complete_task": _("Task done"),
    "complete_rollback_step": _("Step of the way back done"),
    "record_criterion": _("Effect measured"),
    "record_test_run": _("Test recorded"),
    "consult_owner": _("Owner asked"),
    "decide_drift": _("Decision on a drift"),
    "confirm_drift": _("Decision on a drift confirmed"),
}


class ChangesConfig(AppConfig):
    name = "changes"
    verbose_name = _("Changes")

    def ready(self) -> None:
        words = import_string("changes.guards.control.controlled_in_words")
        REFUSALS["changes_item_is_controlled"] = ("__all__", words)
        DEEDS.update({step.event: step.label for step in reversed(STEPS)} | OTHER_DEEDS)
