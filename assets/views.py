"""The read-first pages of assets: the list, one asset, and its move."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Team
from accounts.roles import Right, has_right, require_right
from assets.actions import move_asset
from assets.expiry import ExpiryState
from assets.models import Asset, Contract, Manufacturer
from assets.panels import TONES
from assets.workflow import Stage, moves_from
from audit.recorded.differences import deed_in_words

PAGE_ROWS = 50
STAGE_TONES = {
    Stage.STOCK: "info",
    Stage.IN_USE: "good",
    Stage.REPAIR: "warn",
    Stage.RETIRED: "neutral",
    Stage.DISPOSED: "done",
}


def dressed(asset):
    """The asset with the tones of its badges."""
    asset.stage_tone = STAGE_TONES[asset.stage]
    asset.warranty_tone = TONES[asset.warranty.state]
    return asset


def filtered(request):
    """The assets the query string asks for; a value that means nothing filters nothing."""
    asked = request.GET
    assets = Asset.objects.for_display()
    if text := asked.get("q", "").strip():
        assets = assets.matching(text)
    if asked.get("stage") in Stage.values:
        assets = assets.filter(stage=asked["stage"])
    if asked.get("warranty") in ExpiryState.values:
        assets = assets.standing(asked["warranty"])
    if asked.get("maker", "").isdecimal():
        assets = assets.filter(model__manufacturer=asked["maker"])
    if team := asked.get("team"):
        assets = assets.filter(owner_team__key=team)
    return assets.order_by("tag", "-id")


def life_of(asset):
    """Each stage the asset entered, newest first, with who, when and why."""
    events, before = [], ""
    for row in asset.history.select_related("history_user").order_by("history_id"):
        if row.stage != before:
            events.append(
                {
                    "before": Stage(before).label if before else "",
                    "after": Stage(row.stage).label,
                    "at": row.history_date,
                    "who": row.history_user,
                    "reason": deed_in_words(row.history_change_reason),
                }
            )
            before = row.stage
    return events[::-1]


@require_GET
@login_required
def asset_list(request):
    require_right(request.user, Right.VIEW)
    page = Paginator(filtered(request), PAGE_ROWS).get_page(request.GET.get("page"))
    page.object_list = [dressed(asset) for asset in page.object_list]
    held = Asset.objects.held()
    return render(
        request,
        "assets/asset_list.html",
        {
            "page": page,
            "asked_maker": int(asked) if (asked := request.GET.get("maker", "")).isdecimal() else None,
            "stages": Stage.choices,
            "standings": ExpiryState.choices,
            "makers": Manufacturer.objects.filter(models__assets__isnull=False).distinct(),
            "teams": Team.objects.filter(assets__isnull=False).distinct(),
            "is_filtered": any(request.GET.get(name) for name in ("q", "stage", "warranty", "maker", "team")),
            "held": held.count(),
            "ending": held.ending_within(90).count(),
            "expired": held.expired().count(),
            "to_renew": Contract.objects.to_renew().count(),
            "may_edit": has_right(request.user, Right.ASSET_EDIT),
        },
    )


@require_GET
@login_required
def asset_page(request, pk):
    require_right(request.user, Right.VIEW)
    asset = get_object_or_404(Asset.objects.for_display().select_related("location__type"), pk=pk)
    contracts = list(
        Contract.objects.filter(covers__asset=asset).select_related("vendor").prefetch_related("promises")
    )
    for contract in contracts:
        contract.tone = TONES[contract.expiry.state]
    may_edit = has_right(request.user, Right.ASSET_EDIT)
    support = asset.model.support
    return render(
        request,
        "assets/asset_page.html",
        {
            "asset": dressed(asset),
            "contracts": contracts,
            "support": support,
            "support_tone": TONES[support.state],
            "life": life_of(asset),
            "moves": moves_from(asset.stage) if may_edit else [],
            "may_edit": may_edit,
        },
    )


@require_POST
@login_required
def asset_move(request, pk):
    asset = get_object_or_404(Asset, pk=pk)
    given = request.POST
    try:
        asset = move_asset(
            asset,
            given.get("to", ""),
            by=request.user,
            comment=given.get("comment", "").strip(),
            evidence=given.get("evidence", ""),
        )
    except ValidationError as refused:
        for words in refused.messages:
            messages.error(request, words)
    else:
        messages.success(
            request, _("%(tag)s is now %(stage)s.") % {"tag": asset.tag, "stage": asset.get_stage_display()}
        )
    return redirect("assets:asset", pk=pk)
