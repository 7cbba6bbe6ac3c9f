"""What surrounds the rounds: photos, corrections of the record, exceptions, amendments, versions."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone
from PIL import Image, ImageDraw

from cmdb.actions.labels import label_items
from cmdb.models import ConfigurationItem
from config.demo import people, readings
from config.demo.people import Cast
from inspections.actions import (
    AnswerInput,
    Shot,
    accept_correction,
    approve_override,
    comment_finding,
    decide_amendment,
    draft_version,
    inspect_once,
    mark_duplicate,
    plan_recheck,
    propose_amendment,
    publish_version,
    record_answers,
    request_override,
    save_item,
    start_run,
    submit_run,
    take_photo,
    withdraw_amendment,
    withdraw_override,
)
from inspections.models import (
    Amendment,
    Answer,
    ChecklistTemplate,
    CorrectionProposal,
    Finding,
    InspectionRun,
    RunTarget,
    TemplateItem,
    ThresholdOverride,
)
from inspections.workflow import FindingState, RunState

LABELS = {"virt-01": "LH-V01-7731", "virt-02": "LH-V02-7732", "gpu-01": "LH-GPU-0193"}
# Item, server, upper bounds, first and last day from today, why, whether it was approved and withdrawn.
EXCEPTIONS = (
    ("failed-logins", "his-db-02", ("40", "200"), -30, -2, "Migration of accounts 账号迁移期间", False),
    ("cpu-percent", "emr-db-01", ("90", "99"), 0, 30, "Month-end statistics 月末统计", True),
)


def are_there() -> bool:
    return Amendment.objects.exists()


def make() -> None:
    cast = people.cast()
    by_label(cast)
    photos_of_today(cast)
    exceptions(cast)
    amendments(cast)
    findings(cast)
    versions(cast)


def picture(seed: int) -> bytes:
    """The front of a rack as a small JPEG: dark units, and a row of lights on each."""
    chance = Random(seed)  # noqa: S311
    image = Image.new("RGB", (360, 480), (38, 40, 44))
    draw = ImageDraw.Draw(image)
    for unit in range(12):
        top = 18 + unit * 37
        draw.rectangle((24, top, 336, top + 31), fill=(58, 61, 66), outline=(20, 21, 23))
        for light in range(14):
            tone = (232, 168, 40) if chance.random() < 0.04 else (64, 196, 108)
            draw.rectangle((44 + light * 16, top + 12, 50 + light * 16, top + 18), fill=tone)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def photograph(target: RunTarget, item: TemplateItem, name: str, by: people.User) -> None:
    shot = Shot(picture(target.ci_id), name, timezone.now() - timedelta(minutes=3), device="demo-phone")
    take_photo(target, item.pk, shot, by=by)


def by_label(cast: Cast) -> None:
    """Somebody scanned three labels: the serials differ from the record, one is corrected already."""
    items = ConfigurationItem.objects.filter(name__in=LABELS).order_by("name")
    label_items(items, by=cast.config)
    made = inspect_once(items, key="labels", label="Scan of labels", label_zh="扫码巡检")
    chance, began = Random(4), timezone.now() - timedelta(minutes=25)  # noqa: S311
    for run in made.runs:
        start_run(run, by=cast.engineer)
        given = {item.key: item for item in run.version.items.all()}
        entries = readings.of(run, began, chance, 0)
        for target in run.targets.select_related("ci"):
            serial = LABELS[target.ci.name]
            entries.append(AnswerInput(target.pk, given["serial-label"].pk, serial, observed_at=began))
            photograph(target, given["cabinet-photo"], f"{target.ci.name}.jpg", cast.engineer)
        record_answers(run, entries, by=cast.engineer)
        submit_run(run, by=cast.engineer)
    accept_correction(
        CorrectionProposal.objects.earliest("pk"), by=cast.config, comment="Label read again 已核对"
    )


def photos_of_today(cast: Cast) -> None:
    """The round that is under way has photos of two servers."""
    run = InspectionRun.objects.filter(plan__key="servers", state=RunState.IN_PROGRESS).first()
    item = TemplateItem.objects.filter(version__runs=run, key="cabinet-photo").first()
    if run is None or item is None:
        return
    for target in run.targets.select_related("ci")[:2]:
        photograph(target, item, f"{target.ci.name}.jpg", cast.engineer)


def exceptions(cast: Cast) -> None:
    """One that nobody decided in time, one withdrawn."""
    today, template = timezone.localdate(), ChecklistTemplate.objects.get(key="server")
    for key, name, (warn, crit), first, last, reason, is_over in EXCEPTIONS:
        wanted = ThresholdOverride(
            template=template, item_key=key, ci=ConfigurationItem.objects.get(name=name),
            warn_high=Decimal(warn), crit_high=Decimal(crit), reason=reason,
            valid_from_on=today + timedelta(days=first), valid_until_on=today + timedelta(days=last),
        )  # fmt: skip
        asked = request_override(wanted, by=cast.engineer)
        if is_over:
            approve_override(asked, by=cast.reviewer)
            withdraw_override(asked, by=cast.reviewer, reason="Statistics run elsewhere 统计任务已迁走")


def amendments(cast: Cast) -> None:
    """Two digits changed places: one correction is approved, one waits, one is refused, one taken back."""
    runs = InspectionRun.objects.filter(plan__key="servers", state=RunState.SIGNED).order_by("-slot_at")
    answers = Answer.objects.current().filter(target__run=runs[4], severity="ok")
    waiting = answers.filter(item_key="memory-percent").earliest("pk")
    wrong = answers.filter(item_key="cpu-percent").earliest("pk")
    proposed = propose_amendment(wrong, by=cast.engineer, value="41.5", reason="Digits swapped 数字录反")
    decide_amendment(proposed, by=cast.reviewer2, approve=True, comment="Log says so 与日志一致")
    propose_amendment(waiting, by=cast.engineer, value="66.2", reason="Line above was read 看错了一行")
    guessed, again = answers.filter(item_key="disk-system-percent").order_by("pk")[:2]
    proposed = propose_amendment(guessed, by=cast.engineer, value="50", reason="As usual 与平时一样")
    decide_amendment(proposed, by=cast.reviewer2, approve=False, comment="No evidence 没有依据")
    proposed = propose_amendment(
        again, by=cast.engineer, value="61", reason="Another partition 看的是另一个分区"
    )
    withdraw_amendment(proposed, by=cast.engineer, comment="It was right 原值无误")


def findings(cast: Cast) -> None:
    """An alert says what is known already; a fix is looked at again; somebody says how it goes."""
    filled = Finding.objects.unclosed().get(ci__name="log-store-01", item_key="disk-data-percent")
    alarm = Finding.objects.unclosed().get(ci__name="log-store-01", item_key__startswith="alert:")
    mark_duplicate(alarm, by=cast.engineer4, of=filled, comment="The same disk 同一磁盘")
    comment_finding(
        filled, by=cast.engineer, comment="120 GB of logs moved to the archive 已归档 120 GB 日志"
    )
    fixed = Finding.objects.filter(state=FindingState.FIXED, first_answer__isnull=False).first()
    if fixed is not None:
        plan_recheck(fixed, by=cast.engineer4)


def versions(cast: Cast) -> None:
    """The list of the network has a second version to compare with, that of databases a draft."""
    network, database = (ChecklistTemplate.objects.get(key=key) for key in ("network-device", "database"))
    second = draft_version(network, by=cast.reviewer)
    fans = second.items.get(key="fans")
    fans.help_text = "Listen at each tray; the display shows the speed."
    fans.help_text_zh = "逐个风扇框听音，并查看转速。"
    save_item(fans, by=cast.reviewer)
    optic = TemplateItem(
        version=second, key="uplink-power", label="Optical power of the uplinks", label_zh="上联光功率",
        section=fans.section, section_zh=fans.section_zh, kind="number", unit="dBm", decimals=1,
        warn_low=Decimal("-14"), crit_low=Decimal("-18"), finding="finding",
    )  # fmt: skip
    save_item(optic, by=cast.reviewer)
    publish_version(second, by=cast.reviewer, changelog="Optical power, after the fibre of June 增加光功率")
    draft_version(database, by=cast.reviewer)
