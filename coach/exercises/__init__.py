"""The checks, one module for each lesson.  Importing this package registers them all."""

from importlib import import_module
from pathlib import Path

for _module in sorted(Path(__file__).parent.glob("lesson_*.py")):
    import_module(f"{__name__}.{_module.stem}")
