"""The kernels of tested notebooks find the package in this clone, installed or not."""

import os
from pathlib import Path

os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]))

# A chapter is tested as its notebook: its paired .py holds no doctests.
collect_ignore_glob = ["notebooks/*.py"]
