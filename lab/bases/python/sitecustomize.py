"""Lets a Python of Debian's find its packages where python.org's has them (see Dockerfile)."""

import site
import sys

if sys.prefix == sys.base_prefix:  # no virtual environment, which finds its own
    site.addsitedir(f"{sys.prefix}/lib/python3.13/site-packages")
