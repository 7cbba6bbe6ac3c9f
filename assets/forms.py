"""The form that moves an asset."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from assets.guards import refusals_of_move
from assets.models import Asset
from assets.workflow import moves_from


class MoveForm(BaseDialogForm):
    """Where the asset goes, why, and, for a disposal, what proves the wipe."""

    to = forms.ChoiceField(label=_("Move"), widget=UnfoldAdminSelectWidget)
    evidence = forms.CharField(
        label=_("Wipe evidence"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("For a disposal: the number of the wipe certificate, or why there was nothing to wipe."),
    )
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asset = Asset.objects.get(pk=self.object_id)
        self.fields["to"].choices = [
            (move.target.value, f"{move.label} → {move.target.label}")
            for move in moves_from(self.asset.stage)
        ]

    def clean(self):
        cleaned = super().clean()
        if "to" in cleaned:
            for refusal in refusals_of_move(self.asset, cleaned["to"], evidence=cleaned.get("evidence", "")):
                self.add_error("evidence" if refusal.code == "evidence_missing" else "to", refusal)
        return cleaned
