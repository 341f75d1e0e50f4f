"""(a) kerbup install against docker compose up --wait, of the same containers, images present.

The compose file is made from the containers that kerbup made: same images, commands, variables, mounts, limits and order. What
kerbup asks of each part in its own protocol is for compose a TCP check once a second (MongoDB), or nothing (images without a
shell, and the recorders, which kerbup does not wait for either): the work left to compose is never more than kerbup's.
"""

import json
import os
import shutil
import statistics
import tempfile
import time

from figures import Row
from stack import Site, run

ROUNDS = 5
AFTER = {"vault": ["mongodb", "minio"]}


def service(container, name):
    config, host = container["Config"], container["HostConfig"]
    part = config["Labels"]["io.kerbup.component"]
    mounts = []
    for mount in host.get("Mounts") or []:
        entry = {"type": mount["Type"], "target": mount["Target"], "read_only": mount.get("ReadOnly", False)}
        if mount["Type"] == "bind":
            entry["source"] = mount["Source"]
        else:
            options = mount.get("TmpfsOptions") or {}
            entry["tmpfs"] = {"size": options.get("SizeBytes", 0), "mode": options.get("Mode", 0o1777)}
        mounts.append(entry)
    ports = [
        {"target": int(port.split("/")[0]), "published": bound["HostPort"], "host_ip": bound["HostIp"]}
        for port, all_bound in (host.get("PortBindings") or {}).items()
        for bound in all_bound
    ]
    made = {
        "image": config["Image"],
        "container_name": f"{name}-{part}-{config['Hostname']}",
        "hostname": config["Hostname"],
        "command": config["Cmd"],
        "environment": [v.replace("$", "$$") for v in config["Env"] or []],
        "volumes": mounts,
        "ports": ports,
        "user": config["User"] or None,
        "cap_drop": host.get("CapDrop"),
        "cap_add": host.get("CapAdd"),
        "security_opt": host.get("SecurityOpt"),
        "read_only": host.get("ReadonlyRootfs"),
        "mem_limit": host.get("Memory") or None,
        "mem_reservation": host.get("MemoryReservation") or None,
        "ulimits": {u["Name"]: {"soft": u["Soft"], "hard": u["Hard"]} for u in host.get("Ulimits") or []},
        "extra_hosts": host.get("ExtraHosts"),
        "restart": host["RestartPolicy"]["Name"] or "no",
        "logging": {"driver": host["LogConfig"]["Type"], "options": host["LogConfig"]["Config"]},
        "healthcheck": {"disable": True},
    }
    if part == "mongodb":
        made["healthcheck"] = {"test": ["CMD-SHELL", "nc -w 1 127.0.0.1 27017 </dev/null"], "interval": "1s", "timeout": "1s", "retries": 60}
    return {k: v for k, v in made.items() if v not in (None, [], {})}


def compose_file(site):
    services = {}
    for container in site.containers():
        services[container["Config"]["Hostname"]] = service(container, "compose")
    for part, needs in AFTER.items():
        services[part]["depends_on"] = {n: {"condition": "service_healthy" if n == "mongodb" else "service_started"} for n in needs}
    for recorder in (n for n in services if n not in ("mongodb", "minio", "vault")):
        services[recorder]["depends_on"] = {"vault": {"condition": "service_started"}}
    return {"name": "compose", "services": services}


class Folders:
    """What a first start finds on the disk, to be laid out again for compose: empty data folders, the recorders' settings."""

    def __init__(self, site, services):
        self.aside = tempfile.mkdtemp(prefix="kerbup-bench-")
        self.files = f"{site.folder}/state/{site.name}/files"
        self.data = f"{site.folder}/data"
        run("cp", "-a", f"{self.files}/.", f"{self.aside}/files")
        run("cp", "-a", f"{self.data}/agents", f"{self.aside}/agents")
        sources = [v["source"] for s in services.values() for v in s.get("volumes", []) if v["type"] == "bind"]
        self.empty = {s: os.stat(s) for s in sources if os.path.isdir(s) and "/agents/" not in s}

    def lay_out(self):
        for folder, was in self.empty.items():
            os.makedirs(folder)
            os.chown(folder, was.st_uid, was.st_gid)
            os.chmod(folder, was.st_mode & 0o7777)
        run("cp", "-a", f"{self.aside}/agents", f"{self.data}/agents")

    def remove(self):
        shutil.rmtree(self.data)
        os.mkdir(self.data)
        shutil.rmtree(self.aside)


def one_round(site):
    began = time.perf_counter()
    site.install()
    ours = time.perf_counter() - began
    composed = compose_file(site)
    folders = Folders(site, composed["services"])
    site.uninstall()
    folders.lay_out()
    file = f"{folders.aside}/compose.json"
    with open(file, "w") as f:
        f.write(json.dumps(composed).replace(f"{folders.files}/", f"{folders.aside}/files/"))
    try:
        began = time.perf_counter()
        run("docker", "compose", "-f", file, "up", "--wait", "--quiet-pull")
        theirs = time.perf_counter() - began
    finally:
        run("docker", "compose", "-f", file, "down", "--volumes", "--timeout", "5")
        folders.remove()
    return ours, theirs


def measure(tools):
    with Site(tools.kerbup, cameras=2) as site:
        rounds = [one_round(site) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(times) for times in zip(*rounds))
    return [Row("a", "install of 5 containers, images present", ours, "s", "docker compose up --wait", theirs)]
