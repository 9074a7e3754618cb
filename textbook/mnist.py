"""MNIST: handwritten digits in three parts, from the package or from the full set; and a drawing made like one of them.

Needs numpy and the standard library only.  Every array handed out is fresh and writable: it is the caller's own.
"""

import gzip
import hashlib
import http.client
import io
import math
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import numpy as np
from numpy.typing import NDArray

SIZES = ("small", "full")

EMBEDDED = Path(__file__).parent / "data" / "mnist_small.npz"
EMBEDDED_SHA256 = "76884fc6d801f3f6216c9dbaf4854fa976c1415c6ab39661af4de7d24ee1c151"

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
FILES = {  # name: (sha256, bytes)
    "train-images-idx3-ubyte.gz": ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422),
    "train-labels-idx1-ubyte.gz": ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881),
    "t10k-images-idx3-ubyte.gz": ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877),
    "t10k-labels-idx1-ubyte.gz": ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
}


class Mnist(NamedTuple):
    """MNIST in three parts: images x (N, 784) float32 in [0, 1], row by row from the top; digits y (N,) int64, 0 to 9.

    Fit on `train`, choose (learning rate, size, when to stop) on `val`, and look at `test` once, at the end.
    """

    x_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    x_val: NDArray[np.float32]
    y_val: NDArray[np.int64]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.int64]

    def __repr__(self) -> str:
        return f"Mnist(train {len(self.y_train):,}, validation {len(self.y_val):,}, test {len(self.y_test):,})"


def load_mnist(size: str = "small", directory: str | os.PathLike[str] | None = None) -> Mnist:
    """MNIST's handwritten digits, split into training, validation and test part.

    | size | train | validation | test | from |
    |---|---|---|---|---|
    | `"small"` | 7,000 | 1,000 | 2,000 | images 0 to 9,999 of MNIST's training set, shipped with the package |
    | `"full"` | 55,000 | 5,000 | 10,000 | MNIST's 60,000 training images; its own test set is the test part |

    Both splits are fixed (seed 0) and stratified: each part holds its share of each digit, give or take 2 images.
    The small set has its own test part, so its accuracies can't be compared with published ones, and a model
    trained on the full set has seen most of it.

    The full set is looked for in `directory`, else in the folder named by the environment variable
    TEXTBOOK_MNIST_DIR.  If neither is given, it is downloaded once (11.6 MB) into the user's cache.  Every file is
    checked by its SHA-256 each time it is read.

    Args:
        size: "small" (no network needed) or "full".
        directory: a folder with the four gzipped files, for "full" only.  It is read, never written.

    Returns:
        `Mnist`; intensities in [0, 1], 0 is paper and 1 is ink.

    Raises:
        ValueError: an unknown size, or a file that is truncated or altered.
        FileNotFoundError: the folder that was named lacks files.
        OSError: no mirror gave a good copy, or the cache can't be written.

    >>> mnist = load_mnist()
    >>> mnist
    Mnist(train 7,000, validation 1,000, test 2,000)
    >>> mnist.x_train.shape, mnist.y_train[:4]
    ((7000, 784), array([0, 1, 9, 2]))

    Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits.
    """
    if size not in SIZES:
        raise ValueError(f"there is no MNIST of size {size!r}; choose one of {', '.join(map(repr, SIZES))}.")
    if size == "small":
        if directory is not None:
            raise ValueError('directory is for size="full"; the small set comes with the package. Leave it out.')
        images, labels = _read_embedded(EMBEDDED)
        train, val, test = _stratified_split(labels, (7, 1, 2))
        x_test, y_test = _as_xy(images[test], labels[test])
    else:
        files = _read_full(directory)
        images, labels, test_images, test_labels = (_parse_idx(gzip.decompress(raw)) for _, raw in files)
        train, val = _stratified_split(labels, (11, 1))
        x_test, y_test = _as_xy(test_images, test_labels)
    return Mnist(*_as_xy(images[train], labels[train]), *_as_xy(images[val], labels[val]), x_test, y_test)


def _as_xy(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return np.divide(images.reshape(len(images), -1), 255, dtype=np.float32), labels.astype(np.int64)


def _stratified_split(labels: NDArray[np.uint8], shares: tuple[int, ...], seed: int = 0) -> list[NDArray[np.intp]]:
    """Indices of each part, increasing: deal the examples, sorted by label and shuffled within it, out by `shares`."""
    # PCG64's raw stream never changes between numpy versions; that of Generator.permutation may.
    keys = np.random.PCG64(seed).random_raw(len(labels))
    order = np.lexsort((keys, labels))
    part = np.resize(np.repeat(np.arange(len(shares)), shares), len(labels))
    return [np.sort(order[part == k]) for k in range(len(shares))]


def _read_embedded(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    remedy = "Install the package again, or in a clone of the book run `git checkout -- textbook/data`."
    if not path.exists():
        raise FileNotFoundError(f"the embedded MNIST is missing: {path}. {remedy}")
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != EMBEDDED_SHA256:
        raise ValueError(f"the embedded MNIST is damaged (wrong SHA-256): {path}. {remedy}")
    with np.load(io.BytesIO(raw)) as arrays:
        return arrays["images"], arrays["labels"]


def _read_full(directory: str | os.PathLike[str] | None) -> list[tuple[str, bytes]]:
    """The four gzipped files, verified: [(name, bytes)] in the order of FILES."""
    if directory is not None:
        return _read_folder(Path(directory).expanduser(), "Or leave out `directory`")
    if named := os.environ.get("TEXTBOOK_MNIST_DIR"):
        return _read_folder(Path(named).expanduser(), "Or unset TEXTBOOK_MNIST_DIR")
    cache = _cache_directory()
    return [(name, _read_cached(cache / name)) for name in FILES]


def _read_folder(folder: Path, otherwise: str) -> list[tuple[str, bytes]]:
    """A folder that the reader named: a gap or a bad file is an error, never a download."""
    otherwise += ': then load_mnist("full") downloads the set into your cache.'
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        urls = "\n".join(f"  {MIRRORS[0]}{name}" for name in missing)
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)}.\nSave there, without unpacking:\n{urls}\n{otherwise}"
        )
    files = [(name, (folder / name).read_bytes()) for name in FILES]
    for name, raw in files:
        if fault := _fault(name, raw):
            raise ValueError(f"{folder / name} {fault}.\nReplace it by {MIRRORS[0]}{name}\n{otherwise}")
    return files


def _read_cached(path: Path) -> bytes:
    """A file of our own cache: fetched if it is missing or damaged."""
    if path.is_file() and not _fault(path.name, raw := path.read_bytes()):
        return raw
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"cannot make the cache {path.parent}: {error}. Name a writable place in the environment variable "
            "XDG_CACHE_HOME, or a folder that holds the four files in TEXTBOOK_MNIST_DIR."
        ) from error
    raw = _download(path.name)
    # Written beside its place and renamed into it: the cache never holds half a file, whatever interrupts us.
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(raw)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return raw


def _download(name: str) -> bytes:
    """The bytes of one file from the first mirror that has a good copy."""
    faults = []
    for mirror in MIRRORS:
        try:
            raw = _fetch(mirror + name, name)
        except (OSError, http.client.HTTPException) as error:
            faults.append(f"  {mirror}{name}: {error or type(error).__name__}")
            continue
        if not (fault := _fault(name, raw)):
            return raw
        faults.append(f"  {mirror}{name} {fault}")
    raise OSError(
        f"could not download {name}:\n" + "\n".join(faults) + '\nload_mnist("small") needs no network. For the full '
        "set, fetch the four files elsewhere:\n  " + "\n  ".join(MIRRORS[0] + each for each in FILES) + "\nand name "
        'their folder: load_mnist("full", directory=...), or the environment variable TEXTBOOK_MNIST_DIR.'
    )


def _fetch(url: str, name: str) -> bytes:
    size = FILES[name][1]
    received = bytearray()
    with urlopen(url, timeout=30) as response, _progress_bar(size, name) as bar:
        while chunk := response.read(min(1 << 16, size - len(received))):  # never more than is wanted
            received += chunk
            if bar is not None:
                bar.update(len(chunk))
    return bytes(received)


def _progress_bar(size: int, name: str) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return nullcontext()
    return tqdm(total=size, desc=name, unit="B", unit_scale=True)


def _fault(name: str, raw: bytes) -> str | None:
    sha256, size = FILES[name]
    if len(raw) < size:
        return f"is truncated: {len(raw):,} of {size:,} bytes"
    if hashlib.sha256(raw).hexdigest() != sha256:
        return f"is altered: its SHA-256 is not {sha256}"
    return None


def _cache_directory() -> Path:
    home = Path.home()
    local = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    usual = {"darwin": home / "Library" / "Caches", "win32": local}.get(sys.platform, home / ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or usual) / "textbook" / "mnist"


def _parse_idx(raw: bytes) -> NDArray[np.uint8]:
    """A verified idx file: two zero bytes, the type (8: bytes), the number of axes, big-endian lengths, the data."""
    axes = raw[3]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(np.frombuffer(raw, ">u4", axes, offset=4))


# --- A drawing, prepared as MNIST was --------------------------------------------------------------------------------

SIDE, BOX = 28, 20  # pixels: an image, and the box that the ink is scaled to


def as_mnist(ink: NDArray) -> NDArray[np.float32]:
    """A drawing of any size, prepared as MNIST's digits were: the ink scaled into 20 × 20 pixels, then centred.

    The longer side of the ink's bounding box becomes 20 pixels, each the mean of what falls into it; the centre of mass
    goes to the middle of 28 × 28.  Paper without ink gives paper.

    Args:
        ink: (height, width), 0 for paper to 1 for ink.

    Returns:
        (784,) float32 in [0, 1], row by row.

    Raises:
        ValueError: not a picture of finite numbers from 0 to 1.

    >>> bar = np.zeros((100, 100))
    >>> bar[10:90, 20:30] = 1.0
    >>> as_mnist(bar).reshape(28, 28)[:, 14].round(2).tolist().count(1.0)
    20

    Source: LeCun, Bottou, Bengio & Haffner 1998, section III.A.
    """
    ink = np.asarray(ink, dtype=float)
    if ink.ndim != 2 or not ink.size or not (np.isfinite(ink).all() and ink.min() >= 0 and ink.max() <= 1):
        raise ValueError(f"a drawing is (height, width) of numbers from 0 to 1; got shape {ink.shape}.")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    out = np.zeros((SIDE, SIDE), np.float32)
    if not len(rows):
        return out.ravel()
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(BOX * n / max(ink.shape))) for n in ink.shape)
    small = _means(ink.shape[0], height) @ ink @ _means(ink.shape[1], width).T
    top, left = (_start(small.sum(axis=1 - axis), small.shape[axis]) for axis in (0, 1))
    out[top : top + height, left : left + width] = small
    return out.ravel()


def _means(n: int, m: int) -> NDArray[np.float64]:
    """The (m, n) matrix that cuts n pixels into m equal lengths and takes the mean of each."""
    edges = np.linspace(0, n, m + 1)
    pixels = np.arange(n)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(overlap, 0, None) * (m / n)


def _start(mass: NDArray, length: int) -> int:
    """Where to put `length` pixels so that their centre of mass falls into the pixel behind the middle, as in MNIST."""
    centre = float(mass @ (np.arange(length) + 0.5) / mass.sum())
    return int(np.clip(math.ceil(SIDE / 2 - centre), 0, SIDE - length))


class DigitNet(NamedTuple):
    """A small network that reads digits, as plain arrays: scores = relu(x @ w1 + b1) @ w2 + b2."""

    w1: NDArray[np.float32]
    b1: NDArray[np.float32]
    w2: NDArray[np.float32]
    b2: NDArray[np.float32]


def digit_net() -> DigitNet:
    """A network of 784 pixels, 32 hidden units and 10 scores that is trained already.

    Trained by `tools/digit_net.py` on the small set's training part, with shifted and turned copies.

    >>> net, mnist = digit_net(), load_mnist()
    >>> scores = np.maximum(mnist.x_val @ net.w1 + net.b1, 0) @ net.w2 + net.b2
    >>> bool((scores.argmax(axis=1) == mnist.y_val).mean() > 0.95)
    True
    """
    with np.load(EMBEDDED.with_name("digit_net.npz")) as arrays:
        return DigitNet(*(arrays[name].astype(np.float32) for name in DigitNet._fields))
