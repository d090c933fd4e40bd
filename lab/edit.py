"""JupyterLab in `make edit`: the lab is root's, the checkout is not.

Read after the lab's own settings, from root's home.
"""

import os
from pathlib import Path

c = get_config()  # noqa: F821  (given by Jupyter)


def give_to_owner(os_path: str, **_: object) -> None:
    """What Jupyter made new belongs to whom the folder around it belongs to."""
    owner = Path(os_path).parent.stat()
    os.chown(os_path, owner.st_uid, owner.st_gid)


c.FileContentsManager.post_save_hook = give_to_owner
# No .ipynb_checkpoints in the checkout, which only root could remove: where their place is not to
# be had, Jupyter keeps checkpoints in /tmp.
c.FileCheckpoints.root_dir = "/nonexistent"
