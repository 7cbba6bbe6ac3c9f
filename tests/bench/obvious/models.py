"""The product's tables with the same columns, and HistoricalRecords as its manual shows it."""

from django.db import models
from simple_history.models import HistoricalRecords


class Team(models.Model):
    key = models.SlugField(unique=True)
    label = models.CharField(max_length=120)

    def __str__(self):
        return self.label


class CIType(models.Model):
    key = models.SlugField(unique=True)
    label = models.CharField(max_length=120)

    def __str__(self):
        return self.label


class ConfigurationItem(models.Model):
    type = models.ForeignKey(CIType, models.PROTECT, related_name="items")
    name = models.CharField(max_length=200)
    lifecycle_stage = models.CharField(max_length=12, default="operational", db_index=True)
    environment = models.CharField(max_length=12, blank=True, default="", db_index=True)
    criticality = models.PositiveSmallIntegerField(default=2, db_index=True)
    owner_team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True)
    location = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="located")
    serial = models.CharField(max_length=120, blank=True, default="", db_index=True)
    primary_ip = models.GenericIPAddressField(null=True, blank=True)
    description = models.TextField(blank=True, default="")
    last_verified_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="copies")
    attributes = models.JSONField(default=dict, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["type", "name"], name="obvious_item_once")]

    def __str__(self):
        return self.name


class RelationType(models.Model):
    key = models.SlugField(unique=True)
    impact = models.CharField(max_length=20)

    def __str__(self):
        return self.key


class Relation(models.Model):
    relation_type = models.ForeignKey(RelationType, models.PROTECT)
    source = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="outgoing")
    target = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="incoming")
    history = HistoricalRecords()

    def __str__(self):
        return f"{self.source_id} → {self.target_id}"
