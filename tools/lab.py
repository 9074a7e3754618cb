"""The reader's own copy of the chapters, and JupyterLab on it.

    python tools/lab.py                  copy what is missing or has a newer edition, then open JupyterLab
    python tools/lab.py copy             only copy
    python tools/lab.py reset 03         restore one chapter (yours is kept in my-notebooks/backups)
    python tools/lab.py author           open the paired originals in notebooks/

Further arguments go to JupyterLab: `python tools/lab.py open --no-browser --port=8890`.

`my-notebooks/` is git-ignored. A chapter counts as edited when the text of its cells differs from what was copied;
running it is not an edit. Updating never overwrites an edited chapter.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "notebooks"
COPY = ROOT / "my-notebooks"


def edition(notebook: bytes) -> str | None:
    """A hash of the text of the cells: equal for two runs of the same chapter. None for what is no notebook."""
    try:
        cells = json.loads(notebook)["cells"]
        text = json.dumps([(cell["cell_type"], "".join(cell["source"])) for cell in cells])
    except (ValueError, KeyError, TypeError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


def write(path: Path, content: bytes) -> None:
    """Write all of it or nothing."""
    half = path.with_name(path.name + ".part")
    half.write_bytes(content)
    os.replace(half, path)


def read_manifest(copy: Path) -> dict[str, str]:
    """Chapter file name → edition that was copied. A missing or damaged manifest is an empty one: nothing is lost."""
    try:
        manifest = json.loads((copy / ".copied.json").read_text(encoding="utf-8"))
        return manifest if isinstance(manifest, dict) else {}
    except (OSError, ValueError):
        return {}


def update(book: Path = BOOK, copy: Path = COPY) -> list[str]:
    """Bring the reader's copy up to date, never over an edit. Returns one line for each thing worth telling."""
    copy.mkdir(exist_ok=True)
    manifest, told = read_manifest(copy), []
    for original in sorted(book.glob("*.ipynb")):
        own, name = copy / original.name, original.name
        new = edition(original.read_bytes())
        if not own.exists():
            write(own, original.read_bytes())
        else:
            mine = edition(own.read_bytes())
            if mine == new:
                pass    # at most the outputs differ
            elif mine is not None and mine == manifest.get(name):
                write(own, original.read_bytes())
                told.append(f"{own.stem}: updated")
            elif new != manifest.get(name):
                told.append(f"{own.stem}: the book has a newer edition; yours is edited and was kept "
                            f"(make reset CHAPTER={own.stem.split('_')[0]} takes the new one)")
                continue
            else:
                continue    # edited, and the book has nothing newer
        manifest[name] = str(new)
    write(copy / ".copied.json", json.dumps(manifest, indent=1, sort_keys=True).encode())
    return told


def reset(chapter: str, book: Path = BOOK, copy: Path = COPY) -> str:
    """Restore one chapter, named by its number or its full name; keep the reader's version as a backup."""
    names = [path.name for path in sorted(book.glob("*.ipynb"))]
    found = [name for name in names if chapter and chapter in (name.split("_")[0], name.removesuffix(".ipynb"))]
    if len(found) != 1:
        known = ", ".join(name.removesuffix(".ipynb") for name in names)
        sys.exit(f"Which chapter? Given {chapter!r}, wanted one of {known}. For example: make reset CHAPTER=00")
    own = copy / found[0]
    told = f"{own.stem}: restored"
    copy.mkdir(exist_ok=True)
    if own.exists():
        (copy / "backups").mkdir(exist_ok=True)
        count = len(list((copy / "backups").glob(f"{own.stem}-*.ipynb"))) + 1
        backup = copy / "backups" / f"{own.stem}-{count}.ipynb"
        os.replace(own, backup)
        told += f"; your version is backups/{backup.name}"
    content = (book / found[0]).read_bytes()
    write(own, content)
    manifest = read_manifest(copy) | {found[0]: str(edition(content))}
    write(copy / ".copied.json", json.dumps(manifest, indent=1, sort_keys=True).encode())
    return told


def jupyterlab(chapter: str, arguments: list[str]) -> int:
    """Open JupyterLab on a chapter. Its root is the book's, so that links from chapters to the package work."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}",
               "--ServerApp.kernel_websocket_connection_class=tools.websocket.Prompt",
               f"--LabApp.default_url=/lab/tree/{chapter}", *arguments]
    if hasattr(os, "geteuid") and os.geteuid() == 0:    # in a container; JupyterLab listens on this machine only
        command.append("--allow-root")
    # On the book's small matrices NumPy's threads gain little, and on a busy machine they wait for each other.
    environment = {"OPENBLAS_NUM_THREADS": "1"} | os.environ
    try:
        return subprocess.call(command, cwd=ROOT, env=environment)
    except KeyboardInterrupt:    # Ctrl-C goes to JupyterLab too, which says goodbye itself
        return 0


def main(action: str = "open", *arguments: str) -> int:
    if action in ("open", "copy"):
        for line in update():
            print(line)
    match action:
        case "open":
            return jupyterlab("my-notebooks/00_welcome.ipynb", list(arguments))
        case "author":
            return jupyterlab("notebooks/00_welcome.ipynb", list(arguments))
        case "copy":
            return 0
        case "reset":
            print(reset(" ".join(arguments)))
            return 0
    sys.exit(f"{__doc__}\nUnknown action {action!r}.")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
