"""The workshop's hub.  Settings come from the environment (README.md), the rest is here."""

import os
import sys
from pathlib import Path
from typing import Any

import docker
from seats import HUB, WORKSHOP, Seat, rejoin
from signin import STATE, ClassCode, codes

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (given by JupyterHub)
setting = os.environ.get
here = Path(__file__).parent

# ---- the hub: in a container beside the seats, the proxy its child -----------------------------
c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_url = f"http://{HUB}:8081"
c.JupyterHub.db_url = f"sqlite:///{STATE}/hub.sqlite"
c.JupyterHub.upgrade_db = True
c.JupyterHub.cookie_secret_file = f"{STATE}/cookie_secret"
c.ConfigurableHTTPProxy.command = ["node", "/opt/proxy/configurable-http-proxy"]
c.ConfigurableHTTPProxy.pid_file = "/run/proxy.pid"
if setting("WORKSHOP_CERT"):
    c.JupyterHub.bind_url = "https://:8000"
    c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = "/etc/workshop/cert.pem", "/etc/workshop/key.pem"
# A hub that restarts leaves the seats alone: learners work on, and it finds them again.
c.JupyterHub.cleanup_servers = False
# Whoever opens a seat sees at once the page that tells how it comes along.
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
# How many start at a time is Seat's matter: it lets people wait where the hub would turn them away.
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.template_paths = [str(here / "templates")]
c.JupyterHub.logo_file = str(here / "logo.svg")


def first_page(handler: Any) -> str:
    """Instructors begin with the board, learners (by the hub's own rule) with their seat."""
    user = handler.current_user
    return "/services/board/" if user and user.admin else ""


c.JupyterHub.default_url = first_page

# ---- who comes in ------------------------------------------------------------------------------
c.JupyterHub.authenticator_class = setting("WORKSHOP_AUTHENTICATOR") or ClassCode
c.ClassCode.seats = int(setting("WORKSHOP_SEATS", "30"))
codes()  # made now, so that `make workshop` can print them

# ---- seats -------------------------------------------------------------------------------------
c.JupyterHub.spawner_class = Seat
c.Seat.image = setting("WORKSHOP_SEAT_IMAGE", "docker-anatomy/lab")
c.Seat.pull_policy = "never"
c.Seat.prefix = WORKSHOP
c.Seat.remove = True
c.Seat.mem_limit = setting("WORKSHOP_MEMORY", "2G")
c.Seat.cpu_limit = float(setting("WORKSHOP_CPUS", "1.5"))
c.Seat.pids_limit = int(setting("WORKSHOP_PIDS", "2000"))
c.Seat.subnets = setting("WORKSHOP_SUBNETS", "10.214.0.0/20")
c.Seat.at_a_time = int(setting("WORKSHOP_STARTS", "4"))
c.Seat.store = setting("LAB_STORE", "containerd")
c.Seat.network_settings = setting("WORKSHOP_NETWORK_SETTINGS", "")
c.Seat.bases = setting("WORKSHOP_BASES", "")
c.Seat.environment = {
    "LAB_STORE": setting("LAB_STORE", "containerd"),
    "LAB_DNS": setting("WORKSHOP_DNS", ""),
    "DOCKER_ANATOMY_BOARD": f"http://{HUB}:8082/services/board/",
}
c.Seat.start_timeout = 600  # waiting for one's turn included
c.Seat.http_timeout = 120
c.Seat.post_stop_hook = Seat.remove_network

# ---- services: each with no more rights than its work needs ------------------------------------
idle = int(float(setting("WORKSHOP_IDLE_HOURS", "4")) * 3600)
c.JupyterHub.services = [
    {
        "name": "board",
        "display": True,
        "url": "http://127.0.0.1:8082",
        "command": [sys.executable, str(here / "board.py")],
        "oauth_no_confirm": True,
        "environment": {
            "BOARD_DATABASE": setting("BOARD_DATABASE") or f"sqlite:///{STATE}/board.sqlite"
        },
    },
    {
        "name": "culler",
        "display": False,
        "command": [
            *(sys.executable, "-m", "jupyterhub_idle_culler"),
            *(f"--timeout={idle}", "--cull-every=300"),
        ],
    },
    {"name": "starter", "display": False, "api_token": codes()["starter"]},
]
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "access:services!service=board"]},
    {"name": "board", "services": ["board"], "scopes": ["list:users", "read:users:name"]},
    {
        "name": "culler",
        "services": ["culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
    {
        "name": "starter",
        "services": ["starter"],
        "scopes": ["admin:users", "servers"],
    },
]
# A seat's token tells the hub of activity, opens the seat, and reports to the board.
c.Seat.server_token_scopes = [
    "users:activity!user",
    "access:servers!server",
    "access:services!service=board",
]

# The instructor's own settings have the last word.
if Path("/etc/workshop/settings.py").exists():
    load_subconfig("/etc/workshop/settings.py")  # type: ignore[name-defined]  # noqa: F821

rejoin(docker.APIClient(version="auto"))
