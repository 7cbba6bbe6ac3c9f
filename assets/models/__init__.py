"""What was bought: the catalogue of models, the assets, and the contracts that cover them."""

from assets.models.assets import Asset
from assets.models.catalogue import HardwareModel, Manufacturer
from assets.models.contracts import Contract, ContractCover, ResponsePromise
from assets.models.vendors import Vendor

__all__ = [
    "Asset",
    "Contract",
    "ContractCover",
    "HardwareModel",
    "Manufacturer",
    "ResponsePromise",
    "Vendor",
]
