"""People, their teams, roles and tokens, and what they were told."""

from accounts.models.notices import Notice, NoticePreference
from accounts.models.people import OFFICES_MESSAGE, RoleGrant, Team, TeamMember, User
from accounts.models.tokens import ApiToken

__all__ = [
    "OFFICES_MESSAGE",
    "ApiToken",
    "Notice",
    "NoticePreference",
    "RoleGrant",
    "Team",
    "TeamMember",
    "User",
]
