"""JupyterLab in `make edit`: the lab is root's, the checkout is not.

Read after the lab's own settings, from root's home.
"""

import os
from pathlib import Path

c = get_config()  # noqa: F821  (given by Jupyter)


def give_to_owner(os_path: str, **_: object) -> None:
    """What Jupyter made new belongs to whom the folder around it belongs to."""
    folder = Path(os_path).parent
    owner = folder.stat()
    checkpoints = folder / ".ipynb_checkpoints"
    for path in (Path(os_path), checkpoints, *checkpoints.glob("*")):
        if path.exists():
            os.chown(path, owner.st_uid, owner.st_gid)


c.FileContentsManager.post_save_hook = give_to_owner
