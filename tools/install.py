"""Set up `.venv`: `python tools/install.py [test] [bench]`. With nothing to do it takes a fraction of a second.

Runs under whatever Python the reader has, so it needs the standard library only, and its syntax stays old enough for
Python 3.6 to read as far as the message that says 3.11 is needed.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.json"
NEEDED = (3, 11)


def check_python():
    """Exit, with one line that says what to do, where this Python cannot make the environment."""
    version = "{}.{}".format(*sys.version_info)
    if sys.version_info < NEEDED:
        newer = [name for name in ("python3.14", "python3.13", "python3.12", "python3.11") if shutil.which(name)]
        hint = f"Run: make PYTHON={newer[0]} ..." if newer else "Install it from https://www.python.org/downloads/"
        sys.exit(f"The book needs Python 3.11 or newer; {sys.executable} is {version}. {hint}")
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        sys.exit(f"Python {version} comes without venv here. On Debian, Ubuntu: sudo apt install python{version}-venv")


def fingerprint():
    """What the environment was built from: the two files, and where it stands (scripts in it hold that path)."""
    content = b"".join((ROOT / name).read_bytes() for name in ("requirements.txt", "pyproject.toml"))
    return hashlib.sha256(content + str(ROOT).encode()).hexdigest()


def pip(*arguments, check=True):
    """Run pip in the environment, show what it is busy with on one line; on failure show its last lines and exit."""
    command = [str(PYTHON), "-m", "pip", "install", "--progress-bar=off", "--disable-pip-version-check", *arguments]
    log, show = [], sys.stdout.isatty()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            log.append(line)
            doing = re.match(r"\s*((?:Collecting|Downloading|Using cached|Building|Installing)\s.*)", line)
            if doing and show:
                print(f"\r\033[K    {doing.group(1)[:72]}", end="", flush=True)
    if show:
        print("\r\033[K", end="", flush=True)
    if process.returncode and check:
        sys.exit("".join(log[-25:]) + f"This failed: {' '.join(command)}\nIs the network up? Then run make again.")
    return process.returncode == 0


def install_torch(requirement):
    """PyTorch's CPU build: a local wheel, else PyTorch's own index. On Linux PyPI's build brings 2.7 GB of CUDA."""
    if pip("--no-deps", "--no-index", requirement, check=False) or not sys.platform.startswith("linux"):
        return    # elsewhere PyPI's build is the CPU one: it comes with the other requirements
    index = "https://download.pytorch.org/whl/cpu"
    if not pip("--no-deps", "--index-url", index, "--timeout=20", "--retries=1", requirement, check=False):
        print("    no CPU build of PyTorch within reach; taking the default build, which is large")


def main(groups):
    if PYTHON.exists() and STAMP.exists():
        stamp = json.loads(STAMP.read_text())
        if stamp["fingerprint"] == fingerprint() and groups <= set(stamp["groups"]):
            return
        groups |= set(stamp["groups"])
    if not PYTHON.exists() or subprocess.call([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL):
        check_python()
        print(f"[1/3] creating .venv with {sys.executable}", flush=True)
        subprocess.check_call([sys.executable, "-m", "venv", "--clear", str(VENV)])
    print("[2/3] installing PyTorch", flush=True)
    requirements = (ROOT / "requirements.txt").read_text().splitlines()
    install_torch(next(line for line in requirements if line.startswith("torch")))
    extras = f"[{','.join(sorted(groups))}]" if groups else ""
    print("[3/3] installing the rest; the first time takes a few minutes", flush=True)
    pip("--editable", f".{extras}")
    STAMP.write_text(json.dumps({"fingerprint": fingerprint(), "groups": sorted(groups)}))


if __name__ == "__main__":
    main(set(sys.argv[1:]))
