"""JupyterLab as the lab starts it."""

c = get_config()  # noqa: F821  (given by Jupyter)

# All interfaces of the container; only 127.0.0.1 of the machine leads here (compose.yaml).
c.ServerApp.ip = "0.0.0.0"  # noqa: S104
c.ServerApp.port = 8888
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
# The lab is root's: overlay mounts, namespaces and runc are what the lessons are about.
c.ServerApp.allow_root = True
c.ServerApp.root_dir = "/learn"
c.Application.log_level = "WARN"
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}
# Deleting in Jupyter means the file is gone from the volume, not moved to a trash nobody sees.
c.FileContentsManager.delete_to_trash = False
c.LabApp.app_settings_dir = "/etc/docker-anatomy/jupyter"
c.LabApp.user_settings_dir = "/learn/.docker-anatomy/settings"
c.LabApp.workspaces_dir = "/learn/.docker-anatomy/workspaces"
c.LabApp.news_url = None
