"""Boards, policies, freezes and templates as forms; changes are read here and worked on their own page."""

from changes.admin import boards, calendar, emergency, gate, requests, risk, templates

__all__ = ["boards", "calendar", "emergency", "gate", "requests", "risk", "templates"]
