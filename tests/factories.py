"""One factory per model: it makes a valid row, unique where it must be. Append yours and its MAKERS line."""

import datetime
import itertools

from accounts.models import RoleGrant, Team, TeamMember, User
from assets.models import (
    Asset,
    Contract,
    ContractCover,
    HardwareModel,
    Manufacturer,
    ResponsePromise,
    Vendor,
)
from cmdb.models import CIType, ConfigurationItem

_numbers = itertools.count(1)


def number():
    """A number not yet used in this run."""
    return next(_numbers)


# accounts


def make_team(**over):
    n = number()
    return Team.objects.create(**{"key": f"team-{n}", "label": f"Team {n}"} | over)


def make_user(role="", **over):
    user = User.objects.create_user(**{"username": f"user-{number()}", "password": "x"} | over)
    if role:
        RoleGrant.objects.create(user=user, role=role)
    return user


def make_member(**over):
    team, user = over.pop("team", None), over.pop("user", None)
    return TeamMember.objects.create(team=team or make_team(), user=user or make_user(), **over)


def make_grant(**over):
    user = over.pop("user", None) or make_user()
    return RoleGrant.objects.create(**{"user": user, "role": "requester"} | over)


# cmdb


def make_type(**over):
    n = number()
    return CIType.objects.create(**{"key": f"type_{n}", "label": f"Type {n}"} | over)


def make_item(**over):
    n = number()
    item_type = over.pop("type", None) or make_type()
    return ConfigurationItem.objects.create(**{"type": item_type, "name": f"item-{n}"} | over)


# assets


def make_manufacturer(**over):
    return Manufacturer.objects.create(**{"name": f"Maker {number()}"} | over)


def make_hardware_model(**over):
    maker = over.pop("manufacturer", None) or make_manufacturer()
    return HardwareModel.objects.create(**{"manufacturer": maker, "name": f"Model {number()}"} | over)


def make_vendor(**over):
    return Vendor.objects.create(**{"name": f"Vendor {number()}"} | over)


def make_asset(**over):
    model = over.pop("model", None) or make_hardware_model()
    return Asset.objects.create(**{"tag": f"IT-{number():05}", "model": model} | over)


def make_contract(**over):
    vendor = over.pop("vendor", None) or make_vendor()
    given = {"vendor": vendor, "number": f"C-{number()}", "starts_on": datetime.date(2020, 1, 1)} | over
    return Contract.objects.create(**given)


def make_cover(**over):
    contract, asset = over.pop("contract", None), over.pop("asset", None)
    return ContractCover.objects.create(
        contract=contract or make_contract(), asset=asset or make_asset(), **over
    )


def make_promise(**over):
    contract = over.pop("contract", None) or make_contract()
    return ResponsePromise.objects.create(
        **{"contract": contract, "priority": 1, "response_minutes": 30} | over
    )


MAKERS = {
    Team: make_team,
    User: make_user,
    TeamMember: make_member,
    RoleGrant: make_grant,
    CIType: make_type,
    ConfigurationItem: make_item,
    Manufacturer: make_manufacturer,
    HardwareModel: make_hardware_model,
    Vendor: make_vendor,
    Asset: make_asset,
    Contract: make_contract,
    ContractCover: make_cover,
    ResponsePromise: make_promise,
}
