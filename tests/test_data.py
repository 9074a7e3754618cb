"""textbook.data: MNIST (embedded and full), mini-batches, toy sets.  No test here uses the network."""

import gzip
import hashlib
import io
import os
import shutil
import sys
import urllib.error
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbook import data, mnist

REAL = os.environ.get("TEXTBOOK_MNIST_DIR")
needs_real_mnist = pytest.mark.skipif(not REAL, reason="TEXTBOOK_MNIST_DIR names no folder with the full MNIST")
TRAIN_IMAGES = "train-images-idx3-ubyte.gz"


def digest(parts):
    return hashlib.sha256(b"".join(part.astype("<i8").tobytes() for part in parts)).hexdigest()


def as_bytes(x):
    return np.rint(x * 255).astype(np.uint8)


# --- the module ---


def test_the_module_wins_over_the_folder_of_the_same_name():
    assert Path(data.__file__).name == "data.py"
    assert mnist.EMBEDDED.is_file()
    assert (mnist.EMBEDDED.parent / "LICENSE").read_text().count("CC BY-SA 3.0") == 1


# --- the embedded subset ---


@pytest.fixture(scope="module")
def small():
    return data.load_mnist()


def embedded():
    return mnist._read_embedded(mnist.EMBEDDED)


def test_small_sizes_types_and_ranges(small):
    assert [len(a) for a in small] == [7000, 7000, 1000, 1000, 2000, 2000]
    for x in (small.x_train, small.x_val, small.x_test):
        assert x.dtype == np.float32 and x.shape[1:] == (784,) and x.flags.writeable
        assert x.min() == 0 and x.max() == 1
        assert np.array_equal(as_bytes(x) / np.float32(255), x)
    for y in (small.y_train, small.y_val, small.y_test):
        assert y.dtype == np.int64 and y.ndim == 1 and y.flags.writeable
        assert set(y) == set(range(10))
    assert repr(small) == "Mnist(train 7,000, validation 1,000, test 2,000)"


def test_small_parts_are_disjoint_and_make_up_the_embedded_set(small):
    def rows(parts):
        return sorted(row.tobytes() for part in parts for row in part)

    images, _ = embedded()
    loaded = rows(map(as_bytes, (small.x_train, small.x_val, small.x_test)))
    assert loaded == rows([images])
    assert len(set(loaded)) == 10_000  # no image occurs twice, so the parts are disjoint


def test_small_labels_go_with_their_images(small):
    images, labels = embedded()
    label = {row.tobytes(): k for row, k in zip(images, labels, strict=True)}
    for x, y in ((small.x_train, small.y_train), (small.x_val, small.y_val), (small.x_test, small.y_test)):
        assert [label[row.tobytes()] for row in as_bytes(x)] == y.tolist()


def test_every_call_gives_fresh_arrays(small):
    first = data.load_mnist().x_train
    first[:] = 0
    assert np.array_equal(data.load_mnist().x_train, small.x_train)


@needs_real_mnist
def test_the_embedded_subset_is_the_first_10000_training_images_byte_for_byte():
    images, labels = embedded()
    files = {name: gzip.decompress(raw) for name, raw in mnist._read_full(REAL)}
    assert images.tobytes() == files[TRAIN_IMAGES][16 : 16 + 10_000 * 784]
    assert labels.tobytes() == files["train-labels-idx1-ubyte.gz"][8 : 8 + 10_000]


@pytest.mark.parametrize(
    "damage",
    [lambda raw: raw[:-1], lambda raw: raw[:1000] + bytes([raw[1000] ^ 1]) + raw[1001:], lambda raw: b""],
    ids=["truncated", "one bit", "empty"],
)
def test_a_damaged_embedded_file_is_refused(tmp_path, monkeypatch, damage):
    copy = tmp_path / "mnist_small.npz"
    copy.write_bytes(damage(mnist.EMBEDDED.read_bytes()))
    monkeypatch.setattr(mnist, "EMBEDDED", copy)
    with pytest.raises(ValueError, match=r"damaged.*Install the package again"):
        data.load_mnist()


def test_a_missing_embedded_file_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "EMBEDDED", tmp_path / "mnist_small.npz")
    with pytest.raises(FileNotFoundError, match=r"missing.*Install the package again"):
        data.load_mnist()


@pytest.mark.parametrize("size", ["tiny", "Small", "", None, 7000])
def test_an_unknown_size_lists_the_choices(size):
    with pytest.raises(ValueError, match=r"'small', 'full'"):
        data.load_mnist(size)


def test_directory_with_the_small_set_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Leave it out"):
        data.load_mnist("small", directory=tmp_path)


# --- the split ---


@given(counts=st.lists(st.integers(0, 60), min_size=1, max_size=10), shares=st.sampled_from([(7, 1, 2), (11, 1)]))
def test_the_split_is_a_stratified_partition(counts, shares):
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.uint8)
    parts = mnist._stratified_split(labels, shares)
    assert sorted(np.concatenate(parts)) == list(range(len(labels)))
    for part, share in zip(parts, shares, strict=True):
        assert np.all(np.diff(part) > 0)
        for k, count in enumerate(counts):
            # A label's run of the deal may begin anywhere in it: at worst 7 of 7 for train where 4.9 were due.
            assert abs(np.sum(labels[part] == k) - count * share / sum(shares)) <= 2.1 + 1e-9


def test_the_small_split_never_changes():
    parts = mnist._stratified_split(embedded()[1], (7, 1, 2))
    assert digest(parts) == "7796f662c1899cf91a05b0ff40a2aa6c6cff443e6637f981fecbfc8a9f96a363"


def test_small_class_balance(small):
    labels = np.bincount(embedded()[1])
    for y, share in ((small.y_train, 0.7), (small.y_val, 0.1), (small.y_test, 0.2)):
        assert np.abs(np.bincount(y) - share * labels).max() <= 2


# --- the full set, from the real files ---


@needs_real_mnist
def test_full_sizes_types_split_and_published_counts():
    full = data.load_mnist("full")
    assert [len(a) for a in full] == [55_000, 55_000, 5_000, 5_000, 10_000, 10_000]
    assert {x.dtype for x in full[::2]} == {np.dtype(np.float32)} and {y.dtype for y in full[1::2]} == {np.dtype("i8")}
    # Class counts of MNIST's test set, as published in many places.
    assert np.bincount(full.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.abs(np.bincount(full.y_val) * 11 - np.bincount(full.y_train)).max() <= 12
    seen = {row.tobytes() for x in full[::2] for row in as_bytes(x)}
    assert len(seen) == 70_000  # MNIST holds no image twice, so the parts are disjoint
    labels = mnist._parse_idx(gzip.decompress(dict(mnist._read_full(None))["train-labels-idx1-ubyte.gz"]))
    parts = mnist._stratified_split(labels, (11, 1))
    assert digest(parts) == "2f62c4cc7d7b441e944987b43d1cff3032ba8b3675bbf74911c951f1abc2934c"
    assert np.array_equal(full.y_train, labels[parts[0]]) and np.array_equal(full.y_val, labels[parts[1]])


# --- the full set, from a miniature MNIST behind file:// mirrors ---


def idx(array):
    head = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.fixture
def mini(tmp_path, monkeypatch):
    """120 + 20 images in MNIST's four files: the good mirror's folder.  The cache and the mirrors are temporary."""
    rng = np.random.default_rng(0)
    good, other = tmp_path / "good", tmp_path / "other"
    good.mkdir()
    other.mkdir()
    files = {}
    for kind, n in (("train", 120), ("t10k", 20)):
        contents = (("images-idx3", rng.integers(0, 256, (n, 28, 28))), ("labels-idx1", np.arange(n) % 10))
        for name, array in contents:
            raw = gzip.compress(idx(array), mtime=0)
            (good / f"{kind}-{name}-ubyte.gz").write_bytes(raw)
            files[f"{kind}-{name}-ubyte.gz"] = hashlib.sha256(raw).hexdigest(), len(raw)
    monkeypatch.setattr(mnist, "FILES", files)
    monkeypatch.setattr(mnist, "MIRRORS", (f"{other.as_uri()}/", f"{good.as_uri()}/"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TEXTBOOK_MNIST_DIR", raising=False)
    return good, other, tmp_path / "cache" / "textbook" / "mnist"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def truncate(path):
    path.write_bytes(path.read_bytes()[:-10])


def alter(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"more")


DAMAGE = [truncate, alter, lengthen, Path.unlink]


def test_full_comes_from_the_second_mirror_when_the_first_has_nothing(mini):
    good, _, cache = mini
    full = data.load_mnist("full")
    assert [len(a) for a in full] == [110, 110, 10, 10, 20, 20]
    assert full.y_test.tolist() == [k % 10 for k in range(20)]
    assert np.array_equal(as_bytes(full.x_test).reshape(-1), np.frombuffer(_unpacked(good, "t10k"), np.uint8))
    assert contents(cache) == contents(good)  # and no temporary file is left


def _unpacked(folder, kind):
    return gzip.decompress((folder / f"{kind}-images-idx3-ubyte.gz").read_bytes())[16:]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_copy_on_the_first_mirror_never_reaches_the_cache(mini, damage):
    good, other, cache = mini
    shutil.copytree(good, other, dirs_exist_ok=True)
    damage(other / TRAIN_IMAGES)
    data.load_mnist("full")
    assert contents(cache) == contents(good)


@pytest.mark.parametrize(
    ("damage", "named"), [(truncate, "is truncated"), (alter, "is altered"), (Path.unlink, "No such file")]
)
def test_no_good_copy_anywhere_names_each_fault_and_leaves_no_file(mini, damage, named):
    good, _, cache = mini
    damage(good / TRAIN_IMAGES)
    with pytest.raises(OSError, match=named) as caught:
        data.load_mnist("full")
    for advice in ('load_mnist("small") needs no network', "directory=", "TEXTBOOK_MNIST_DIR", *mnist.FILES):
        assert advice in str(caught.value)
    assert contents(cache) == {}


def test_a_mirror_that_sends_without_end_is_cut_off(mini, monkeypatch):
    class Endless(io.BytesIO):
        def read(self, size=-1):
            sent.append(size)
            assert sum(sent) <= mnist.FILES[TRAIN_IMAGES][1], "asked for more than the file's size"
            return b"0" * size

    sent = []
    monkeypatch.setattr(mnist, "urlopen", lambda url, timeout: Endless())
    assert len(mnist._fetch("file:///endless", TRAIN_IMAGES)) == mnist.FILES[TRAIN_IMAGES][1]


class Interrupted(io.BytesIO):
    """A response that breaks off after its first piece."""

    def __init__(self, error):
        super().__init__(b"\x1f\x8b")
        self.error = error

    def read(self, size=-1):
        if piece := super().read(size):
            return piece
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("reset by peer"),
        TimeoutError("timed out"),
        urllib.error.URLError("no route"),
        mnist.http.client.IncompleteRead(b""),
        KeyboardInterrupt(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_interrupted_download_leaves_the_cache_as_it_was(mini, monkeypatch, error):
    *_, cache = mini
    monkeypatch.setattr(mnist, "urlopen", lambda url, timeout: Interrupted(error))
    wanted, message = (KeyboardInterrupt, None) if isinstance(error, KeyboardInterrupt) else (OSError, TRAIN_IMAGES)
    with pytest.raises(wanted, match=message):
        data.load_mnist("full")
    assert contents(cache) == {}


def test_a_failed_rename_leaves_no_temporary_file(mini, monkeypatch):
    *_, cache = mini

    def full_disk(source, target):
        raise OSError("no space left")

    monkeypatch.setattr(mnist.os, "replace", full_disk)
    with pytest.raises(OSError, match="no space left"):
        data.load_mnist("full")
    assert contents(cache) == {}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_in_our_cache_is_fetched_again(mini, damage):
    good, _, cache = mini
    before = data.load_mnist("full")
    damage(cache / TRAIN_IMAGES)
    after = data.load_mnist("full")
    assert contents(cache) == contents(good)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_whole_cache_needs_no_mirror(mini, monkeypatch):
    before = data.load_mnist("full")
    monkeypatch.setattr(mnist, "MIRRORS", ())
    assert np.array_equal(data.load_mnist("full").x_val, before.x_val)


def test_a_cache_that_cannot_be_made_says_what_to_do(mini, tmp_path, monkeypatch):
    (tmp_path / "occupied").write_text("a file where a folder should go")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "occupied"))
    with pytest.raises(OSError, match=r"cannot make the cache.*XDG_CACHE_HOME.*TEXTBOOK_MNIST_DIR"):
        data.load_mnist("full")


@pytest.mark.parametrize("by_variable", [False, True])
class TestFolderThatTheReaderNamed:
    """By `directory=` or by TEXTBOOK_MNIST_DIR: read, never written, and never replaced by a download."""

    def load(self, folder, by_variable, monkeypatch):
        if not by_variable:
            return data.load_mnist("full", directory=folder)
        monkeypatch.setenv("TEXTBOOK_MNIST_DIR", str(folder))
        return data.load_mnist("full")

    def test_is_read_and_the_cache_is_left_alone(self, mini, by_variable, monkeypatch):
        good, _, cache = mini
        assert len(self.load(good, by_variable, monkeypatch).x_train) == 110
        assert not cache.exists()

    def test_without_a_file_it_names_the_file_and_where_to_get_it(self, mini, by_variable, monkeypatch):
        good, _, cache = mini
        (good / TRAIN_IMAGES).unlink()
        before = contents(good)
        with pytest.raises(FileNotFoundError) as caught:
            self.load(good, by_variable, monkeypatch)
        message = str(caught.value)
        assert f"lacks {TRAIN_IMAGES}.\n" in message and mnist.MIRRORS[0] + TRAIN_IMAGES in message
        assert ("unset TEXTBOOK_MNIST_DIR" if by_variable else "leave out `directory`") in message
        assert contents(good) == before and not cache.exists()

    def test_that_does_not_exist_lacks_all_four(self, mini, by_variable, monkeypatch, tmp_path):
        with pytest.raises(FileNotFoundError) as caught:
            self.load(tmp_path / "nowhere", by_variable, monkeypatch)
        assert all(name in str(caught.value) for name in mnist.FILES)

    @pytest.mark.parametrize(("damage", "named"), [(truncate, "is truncated: "), (alter, "is altered: ")])
    def test_with_a_bad_file_is_refused_and_left_alone(self, mini, by_variable, monkeypatch, damage, named):
        good, _, cache = mini
        damage(good / TRAIN_IMAGES)
        before = contents(good)
        with pytest.raises(ValueError, match=f"{TRAIN_IMAGES} {named}"):
            self.load(good, by_variable, monkeypatch)
        assert contents(good) == before and not cache.exists()


def test_directory_comes_before_the_variable(mini, tmp_path, monkeypatch):
    monkeypatch.setenv("TEXTBOOK_MNIST_DIR", str(tmp_path / "nowhere"))
    assert len(data.load_mnist("full", directory=mini[0]).x_train) == 110


def test_the_variable_comes_before_the_cache(mini, monkeypatch):
    data.load_mnist("full")
    monkeypatch.setenv("TEXTBOOK_MNIST_DIR", str(mini[1]))
    with pytest.raises(FileNotFoundError, match="lacks"):
        data.load_mnist("full")


def test_the_download_works_without_tqdm(mini, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)  # makes `import tqdm` fail
    assert len(data.load_mnist("full").x_train) == 110


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, "home/.cache"),
        ("linux", {"XDG_CACHE_HOME": ""}, "home/.cache"),
        ("linux", {"XDG_CACHE_HOME": "{}/xdg"}, "xdg"),
        ("darwin", {}, "home/Library/Caches"),
        ("win32", {"LOCALAPPDATA": "{}/local"}, "local"),
        ("win32", {}, "home/AppData/Local"),
    ],
)
def test_cache_directory(tmp_path, monkeypatch, platform, environment, expected):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert mnist._cache_directory() == tmp_path / expected / "textbook" / "mnist"


# --- idx files ---


@pytest.mark.parametrize("array", [np.arange(24).reshape(2, 3, 4), np.arange(5), np.zeros((0, 3, 4))])
def test_idx_round_trip(array):
    parsed = mnist._parse_idx(idx(array))
    assert parsed.dtype == np.uint8 and np.array_equal(parsed, array)


# --- batches ---


@given(n=st.integers(1, 40), size=st.integers(1, 45), seed=st.none() | st.integers(0, 99), drop_last=st.booleans())
def test_an_epoch_holds_every_example_once_with_its_target(n, size, seed, drop_last):
    if drop_last and size > n:
        return
    x = np.arange(n * 3.0).reshape(n, 3)
    y = 10 * np.arange(n)
    rng = None if seed is None else np.random.default_rng(seed)
    pairs = list(data.batches(x, y, size, rng, drop_last=drop_last))
    whole, rest = divmod(n, size)
    assert [len(bx) for bx, _ in pairs] == [size] * whole + ([rest] if rest and not drop_last else [])
    rows = np.concatenate([by for _, by in pairs]) // 10
    assert np.array_equal(np.concatenate([bx for bx, _ in pairs]), x[rows])
    assert len(set(rows.tolist())) == len(rows)
    if rng is None:
        assert rows.tolist() == list(range(len(rows)))


def test_shuffling_follows_the_generator():
    x = np.arange(100.0)

    def epoch(rng):
        return np.concatenate([bx for bx, _ in data.batches(x, x, 7, rng)]).tolist()

    rng = np.random.default_rng(3)
    first, second = epoch(rng), epoch(rng)
    assert first == epoch(np.random.default_rng(3))
    assert first != second and sorted(first) == sorted(second) == x.tolist() and first != x.tolist()


@pytest.mark.parametrize("rng", [None, 0], ids=["in order", "shuffled"])
def test_batches_are_copies_of_the_same_type(rng):
    x, y = np.ones((6, 2), np.float32), np.ones(6, np.int64)
    for bx, by in data.batches(x, y, 4, rng if rng is None else np.random.default_rng(rng)):
        assert bx.dtype == np.float32 and by.dtype == np.int64
        bx[:] = by[:] = 5
    assert (x == 1).all() and (y == 1).all()


@pytest.mark.parametrize(
    ("value", "index", "named"),
    [(np.nan, (2, 1), r"x\[2, 1\] is nan"), (np.inf, (0, 0), r"x\[0, 0\] is inf"), (-np.inf, (3, 2), r"is -inf")],
)
def test_nan_and_infinity_are_named_by_their_first_index(value, index, named):
    x = np.zeros((5, 3), np.float32)
    x[index] = x[4, 2] = value
    with pytest.raises(ValueError, match=named):  # at the call, before any batch is taken
        data.batches(x, np.zeros(5), 2)


def test_opposite_infinities_do_not_hide_each_other():
    with pytest.raises(ValueError, match=r"x\[0\] is inf"):
        data.batches(np.array([np.inf, -np.inf]), np.zeros(2), 1)


def test_a_nan_target_is_refused():
    with pytest.raises(ValueError, match=r"y\[1\] is nan"):
        data.batches(np.zeros(2), np.array([0.0, np.nan]), 1)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_large_finite_values_are_fine_though_their_sum_overflows(dtype):
    x = np.full(4, np.finfo(dtype).max)
    assert len(list(data.batches(x, x, 2))) == 2


@pytest.mark.parametrize(
    ("x", "y", "size", "message"),
    [
        (np.zeros(3), np.zeros(4), 1, r"shapes \(3,\) and \(4,\)"),
        (np.float64(3), np.float64(3), 1, r"one row per example"),
        (np.zeros((0, 2)), np.zeros(0), 1, "no examples"),
        (np.zeros(3), np.zeros(3), 0, r"size must be a whole number, at least 1; got 0"),
        (np.zeros(3), np.zeros(3), -1, "got -1"),
        (np.zeros(3), np.zeros(3), 1.5, r"got 1\.5"),
        (np.zeros(3), np.zeros(3), True, "got True"),
    ],
)
def test_batches_refuses(x, y, size, message):
    with pytest.raises(ValueError, match=message):
        data.batches(x, y, size)


def test_batches_refuses_to_drop_everything():
    with pytest.raises(ValueError, match="drop_last leaves nothing"):
        data.batches(np.zeros(3), np.zeros(3), 4, drop_last=True)


def test_batches_wants_numbers():
    with pytest.raises(TypeError, match="y must hold numbers"):
        data.batches(np.zeros(2), np.array(["a", "b"]), 1)


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match=r"np\.random\.default_rng\(0\)"):
        data.batches(np.zeros(2), np.zeros(2), 1, rng=0)


# --- toy sets ---


@pytest.mark.parametrize("name", data.TOYS)
def test_toys_shapes_types_and_determinism(name):
    def make(seed, noise=0.1):
        return data.TOYS[name](n=31, noise=noise, rng=np.random.default_rng(seed))

    x, y = make(0)
    assert x.dtype == np.float64 and x.shape in {(31, 1), (31, 2)} and len(y) == 31
    assert np.isfinite(x).all() and np.isfinite(y).all()
    assert all(np.array_equal(a, b) for a, b in zip(make(0), (x, y), strict=True))
    assert not np.array_equal(make(1)[0], x)


@pytest.mark.parametrize("name", data.TOYS)
@pytest.mark.parametrize("bad", [{"n": 0}, {"n": 4.0}, {"noise": -0.1}, {"noise": np.nan}, {"noise": np.inf}])
def test_toys_refuse(name, bad):
    arguments = {"n": 12, "noise": 0.1, "rng": np.random.default_rng(0)} | bad
    (argument,) = bad
    with pytest.raises(ValueError, match=argument):
        data.TOYS[name](**arguments)


@pytest.mark.parametrize("name", data.TOYS)
@pytest.mark.parametrize("rng", [None, 0, np.random])
def test_toys_want_a_generator(name, rng):
    with pytest.raises(TypeError, match="Generator"):
        data.TOYS[name](n=12, noise=0.1, rng=rng)


def test_moons_lie_on_two_half_circles():
    x, y = data.moons(200, 0.0, np.random.default_rng(0))
    assert np.bincount(y).tolist() == [100, 100] and y.dtype == np.int64
    centre = np.where(y[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    np.testing.assert_allclose(np.linalg.norm(x - centre, axis=1), 1, rtol=1e-12)
    assert (x[y == 0, 1] >= 0).all() and (x[y == 1, 1] <= 0.5).all()


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_spiral_arms_are_one_arm_rotated(classes):
    x, y = data.spirals(30 * classes, classes, 0.0, np.random.default_rng(0))
    assert np.bincount(y).tolist() == [30] * classes and y.dtype == np.int64
    r = np.linalg.norm(x, axis=1)
    assert r.max() <= 1 and r.max() > 0.9
    angle = np.arctan2(x[:, 0], x[:, 1])
    np.testing.assert_allclose(np.exp(1j * angle), np.exp(1j * (4 * r + 2 * np.pi * y / classes)), atol=1e-9)


@pytest.mark.parametrize(("n", "classes", "named"), [(10, 1, "classes"), (10, 2.0, "classes"), (2, 3, "n must")])
def test_spirals_refuse(n, classes, named):
    with pytest.raises(ValueError, match=named):
        data.spirals(n, classes, 0.1, np.random.default_rng(0))


def test_line_is_recovered_by_least_squares():
    x, y = data.line(50, -3.0, 0.5, 0.0, np.random.default_rng(0))
    assert x.shape == y.shape == (50, 1) and y.dtype == np.float64 and np.abs(x).max() <= 1
    np.testing.assert_allclose(np.polyfit(x[:, 0], y[:, 0], 1), [-3.0, 0.5], rtol=1e-12)


@pytest.mark.parametrize("bad", [{"slope": np.nan}, {"intercept": np.inf}])
def test_line_refuses(bad):
    arguments = {"n": 5, "slope": 1.0, "intercept": 0.0, "noise": 0.0, "rng": np.random.default_rng(0)} | bad
    (argument,) = bad
    with pytest.raises(ValueError, match=argument):
        data.line(**arguments)


def test_noise_is_the_standard_deviation():
    quiet, _ = data.moons(4000, 0.0, np.random.default_rng(5))
    noisy, _ = data.moons(4000, 0.3, np.random.default_rng(5))  # the same t, then noise
    np.testing.assert_allclose((noisy - quiet).std(axis=0), 0.3, rtol=0.05)
    np.testing.assert_allclose((noisy - quiet).mean(axis=0), 0, atol=0.02)
