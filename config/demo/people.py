"""Who works at the hospital: teams, people and their roles."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from django.contrib.auth.hashers import make_password

from accounts.actions import grant_role
from accounts.models import RoleGrant, Team, TeamMember, User
from config.demo.logins import DOMAIN, Logins, mark_of


class Person(NamedTuple):
    username: str
    role: str
    name: str
    teams: tuple[str, ...] = ()


TEAMS = (
    ("systems", "Systems and virtualisation", "系统与虚拟化组"),
    ("database", "Databases", "数据库组"),
    ("applications", "Clinical applications", "临床应用组"),
    ("network", "Network", "网络组"),
    ("facilities", "Machine rooms and power", "机房与动力组"),
    ("security", "Information security", "信息安全组"),
)
PEOPLE = (
    Person("requester", "requester", "Zhou Min 周敏"),
    Person("engineer", "engineer", "Li Haoran 李浩然", ("systems", "network", "facilities", "applications")),
    Person("engineer2", "engineer", "Wang Jing 王静", ("database", "systems", "applications", "facilities")),
    Person(
        "engineer3", "engineer", "Chen Siyuan 陈思远", ("applications", "database", "network", "security")
    ),
    Person("engineer4", "engineer", "Zhao Lei 赵磊", ("facilities", "network", "systems", "database")),
    Person("manager", "change_manager", "Liu Fang 刘芳"),
    Person("board1", "board_member", "Sun Guoping 孙国平"),
    Person("board2", "board_member", "Wu Xiulan 吴秀兰"),
    Person("board3", "board_member", "Zheng Kai 郑凯", ("security",)),
    Person("board4", "board_member", "He Wenbin 何文斌"),
    Person("config", "configuration_manager", "Xu Lili 徐丽丽"),
    Person("assets", "asset_manager", "Gao Yuan 高远"),
    Person("reviewer", "reviewer", "Ma Jun 马骏"),
    Person("reviewer2", "reviewer", "Qian Hong 钱红"),
    Person("auditor", "auditor", "Lin Yue 林悦"),
    Person("security", "security_administrator", "Tang Wei 唐伟"),
    Person("system", "system_administrator", "Guo Tao 郭涛"),
)


class Cast(dict[str, User]):
    """Everybody by user name, as attributes too: cast.engineer."""

    def __getattr__(self, name: str) -> User:
        return self[name]


def cast() -> Cast:
    """The people of the demonstration, for acting as them. One query."""
    ours = User.objects.filter(email__endswith=DOMAIN)
    return Cast({user.username: user for user in ours})


def are_there() -> bool:
    return User.objects.filter(email__endswith=DOMAIN).exists()


def make() -> None:
    """Teams and people; the security administrator, who comes first, gives everybody their role."""
    teams = {key: Team.objects.create(key=key, label=label, label_zh=zh) for key, label, zh in TEAMS}
    passwords = {person.username: secrets.token_urlsafe(9) for person in PEOPLE}
    with ThreadPoolExecutor() as pool:  # a good hash takes half a second of a core
        hashes = dict(zip(passwords, pool.map(make_password, passwords.values()), strict=True))
    users = Cast()
    for person in PEOPLE:
        users[person.username] = User.objects.create(
            username=person.username, password=hashes[person.username], display_name=person.name,
            email=person.username + DOMAIN,
        )  # fmt: skip
    RoleGrant.objects.create(user=users.security, role="security_administrator")
    for person in PEOPLE:
        if person.username != "security":
            grant_role(users[person.username], person.role, by=users.security)
    TeamMember.objects.bulk_create(
        TeamMember(team=teams[key], user=users[person.username]) for person in PEOPLE for key in person.teams
    )
    Logins({name: (word, mark_of(users[name])) for name, word in passwords.items()}).keep()
