"""Data: MNIST in three parts, toy sets, and mini-batches.

Needs numpy and the standard library only.  Every array handed out is fresh and writable: it is the caller's own.
"""

import gzip
import hashlib
import http.client
import io
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

# --- MNIST ------------------------------------------------------------------------------------------------------------

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
        images, labels, test_images, test_labels = (_parse_idx(gzip.decompress(raw), name) for name, raw in files)
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
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
        try:
            part.write(raw)
            part.close()  # Windows renames closed files only
            os.replace(part.name, path)
        except BaseException:
            part.close()
            os.unlink(part.name)
            raise
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
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        base = Path(chosen)
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path.home() / ".cache"
    return base / "textbook" / "mnist"


def _parse_idx(raw: bytes, name: str) -> NDArray[np.uint8]:
    """An idx file: two zero bytes, the type (8 = unsigned byte), the number of axes, big-endian lengths, the data."""
    axes = 3 if "idx3" in name else 1
    start = 4 + 4 * axes
    if raw[:4] != bytes((0, 0, 8, axes)) or len(raw) < start:
        raise ValueError(f"{name} is no idx file of bytes with {axes} axes: it begins with {raw[:4].hex(' ')!r}.")
    shape = tuple(int.from_bytes(raw[i : i + 4], "big") for i in range(4, start, 4))
    count = math.prod(shape)
    if len(raw) - start != count:
        raise ValueError(f"{name} announces shape {shape}, {count:,} bytes, and holds {len(raw) - start:,}.")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


# --- Mini-batches -----------------------------------------------------------------------------------------------------


def batches(
    x: NDArray, y: NDArray, size: int, rng: Generator | None = None, *, drop_last: bool = False
) -> Iterator[tuple[NDArray, NDArray]]:
    """One epoch of mini-batches: every example once, `size` at a time.

    Everything is checked here and now, before the first batch; the order is drawn now too.  The batches are copies.

    Args:
        x: examples, (N, ...), finite.
        y: targets, (N, ...), finite.
        size: examples per batch, at least 1.
        rng: shuffles the examples; without it they come in their own order (for evaluation).
        drop_last: leave out the last batch if it is smaller than `size`.

    Returns:
        An iterator over (x, y) of at most `size` rows each.

    Raises:
        ValueError: no data, unequal lengths, a bad size, or a NaN or infinity (its first index is named).

    >>> for x, y in batches(np.arange(5.0), np.arange(5), size=2):
    ...     print(x, y)
    [0. 1.] [0 1]
    [2. 3.] [2 3]
    [4.] [4]
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"x and y need one row per example, as many in x as in y; got shapes {x.shape} and {y.shape}.")
    if len(x) == 0:
        raise ValueError("there are no examples: x and y are empty.")
    _require_whole("size", size, least=1)
    if drop_last and size > len(x):
        raise ValueError(f"drop_last leaves nothing: size is {size} and there are {len(x)} examples.")
    _require_finite("x", x)
    _require_finite("y", y)
    order = np.arange(len(x)) if rng is None else _require_generator(rng).permutation(len(x))
    stop = len(x) - len(x) % size if drop_last else len(x)
    return ((x[rows], y[rows]) for rows in (order[i : i + size] for i in range(0, stop, size)))


# --- Toy sets ---------------------------------------------------------------------------------------------------------


def moons(n: int, noise: float, rng: Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Two interlocking half circles, which no straight line separates.

    Class 0: (cos t, sin t).  Class 1: (1 - cos t, 1/2 - sin t).  t uniform in [0, π].

    Args:
        n: examples, at least 2.  The classes alternate.
        noise: standard deviation of the normal noise on each coordinate, at least 0.
        rng: the source of randomness.

    Returns:
        x (n, 2) float64 and y (n,) int64, 0 or 1.

    >>> x, y = moons(6, noise=0.1, rng=np.random.default_rng(0))
    >>> x.shape, y
    ((6, 2), array([0, 1, 0, 1, 0, 1]))

    Source: scikit-learn, `make_moons` (there t is evenly spaced).
    """
    _require_whole("n", n, least=2)
    y = np.arange(n) % 2
    t = _require_generator(rng).uniform(0, np.pi, n)
    upper, lower = np.stack([np.cos(t), np.sin(t)], axis=1), np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    return np.where(y[:, None] == 0, upper, lower) + _noise(noise, (n, 2), rng), y.astype(np.int64)


def spirals(n: int, classes: int, noise: float, rng: Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One spiral arm per class, all starting at the origin.

    (r sin t, r cos t) with t = 4r + 2πy/classes; r uniform in [0, 1].

    Args:
        n: examples, at least `classes`.  The classes take turns.
        classes: number of arms, at least 2.
        noise: standard deviation of the normal noise on each coordinate, at least 0.
        rng: the source of randomness.

    Returns:
        x (n, 2) float64 and y (n,) int64, 0 to classes - 1.

    Source: Karpathy, CS231n, "Minimal neural network case study" (there the noise is on t).
    """
    _require_whole("classes", classes, least=2)
    _require_whole("n", n, least=classes)
    y = np.arange(n) % classes
    r = _require_generator(rng).uniform(0, 1, n)
    t = 4 * r + 2 * np.pi * y / classes
    return r[:, None] * np.stack([np.sin(t), np.cos(t)], axis=1) + _noise(noise, (n, 2), rng), y.astype(np.int64)


def line(
    n: int, slope: float, intercept: float, noise: float, rng: Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points about a straight line: y = slope · x + intercept + noise; x uniform in [-1, 1].

    Args:
        n: examples, at least 1.
        slope: finite.
        intercept: finite.
        noise: standard deviation of the normal noise on y, at least 0.
        rng: the source of randomness.

    Returns:
        x (n, 1) and y (n, 1), float64.  NB: y has the shape of y_hat = x @ w + b; with (n,) their difference would
        broadcast to (n, n).
    """
    _require_whole("n", n, least=1)
    for name, value in (("slope", slope), ("intercept", intercept)):
        if not np.isfinite(value):
            raise ValueError(f"{name} must be a finite number; got {value}.")
    x = _require_generator(rng).uniform(-1, 1, (n, 1))
    return x, slope * x + intercept + _noise(noise, (n, 1), rng)


# One entry per toy set; each is called as TOYS[name](n=..., noise=..., rng=...).
TOYS: dict[str, Callable[..., tuple[NDArray, NDArray]]] = {
    "moons": moons,
    "spirals": partial(spirals, classes=3),
    "line": partial(line, slope=2.0, intercept=1.0),
}


def _noise(scale: float, shape: tuple[int, ...], rng: Generator) -> NDArray[np.float64]:
    if not (np.isfinite(scale) and scale >= 0):
        raise ValueError(f"noise is a standard deviation, finite and at least 0; got {scale}.")
    return rng.normal(0.0, scale, shape)


# --- Checks where data enters -----------------------------------------------------------------------------------------


def _require_whole(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number, at least {least}; got {value!r}.")


def _require_generator(rng: Generator) -> Generator:
    if not isinstance(rng, Generator):
        raise TypeError(f"rng must be a numpy Generator, such as np.random.default_rng(0); got {rng!r}.")
    return rng


def _require_finite(name: str, values: NDArray) -> None:
    if values.dtype.kind not in "biufc":
        raise TypeError(f"{name} must hold numbers; got an array of {values.dtype}.")
    # A sum is NaN or infinite if any value is, at half the price of asking each one: 10 ms for 55,000 images.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return
    finite = np.isfinite(values)
    if not finite.all():  # else the sum overflowed
        index = tuple(int(i) for i in np.unravel_index(np.argmin(finite), values.shape))
        raise ValueError(
            f"{name}[{', '.join(map(str, index))}] is {values[index]}. One NaN or infinity makes every parameter NaN "
            "within a step: repair the data, or drop that example."
        )
