"""What stands in the hospital's machine rooms: places, power, network, storage, servers."""

from __future__ import annotations

from cmdb.models import ConfigurationItem
from config.demo import people, software
from config.demo.drawing import Drawing

SITES = {"A": "Main campus 本部院区", "E": "East campus 东院区"}
ROOMS = {
    "A1": ("Machine room A1 一号机房", "A", 6),
    "A2": ("Machine room A2 二号机房", "A", 5),
    "E1": ("Machine room E1 东院机房", "E", 4),
    "AP": ("Power room A 本部配电间", "A", 0),
    "EP": ("Power room E 东院配电间", "E", 0),
}
FLOORS = ("outpatient-1f", "outpatient-2f", "emergency", "ward-3f", "ward-4f", "operating")


def is_there() -> bool:
    return ConfigurationItem.objects.filter(type__key="site", name=SITES["A"]).exists()


def make() -> None:
    drawing = Drawing()
    places(drawing)
    power(drawing)
    network(drawing)
    storage(drawing)
    servers(drawing)
    software.draw(drawing)
    drawing.transfer(by=people.cast().config)


def places(drawing: Drawing) -> None:
    for name in SITES.values():
        drawing.item("site", name, "facilities", 3, attributes={"site_contact": "Zhao Lei 赵磊"})
    for code, (name, site, racks) in ROOMS.items():
        drawing.item(
            "room", name, "facilities", 3, location=f"site:{SITES[site]}", attributes={"area_m2": 60}
        )
        for number in range(1, racks + 1):
            rack = f"{code}-R{number:02}"
            about = {"height_units": 42, "power_limit_kw": 6}
            drawing.item("rack", rack, "facilities", location=f"room:{name}", attributes=about)


def power(drawing: Drawing) -> None:
    """Two feeds and a generator behind two panels and two UPS; each rack has a strip from either."""
    for site in SITES:
        low, room = site.lower(), f"room:{ROOMS[f'{site}P'][0]}"

        def supply(name: str, kind: str, kva: int, room: str = room) -> str:
            about = {"power_kind": kind, "rated_kva": kva}
            serial = f"LHP{drawing.chance.randrange(16**6):06X}" if kind != "utility" else ""
            return drawing.item(
                "power", name, "facilities", 3, location=room, serial=serial, attributes=about
            )

        generator = supply(f"generator-{low}", "generator", 500)
        for side, number in (("a", 1), ("b", 2)):
            feed = supply(f"utility-{low}-{number}", "utility", 800)
            panel = supply(f"panel-{low}-{side}", "panel", 400)
            ups = supply(f"ups-{low}-{side}", "ups", 120)
            drawing.need(panel, "powered_by", [feed, generator], "Utility or generator", "市电或发电机")
            drawing.need(ups, "powered_by", [panel])
    for code, (_name, site, racks) in ROOMS.items():
        for number in range(1, racks + 1):
            for side in "ab":
                rack = f"{code}-R{number:02}"
                about = {"power_kind": "pdu", "rated_kva": 7}
                strip = drawing.item(
                    "power", f"pdu-{rack}-{side}", "facilities", location=f"rack:{rack}", attributes=about
                )
                drawing.need(strip, "powered_by", [f"power:ups-{site.lower()}-{side}"])


def network(drawing: Drawing) -> None:
    def box(name: str, rack: str, role: str, criticality: int = 3) -> str:
        about = {"role": role, "firmware": "8.20.1", "port_count": 48}
        last = len(drawing.items) % 250
        return drawing.device(
            "network_device", name, "network", rack, criticality=criticality,
            primary_ip=f"10.20.{250 if role == 'core' else 251}.{last + 1}", attributes=about,
        )  # fmt: skip

    core = {
        "A": [box("core-a1", "A1-R01", "core"), box("core-a2", "A2-R01", "core")],
        "E": [box("core-e1", "E1-R01", "core"), box("core-e2", "E1-R02", "core")],
    }

    def behind_core(device: str, site: str) -> str:
        drawing.need(device, "connected_to", core[site], "Two uplinks", "双上联")
        return device

    for code in ("A1", "A2", "E1"):
        for pair in (1, 2):
            for side in "ab":
                behind_core(box(f"tor-{code.lower()}-{pair}{side}", f"{code}-R0{pair}", "access", 2), code[0])
    walls = [behind_core(box(f"fw-main-{n}", f"A{n}-R01", "firewall", 4), "A") for n in (1, 2)]
    for number in (1, 2):
        behind_core(box(f"fw-east-{number}", f"E1-R0{number}", "firewall"), "E")
        behind_core(box(f"lb-main-{number}", f"A{number}-R01", "load_balancer"), "A")
        behind_core(box(f"wlc-main-{number}", f"A{number}-R01", "wireless", 2), "A")
    for floor in FLOORS:
        behind_core(box(f"sw-{floor}", "A1-R06", "access", 2), "A")
    border = box("router-insurance", "A1-R01", "router", 4)
    drawing.need(border, "connected_to", walls, "Two firewalls", "双防火墙")

    def line(name: str, provider: str, speed: int, end: str, criticality: int = 3) -> str:
        about = {"provider": provider, "circuit_number": name.upper(), "bandwidth_mbps": speed}
        circuit = drawing.item("circuit", name, "network", criticality, attributes=about)
        drawing.need(circuit, "connected_to", [end])
        return circuit

    line("internet-1", "Telecom 电信", 500, walls[0])
    line("internet-2", "Unicom 联通", 300, walls[1])
    line("insurance-1", "Telecom 电信", 50, border, 4)
    line("insurance-2", "Mobile 移动", 50, border, 4)
    fibres = [line(f"dark-fibre-{n}", "Broadcast 广电", 10000, core["A"][n - 1]) for n in (1, 2)]
    for device in core["E"]:
        drawing.need(device, "connected_to", fibres, "Two fibres", "双光纤")


def storage(drawing: Drawing) -> None:
    for name, rack, tib, protocol, criticality in (
        ("san-a1", "A1-R02", 80, "fc", 4), ("san-a2", "A2-R02", 80, "fc", 4),
        ("nas-pacs-1", "A1-R05", 400, "nfs", 3), ("nas-pacs-2", "A2-R05", 400, "nfs", 3),
        ("san-e1", "E1-R03", 40, "iscsi", 3), ("backup-a2", "A2-R04", 200, "object", 2),
        ("backup-e1", "E1-R04", 200, "object", 2),
    ):  # fmt: skip
        about = {"capacity_tib": tib, "protocol": protocol}
        drawing.device("storage", name, "systems", rack, criticality=criticality, attributes=about)
    drawing.need("storage:san-a1", "replicates_to", ["storage:san-a2"])
    drawing.need("storage:nas-pacs-1", "replicates_to", ["storage:nas-pacs-2"])


def servers(drawing: Drawing) -> None:
    counter = iter(range(11, 250))

    def host(name: str, rack: str, memory: int, criticality: int = 3, **more: str) -> str:
        about = {"os": "openEuler", "os_version": "22.03 LTS", "cpu_cores": 64, "memory_gib": memory}
        device = drawing.device(
            "host", name, "systems", rack, criticality=criticality, attributes=about,
            primary_ip=f"10.20.10.{next(counter)}", **more,
        )  # fmt: skip
        room, pair = rack[:2].lower(), 1 + int(rack[-1]) % 2
        uplinks = [f"network_device:tor-{room}-{pair}{side}" for side in "ab"]
        drawing.need(device, "connected_to", uplinks, "Two switches", "双接入交换机")
        return device

    def cluster(name: str, kind: str, members: list[str], min_up: int, disks: list[str], **more) -> str:
        made = drawing.item("cluster", name, "systems", 3, attributes={"cluster_kind": kind}, **more)
        drawing.members(made, members, min_up)
        drawing.need(made, "stored_on", [f"storage:{disk}" for disk in disks], "Mirrored storage", "镜像存储")
        return made

    virtual = [host(f"virt-{n:02}", f"A{1 + n % 2}-R{2 + n % 3:02}", 512) for n in range(1, 9)]
    cluster("virt-main", "virtualisation", virtual, 6, ["san-a1", "san-a2"])
    east = [host(f"virt-e{n:02}", f"E1-R{1 + n % 4:02}", 256) for n in range(1, 5)]
    cluster("virt-east", "virtualisation", east, 3, ["san-e1"])
    for name, disks in (
        ("his", ["san-a1", "san-a2"]), ("emr", ["san-a1", "san-a2"]), ("lis", ["san-a1", "san-a2"]),
        ("pacs", ["nas-pacs-1", "nas-pacs-2"]),
    ):  # fmt: skip
        pair = [host(f"{name}-db-{n:02}", f"A{n}-R03", 768, 4) for n in (1, 2)]
        cluster(f"{name}-db", "database", pair, 1, disks)
    images = [host(f"pacs-store-{n:02}", f"A{1 + n % 2}-R05", 128) for n in range(1, 5)]
    cluster("pacs-store", "image archive", images, 3, ["nas-pacs-1", "nas-pacs-2"])
    for number in (1, 2):
        host(f"backup-srv-{number:02}", f"A2-R0{3 + number}", 64, 2)
        host(f"mgmt-{number:02}", f"A{number}-R04", 64, 2)
        host(
            f"gpu-{number:02}",
            "A2-R04",
            256,
            2,
            lifecycle_stage="operational" if number == 1 else "defective",
        )
