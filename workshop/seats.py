"""A seat: one learner's lab, as compose.yaml describes it, with limits and a network of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import docker
import yaml
from docker.errors import APIError, NotFound
from docker.types import IPAMConfig, IPAMPool
from dockerspawner import DockerSpawner
from jupyterhub.utils import url_path_join, wait_for_http_server
from traitlets import Integer, Unicode, default

WORKSHOP = os.environ.get("WORKSHOP_NAME", "docker-anatomy-workshop")
LABELS = {"org.docker-anatomy": "seat", "org.docker-anatomy.workshop": WORKSHOP}
OURS = {"label": [f"{key}={value}" for key, value in LABELS.items()]}
HUB = "hub"  # the hub's name in every seat's network
LAB: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("compose.yaml").read_text())[
    "services"
]["lab"]


def free_subnet(client: docker.APIClient, within: str) -> str:
    """The first /28 that no network of this engine uses."""
    taken = [
        ip_network(pool["Subnet"])
        for network in client.networks()
        for pool in network["IPAM"]["Config"] or []
        if ":" not in pool["Subnet"]
    ]
    for subnet in ip_network(within).subnets(new_prefix=28):
        if not any(subnet.overlaps(other) for other in taken):
            return str(subnet)
    raise RuntimeError(f"자리마다 쓸 네트워크가 {within}에 더 없다 (WORKSHOP_SUBNETS를 늘린다)")


def make_network(client: docker.APIClient, name: str, within: str) -> None:
    """A bridge with one seat and the hub on it.

    Docker lets nothing pass between bridges, and the hub's container does not forward.
    """
    if not client.networks(names=[f"^{name}$"]):
        pool = IPAMPool(subnet=free_subnet(client, within))
        client.create_network(name, ipam=IPAMConfig(pool_configs=[pool]), labels=LABELS)
    join_network(client, name)


def join_network(client: docker.APIClient, name: str) -> None:
    members = client.inspect_network(name)["Containers"].values()
    if WORKSHOP not in [member["Name"] for member in members]:
        client.connect_container_to_network(WORKSHOP, name, aliases=[HUB])


def remove_network(client: docker.APIClient, name: str) -> None:
    try:
        for container in client.inspect_network(name)["Containers"]:
            client.disconnect_container_from_network(container, name, force=True)
        client.remove_network(name)
    except NotFound:
        pass


def rejoin(client: docker.APIClient) -> None:
    """A new hub finds the seats of the one before it; networks whose seat has gone are removed."""
    running = {
        network
        for container in client.containers(filters=OURS)
        for network in container["NetworkSettings"]["Networks"]
    }
    for network in client.networks(filters=OURS):
        if network["Name"] in running:
            join_network(client, network["Name"])
        else:
            remove_network(client, network["Name"])


class Seat(DockerSpawner):
    pids_limit = Integer(config=True, help="Processes and threads of the seat and what runs in it")
    subnets = Unicode(config=True, help="Where the seats' networks are cut from")
    store = Unicode(config=True, help="The seat's image store, as LAB_STORE")
    network_settings = Unicode(config=True, help="The machine's folder lab/network")
    bases = Unicode(config=True, help="The machine's folder of base images, if there is one")
    at_a_time = Integer(config=True, help="How many seats may be starting at the same time")

    _starting: asyncio.Semaphore | None = None  # one for all seats
    _stage = (0, "")  # percent, what is being done

    @default("name_template")
    def _default_name_template(self) -> str:
        return "{prefix}-{username}"

    @default("network_name")
    def _default_network_name(self) -> str:
        return str(self.object_name)

    @default("volumes")
    def _default_volumes(self) -> dict[str, Any]:
        """compose.yaml's mounts, from volumes of the seat's own instead of the lab's."""
        volumes: dict[str, Any] = {}
        for mount in LAB["volumes"]:
            source, target, *mode = mount.split(":")
            if source.startswith("."):
                source = self.network_settings
            else:
                source = f"{self.object_name}-{source}" + f"-{self.store}" * (source == "engine")
            volumes[source] = {"bind": target, "mode": "".join(mode) or "rw"}
        if self.bases:
            volumes[self.bases] = {"bind": "/bundle", "mode": "ro"}
        return volumes

    @default("extra_create_kwargs")
    def _default_extra_create_kwargs(self) -> dict[str, Any]:
        return {
            "hostname": LAB["hostname"],
            "labels": LABELS,
            "stop_timeout": int(LAB["stop_grace_period"].removesuffix("s")),
        }

    @default("extra_host_config")
    def _default_extra_host_config(self) -> dict[str, Any]:
        return {
            "cap_add": LAB["cap_add"],
            "security_opt": LAB["security_opt"],
            "userns_mode": LAB["userns_mode"],
            "tmpfs": LAB["tmpfs"],
            "pids_limit": self.pids_limit,
            "memswap_limit": self.mem_limit,  # the same number: no swap on top
        }

    async def get_command(self) -> list[str]:
        return []  # the lab's entrypoint is all there is

    async def in_engine(self, work: Any, *arguments: Any) -> Any:
        """Calls to the engine follow one another in DockerSpawner's own thread."""
        return await asyncio.wrap_future(self.executor.submit(work, self.client, *arguments))

    def _prepare(self, client: docker.APIClient) -> None:
        for source in self.volume_binds:
            if not source.startswith("/"):
                client.create_volume(source, labels=LABELS)
        make_network(client, self.network_name, self.subnets)

    async def start(self) -> tuple[str, int]:
        cls = type(self)
        if cls._starting is None:
            cls._starting = asyncio.Semaphore(self.at_a_time)
        # Many engines that start at once on a few cores would all be late.
        self._stage = 10, "차례를 기다린다"
        async with cls._starting:
            self._stage = 30, "자리를 마련한다"
            await self.in_engine(self._prepare)
            ip, port = await super().start()
            self._stage = 60, "실습실의 Docker Engine과 JupyterLab을 켠다"
            url = url_path_join(f"http://{ip}:{port}", self.server.base_url, "api")
            await wait_for_http_server(url, timeout=self.http_timeout)
        return ip, port

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the waiting learner sees."""
        shown = None
        while True:
            if self._stage != shown:
                shown = self._stage
                yield {"progress": shown[0], "message": shown[1]}
            await asyncio.sleep(0.5)

    async def remove_network(self) -> None:
        try:
            await self.in_engine(remove_network, self.network_name)
        except APIError as error:
            self.log.warning("network %s stays: %s", self.network_name, error)
