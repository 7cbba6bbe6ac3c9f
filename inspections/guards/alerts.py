"""Why a finding that began with an alert is not verified now."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Value
from django.db.models.functions import Concat, Left
from django.utils.translation import gettext as _

from accounts.models import User
from inspections.guards.refusal import Refusal
from inspections.models import Alert, Finding


def against_confirming(finding: Finding, by: User) -> Iterable[Refusal]:
    """Somebody else than who fixed it says so, and no alert of that name fires on the CI."""
    if finding.alert_id is None:
        message = _("A later good answer or reading verifies this finding.")
        yield Refusal("state", message, _("Inspect it again."))
        return
    if finding.fixed_by_id == by.pk:
        message = _("You fixed it.")
        yield Refusal("own_fix", message, _("Somebody else confirms that it is gone."))
    alerts = Alert.objects.annotate(key=Concat(Value("alert:"), Left("name", 44)))
    if alerts.filter(ci=finding.ci_id, key=finding.item_key, status=Alert.Status.FIRING).exists():
        message = _("The alert is still firing.")
        yield Refusal("firing", message, _("Wait until Alertmanager says that it is resolved."))
