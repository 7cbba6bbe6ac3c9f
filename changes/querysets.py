"""Which changes: by state, by window, by what a person has to do with them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dateparse import parse_date

from changes.workflow import ENDS, UNDER_WAY, Kind, State

# Where the clock of a ratification runs.
RATIFY_STATES = (
    State.IMPLEMENTING, State.VERIFYING, State.ROLLING_BACK, State.ROLLED_BACK, State.RATIFYING,
)  # fmt: skip
PHANTOM_AFTER = timedelta(hours=4)

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser


# Ends of a change that did not do anything: nothing is explained by it.
NOTHING_DONE = (State.REJECTED, State.WITHDRAWN, State.CANCELLED)


class ChangeQuerySet(models.QuerySet):
    """Changes, filtered in words."""

    def live(self) -> Self:
        """Changes that have not ended."""
        return self.exclude(state__in=ENDS)

    def under_way(self) -> Self:
        """Changes that hold their window: scheduled up to rolling back."""
        return self.filter(state__in=UNDER_WAY)

    def overlapping(self, window: object) -> Self:
        """Changes whose half-open window shares an instant with `window`; an empty one shares none."""
        return self.filter(window__overlap=window)

    def waiting_for_vote_of(self, user: AbstractUser) -> Self:
        """Changes with an open seat of `user`, or of somebody for whom they deputise and may vote there."""
        now = timezone.now()
        own = models.Q(
            rounds__closed_at__isnull=True,
            rounds__steps__seats__user=user,
            rounds__steps__seats__is_barred=False,
            rounds__steps__seats__vote__isnull=True,
        )
        lent = models.Q(
            rounds__closed_at__isnull=True,
            rounds__steps__seats__user__vote_delegations__deputy=user,
            rounds__steps__seats__user__vote_delegations__starts_at__lte=now,
            rounds__steps__seats__user__vote_delegations__ends_at__gt=now,
            rounds__steps__seats__is_barred=False,
            rounds__steps__seats__vote__isnull=True,
        )
        everything = type(self)(self.model)
        parts = models.Q(assignments__user=user, assignments__role__in=["implementer", "verifier"])
        takes_part = everything.filter(models.Q(requester=user) | parts).values("pk")
        seated = everything.filter(rounds__closed_at__isnull=True, rounds__steps__seats__user=user)
        deputised = everything.filter(lent).exclude(pk__in=takes_part).exclude(pk__in=seated.values("pk"))
        mine = everything.filter(own)
        waiting = models.Q(pk__in=mine.values("pk")) | models.Q(pk__in=deputised.values("pk"))
        return self.filter(waiting, on_hold=False)

    def involving(self, user: AbstractUser) -> Self:
        """Changes that `user` requested, owns or is assigned to."""
        mine = models.Q(requester=user) | models.Q(owner=user) | models.Q(assignments__user=user)
        return self.filter(mine).distinct()

    def under(self, service: int) -> Self:
        """Changes of the service, or of an item that it needs to work."""
        closure = RawSQL("SELECT changes_service_closure_v1(%s)", [service])
        hit = models.Q(service__in=closure) | models.Q(
            change_items__item__in=closure, change_items__impact="manual"
        )
        return self.filter(pk__in=self.model._base_manager.filter(hit).order_by().values("pk"))

    def of_team(self, team: int) -> Self:
        """Changes of a service or an item that the team owns."""
        hit = models.Q(service__owner_team=team) | models.Q(
            change_items__item__owner_team=team, change_items__impact="manual"
        )
        return self.filter(pk__in=self.model._base_manager.filter(hit).order_by().values("pk"))

    def phantom_emergencies(self, *, now: object = None) -> Self:
        """Emergencies in name: four hours after they were called nobody had begun to work on them.

        Recorded afterwards, imported or made a normal change, they are none.
        """
        now = now or timezone.now()
        called = self._event_at("submit")
        begun = Coalesce(models.F("actual_start_at"), models.Value(now))
        emergencies = self.filter(kind="emergency", is_retrospective=False, is_imported=False)
        return emergencies.alias(called_at=called, begun_at=begun).filter(
            called_at__isnull=False, begun_at__gt=models.F("called_at") + PHANTOM_AFTER
        )

    def _event_at(self, name: str) -> models.Subquery:
        events = apps.get_model("changes", "ChangeEvent").objects.filter(
            change=models.OuterRef("pk"), event=name
        )
        return models.Subquery(events.order_by("seq").values("happened_at")[:1])

    def ratification_missed(self, *, now: object = None) -> Self:
        """Emergencies that should have been ratified by now and are not."""
        return self.filter(state__in=RATIFY_STATES, ratify_due_at__lte=now or timezone.now())

    def unauthorised(self) -> Self:
        """Changes that count as unauthorised: not ratified, or not in time."""
        return self.filter(is_unauthorised=True)

    def to_expire(self, *, now: object = None) -> Self:
        """Scheduled changes whose window has passed."""
        return self.filter(state=State.SCHEDULED, window__endswith__lt=now or timezone.now())


class CoversChange(models.Func):
    """True where the stop covers the change: its service, or an item under the stop's service."""

    function = "changes_stop_covers_v1"
    output_field = models.BooleanField()
    conditional = True


class StopQuerySet(models.QuerySet):
    """Stops of the line, filtered in words."""

    def live(self) -> Self:
        """Stops that nobody has released yet."""
        return self.filter(released_at=None)

    def covering(self, change: object) -> Self:
        """Stops that hold this change up; `change` is its id."""
        return self.filter(CoversChange("service_id", models.Value(change)))


class RoundStepQuerySet(models.QuerySet):
    """Steps of rounds of voting, by their time."""

    def undecided(self) -> Self:
        """Steps of open rounds with too few approvals, or votes, yet."""
        votes = self.filter(round__closed_at__isnull=True).annotate(
            votes_given=Count("seats__vote"),
            approvals_given=Count("seats__vote", filter=Q(seats__vote__choice="approve")),
        )
        return votes.exclude(approvals_given__gte=F("need"), votes_given__gte=F("quorum"))

    def overdue(self) -> Self:
        """Undecided steps whose time is up, and that were not escalated yet."""
        late = self.undecided().filter(due_at__lte=timezone.now())
        return late.exclude(escalations__kind="overdue")

    def past_half_time(self) -> Self:
        """Undecided steps with less than half of their time left, and none reminded of yet."""
        half = models.ExpressionWrapper(
            F("round__opened_at") + (F("due_at") - F("round__opened_at")) / 2,
            output_field=models.DateTimeField(),
        )
        steps = self.undecided().annotate(half_at=half).filter(half_at__lte=timezone.now())
        return steps.exclude(escalations__isnull=False).exclude(round__change__on_hold=True)


class RoundSeatQuerySet(models.QuerySet):
    """Seats of rounds of voting."""

    def usable_by(self, user: AbstractUser) -> Self:
        """Seats of `user`, and those lent to them now. A lent seat needs that they have none of their own."""
        now = timezone.now()
        lent = Q(
            user__vote_delegations__deputy=user,
            user__vote_delegations__starts_at__lte=now,
            user__vote_delegations__ends_at__gt=now,
        )
        return self.filter(Q(user=user) | lent).distinct()

    def hiding_from(self, user: AbstractUser) -> Self:
        """Open seats that `user` may still vote in, of boards that show the others' votes only afterwards."""
        waiting = self.usable_by(user).filter(vote=None, step__round__closed_at=None)
        return waiting.filter(step__board__hides_votes=True).exclude(barred_as="other_seat")


# Of a write: not accepted, and without a change, or with one that came to nothing.
UNEXPLAINED = Q(state="open") | Q(state="linked", change__state__in=NOTHING_DONE)


class UnauthorisedQuerySet(models.QuerySet):
    """Unauthorised writes, filtered in words."""

    def unexplained(self) -> Self:
        """Not accepted, and without a change, or with one that came to nothing."""
        return self.filter(UNEXPLAINED)

    def between(self, start: object = None, end: object = None) -> Self:
        """Written from `start` up to, without, `end` (None: no bound); explained or not."""
        found = self if start is None else self.filter(happened_at__gte=start)
        return found if end is None else found.filter(happened_at__lt=end)

    def narrowed(self, wanted: dict[str, str]) -> Self:
        """Only those that fit: type, team (keys; or team_id) of an item, person (id), since, until (days).

        Also `service` (id) with what it needs, and `kind` of the change that a write is linked to.
        """
        found = self
        if kind := wanted.get("kind"):
            found = found.filter(change__kind=kind)
        if (service := wanted.get("service", "")).isdecimal():
            closure = RawSQL("SELECT changes_service_closure_v1(%s)", [int(service[:18])])
            found = found.filter(
                pk__in=self.model._default_manager.filter(rows__item__in=closure).order_by().values("pk")
            )
        if (team := wanted.get("team_id", "")).isdecimal():
            hit = self.model._default_manager.filter(rows__item__owner_team=int(team[:18]))
            found = found.filter(pk__in=hit.order_by().values("pk"))
        if key := wanted.get("type"):
            found = found.filter(type__key=key)
        if key := wanted.get("team"):
            found = found.filter(
                pk__in=self.model._default_manager.filter(rows__item__owner_team__key=key).values("pk")
            )
        if (person := wanted.get("person", "")).isdigit():
            found = found.filter(writer=int(person[:18]))
        for name, lookup in (("since", "happened_at__date__gte"), ("until", "happened_at__date__lte")):
            try:
                if day := parse_date(wanted.get(name, "")):
                    found = found.filter(**{lookup: day})
            except ValueError:
                continue
        return found

    def of_item(self, item: object) -> Self:
        """Those that touched the item."""
        return self.filter(pk__in=self.model._default_manager.filter(rows__item=item).values("pk"))


class QuestionQuerySet(models.QuerySet):
    """Questions of the risk questionnaire."""

    def asked_of(self, kind: str) -> Self:
        """The active questions for a kind of change, in order, with their answers. Two queries."""
        wanted = models.Q(kinds__contains=[kind]) | models.Q(kinds=[])
        return self.filter(wanted, is_active=True).prefetch_related("answers")


# An answer to an earlier plan; one without a mark was given before answers were bound to a plan.
OUTDATED = ~models.Q(plan_hash="") & ~models.Q(plan_hash=models.F("change__asked_hash"))


class ConsultationQuerySet(models.QuerySet):
    """Teams that were asked about changes."""

    def waiting(self) -> Self:
        """Questions that a team can still answer and has not agreed to; the most urgent first."""
        agreed = models.Q(answer="agreed") & ~OUTDATED
        return self.filter(self._before_vote()).exclude(agreed).order_by("due_at", "id")

    def answered(self) -> Self:
        """Questions that were answered, also by an objection, or are past answering; newest first."""
        return self.filter(~self._before_vote() | ~models.Q(answer="asked")).order_by("-id")

    def outdated(self) -> Self:
        """Answers to an earlier plan than the one that stands."""
        return self.filter(OUTDATED)

    def to_be_told(self) -> Self:
        """Questions before the vote, past draft, without an answer or with one to an earlier plan."""
        open_ones = self.filter(self._before_vote()).exclude(change__state=State.DRAFT)
        return open_ones.filter(models.Q(answer="asked") | OUTDATED)

    def _before_vote(self) -> models.Q:
        """As `consultations.is_before_vote`: no round is open, and none has decided."""
        rounds = apps.get_model("changes", "ApprovalRound").objects
        is_open = rounds.filter(change=models.OuterRef("change"), closed_at=None)
        return models.Q(change__state__in=(State.DRAFT, State.ASSESSING, State.TESTING)) | models.Q(
            ~models.Exists(is_open), change__state=State.APPROVING, change__kind=Kind.NORMAL
        )
