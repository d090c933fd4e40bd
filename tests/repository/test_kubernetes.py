"""A seat on a cluster is what compose.yaml and the workshop on one machine describe."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "workshop/kubernetes"
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text())
SEAT = VALUES["singleuser"]
SPAWNER = VALUES["hub"]["config"]["KubeSpawner"]
LAB = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["lab"]
BOARD = {one["kind"]: one for one in yaml.safe_load_all((FOLDER / "board.yaml").read_text())}
ONE_MACHINE = (ROOT / "workshop/jupyterhub_config.py").read_text()
PAGE = (ROOT / "site/kubernetes.md").read_text()


def setting(name: str) -> str:
    """The workshop's default on one machine."""
    found = re.search(rf'setting\("{name}", "([^"]*)"\)', ONE_MACHINE)
    assert found, name
    return found[1]


def board_container() -> dict[str, Any]:
    found: dict[str, Any] = BOARD["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    return found


def test_a_seat_is_granted_what_the_lab_is_granted_and_no_more() -> None:
    granted = SPAWNER["container_security_context"]
    assert granted["capabilities"] == {"add": LAB["cap_add"]}
    # SELinux's labels and remapped users are asked for by the engine or the node; Kubernetes remaps
    # no pod's users unless told to (hostUsers), and pods on nodes with SELinux are untried.
    assert LAB["security_opt"] == ["seccomp=unconfined", "apparmor=unconfined", "label=disable"]
    assert "hostUsers" not in SEAT["extraPodConfig"]
    assert granted["seccompProfile"] == granted["appArmorProfile"] == {"type": "Unconfined"}
    assert granted.keys() == {"capabilities", "seccompProfile", "appArmorProfile"}
    assert SEAT["uid"] == SEAT["fsGid"] == 0


def test_a_seat_runs_the_labs_image_and_its_entrypoint() -> None:
    image = re.search(r":-(.+)}", LAB["image"])
    assert image
    assert SEAT["image"]["name"].endswith("/" + image[1])
    assert SEAT["cmd"] is None
    assert SEAT["extraPodConfig"] == {"hostname": LAB["hostname"]}


def test_images_carry_the_projects_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert SEAT["image"]["tag"] == version
    assert board_container()["image"].endswith(f"/docker-anatomy/hub:{version}")
    assert len(set(re.findall(r"docker-anatomy/(?:lab|hub):(\S+)", PAGE)) - {version}) == 0


def test_every_volume_of_the_lab_is_there() -> None:
    named = {mount.split(":")[1] for mount in LAB["volumes"] if not mount.startswith(".")}
    mounts = {mount["mountPath"] for mount in SEAT["storage"]["extraVolumeMounts"]}
    assert mounts | {SEAT["storage"]["homeMountPath"]} == named


def test_limits_are_those_of_one_machine() -> None:
    assert SEAT["memory"]["limit"] == setting("WORKSHOP_MEMORY")
    assert SEAT["cpu"]["limit"] == float(setting("WORKSHOP_CPUS"))
    assert VALUES["hub"]["config"]["ClassCode"]["seats"] == int(setting("WORKSHOP_SEATS"))
    assert VALUES["cull"]["timeout"] == float(setting("WORKSHOP_IDLE_HOURS")) * 3600


def test_rights_are_those_of_one_machine() -> None:
    scopes = [*SPAWNER["server_token_scopes"]]
    for role in VALUES["hub"]["loadRoles"].values():
        scopes += role["scopes"]
    assert len(scopes) == 7
    for scope in scopes:
        assert f'"{scope}"' in ONE_MACHINE


def test_seats_report_where_the_board_listens() -> None:
    address = VALUES["hub"]["services"]["board"]["url"]
    assert SEAT["extraEnv"]["DOCKER_ANATOMY_BOARD"] == f"{address}/services/board/"
    assert 'environ["BOARD_DATABASE"]' in (ROOT / "workshop/board.py").read_text()
    name, port = re.fullmatch(r"http://(\w+):(\d+)", address).groups()  # type: ignore[union-attr]
    assert BOARD["Service"]["metadata"]["name"] == name
    assert BOARD["Service"]["spec"]["ports"] == [{"port": int(port)}]
    labels = BOARD["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for rules in (SEAT["networkPolicy"], VALUES["proxy"]["chp"]["networkPolicy"]):
        (rule,) = rules["egress"]
        assert rule["ports"] == [{"port": int(port)}]
        assert rule["to"][0]["podSelector"]["matchLabels"].items() <= labels.items()


def test_the_board_needs_no_rights_on_its_node() -> None:
    context = board_container()["securityContext"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert BOARD["Deployment"]["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]


def test_nothing_is_open_to_the_world_by_itself() -> None:
    assert VALUES["proxy"]["service"]["type"] == "ClusterIP"
    assert BOARD["Service"]["spec"].get("type", "ClusterIP") == "ClusterIP"
    assert SEAT["networkPolicy"]["enabled"]
    assert not SEAT["networkPolicy"]["egressAllowRules"]["cloudMetadataServer"]


def test_the_namespace_admits_the_seats() -> None:
    namespace = yaml.safe_load((FOLDER / "namespace.yaml").read_text())
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert f"-n {namespace['metadata']['name']}" in PAGE


def test_the_page_installs_the_chart_that_the_values_are_for() -> None:
    chart = re.search(r"jupyterhub (\d+\.\d+\.\d+)\)", (FOLDER / "values.yaml").read_text())
    assert chart
    assert f"--version {chart[1]}" in PAGE


def test_the_page_names_every_file_that_the_hub_reads() -> None:
    for name in re.findall(r"--from-file=(\S+)", PAGE):
        assert (ROOT / name).exists(), name
    mounted = VALUES["hub"]["extraVolumeMounts"][0]["mountPath"]
    assert VALUES["hub"]["templatePaths"] == [mounted]
    assert VALUES["hub"]["extraEnv"]["PYTHONPATH"] == mounted
    assert "--from-file=workshop/templates" in PAGE
    module = re.search(r"from (\w+) import ClassCode", VALUES["hub"]["extraConfig"]["names"])
    assert module
    assert f"--from-file=workshop/{module[1]}.py" in PAGE
    logo = VALUES["hub"]["config"]["JupyterHub"]["logo_file"]
    assert f"--from-file=workshop/{Path(logo).name}" in PAGE
