"""Whether the tests prove the plan as it stands, case by case, and the way back was tried."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest, TestRun
from changes.workflow import Kind


def newest_run(change: ChangeRequest, purpose: str = TestRun.Purpose.TEST) -> TestRun | None:
    """The run that counts: the newest one of its purpose."""
    return change.test_runs.filter(purpose=purpose).order_by("-id").first()


def evidence_bound_to_plan(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The newest test was made with the plan as it stands; not asked where assessed without a test."""
    if change.kind != Kind.NORMAL or _went_without_test(change):
        return []
    run = newest_run(change)
    return unless(
        run is not None and run.plan_hash == change.plan_hash,
        "evidence_bound_to_plan",
        _("There is no test of the plan as it stands."),
        _("Test again: the plan was edited since.") if run else _("Record a test run."),
    )


def _went_without_test(change: ChangeRequest) -> bool:
    last = change.events.filter(event__in=["tested", "assessed_low"]).first()
    return change.state != "testing" and last is not None and last.event == "assessed_low"


def result_of_case(entry: dict) -> str:
    """The result of one case of a run; runs of the first release say only whether it passed."""
    return entry.get("result") or ("passed" if entry.get("passed") else "failed")


def all_cases_passed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Each planned case was run in the newest test and passed, and no other case of it failed."""
    run = newest_run(change)
    if run is None:
        return unless(False, "all_cases_passed", _("No test has been run."), _("Record a test run."))
    advice = _("Mend it and test again, or report that the test failed.")
    words = {
        "failed": _("The case “%(case)s” failed in the newest test."),
        "blocked": _("The case “%(case)s” could not be run in the newest test."),
    }
    refusals = [
        Refusal("case_not_passed", words[result_of_case(case)] % {"case": case.get("name", "")}, advice)
        for case in run.cases
        if result_of_case(case) != "passed"
    ]
    ran = {case.get("case") for case in run.cases}
    refusals += [
        Refusal(
            "case_not_run",
            _("The planned case “%(case)s” was not run in the newest test.") % {"case": case},
            _("Run it and record the whole test."),
        )
        for case in change.test_cases.all()
        if case.pk not in ran
    ]
    return refusals or unless(run.has_passed, "all_cases_passed", _("The newest test did not pass."), advice)


def rollback_rehearsed_if_high(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """At high risk the rollback was rehearsed with this plan, and took no longer than the plan allows."""
    if not change.is_high_risk:
        return []
    run = newest_run(change, TestRun.Purpose.REHEARSAL)
    if run is None or not run.has_passed or run.plan_hash != change.plan_hash:
        return unless(
            False,
            "rollback_rehearsed_if_high",
            _("At this risk the rollback is rehearsed, with the plan as it stands."),
            _("Record a rehearsal."),
        )
    took, most = run.measured_minutes, change.rollback_minutes
    return unless(
        took is not None, "rehearsal_measured", _("The rehearsal does not say how long it took."),
        _("Measure it and record the rehearsal again."),
    ) + unless(
        took is None or most is None or took <= most,
        "rehearsal_too_slow",
        _("The rehearsed rollback took %(took)s minutes; the plan allows %(most)s.")
        % {"took": took, "most": most},
        _("Make the way back faster, or plan more time for it."),
    )  # fmt: skip
