"""Weights that cannot be used: each says why before anything is loaded, or when it fails."""

import struct
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from qwen_vision.engines.llamacpp import plugin
from qwen_vision.errors import CapacityError, SettingsError
from qwen_vision.settings import EngineSettings, WeightsSettings
from tests.engines.llamacpp.conftest import Open, Shelf, request
from tests.engines.llamacpp.tiny import write_projector


def opening(argument: object, **settings: object) -> None:
    weights = WeightsSettings(**settings)  # type: ignore[arg-type]
    plugin.build(str(argument), EngineSettings(weights=weights))


def damaged(good: bytes) -> dict[str, bytes]:
    """Files that are almost GGUF."""
    return {
        "empty": b"",
        "only the magic": good[:8],
        "cut in the header": good[:200],
        "cut in the tensors": good[:-100_000],
        "too many pairs": good[:8] + struct.pack("<QQ", 3, 2**60) + good[24:],
        "endless key": good[:24] + struct.pack("<Q", 2**62) + good[32:],
        "scrambled": bytes(b ^ 0x55 if 300 < i < 400 else b for i, b in enumerate(good)),
        "old version": good[:4] + struct.pack("<I", 1) + good[8:],
    }


KINDS = sorted(damaged(b"\0" * 400))


@pytest.mark.parametrize(
    ("which", "kind"), [(which, kind) for which in ("model", "mmproj") for kind in KINDS]
)
def test_a_damaged_file_is_an_error_that_names_it(
    shelf: Shelf, tmp_path: Path, *, kind: str, which: str
) -> None:
    files = {"model": shelf.random(), "mmproj": shelf.projector}
    bad = tmp_path / f"{which}.gguf"
    bad.write_bytes(damaged(files[which].read_bytes())[kind])
    files[which] = bad
    with pytest.raises(SettingsError) as caught:
        opening(f"{files['model']}:{files['mmproj']}")
    assert str(bad) in caught.value.message


def test_a_file_of_another_kind_is_no_gguf(shelf: Shelf, tmp_path: Path) -> None:
    text = tmp_path / "notes.gguf"
    text.write_text("Not weights at all.")
    with pytest.raises(SettingsError, match="is no GGUF file"):
        opening(text)
    with pytest.raises(SettingsError, match="No such file"):
        opening(tmp_path / "nowhere.gguf")


def test_an_mmproj_of_another_model_is_told_by_its_width(shelf: Shelf, tmp_path: Path) -> None:
    other = write_projector(tmp_path / "other.gguf", width=128)
    with pytest.raises(SettingsError, match=r"belongs to another model.*128.*64"):
        opening(f"{shelf.random()},mmproj={other}")


def test_files_in_the_wrong_places_are_told_apart(shelf: Shelf) -> None:
    with pytest.raises(SettingsError, match="not a model"):
        opening(f"{shelf.projector}:{shelf.projector}")
    with pytest.raises(SettingsError, match=r"is no projector.*qwen3vl"):
        opening(f"{shelf.random()}:{shelf.random()}")


def test_more_memory_than_there_is_is_refused_with_the_figures(shelf: Shelf) -> None:
    with pytest.raises(SettingsError, match=r"needs about \d+ MB of memory with 9000000 slots"):
        opening(shelf.random(), slots=9_000_000, context_tokens=4096)


def test_a_name_that_was_not_pulled_says_how(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Run: qwen-vision pull qwen3-vl-2b --quant Q8_0"):
        opening("qwen3-vl-2b:Q8_0", folder=tmp_path)
    with pytest.raises(SettingsError, match=r"Run: qwen-vision pull qwen3-vl-2b$"):
        opening("qwen3-vl-2b", folder=tmp_path)
    with pytest.raises(SettingsError, match="needs weights"):
        opening("", folder=tmp_path)
    with pytest.raises(SettingsError, match="needs weights"):
        opening("../qwen3-vl-2b", folder=tmp_path)


async def test_a_pulled_name_is_found_with_its_mmproj(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "qwen3-vl-2b"
    folder.mkdir()
    (folder / "mmproj-F16.gguf").symlink_to(shelf.projector)
    (folder / "Qwen3VL-2B-Q4_K_M.gguf").symlink_to(shelf.random())
    settings = EngineSettings(weights=WeightsSettings(folder=tmp_path))
    engine = plugin.build("qwen3-vl-2b", settings)
    assert engine.abilities.images
    await engine.aclose()
    (folder / "Qwen3VL-2B-Q8_0.gguf").symlink_to(shelf.random())
    with pytest.raises(SettingsError, match="pulled more than once"):
        plugin.build("qwen3-vl-2b", settings)
    await plugin.build("qwen3-vl-2b:q8_0", settings).aclose()


async def test_closing_twice_is_safe(open_model: Open) -> None:
    pipeline = open_model()
    await pipeline.complete(request("Hello"))
    await pipeline.aclose()
    await pipeline.aclose()
    with pytest.raises(CapacityError, match="has been closed"):
        await pipeline.complete(request("Hello"))


def listening_ports() -> set[int]:
    """Ports of 127.0.0.1 on which this process listens."""
    mine = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            mine.add(str(entry.readlink()))
        except OSError:
            continue
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    listen = "0A"
    return {
        int(row[1].partition(":")[2], 16)
        for row in rows
        if row[3] == listen and f"socket:[{row[9]}]" in mine
    }


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="reads Linux's /proc")
def test_the_librarys_own_port_answers_nobody(open_model: Open) -> None:
    before = listening_ports()
    open_model()
    for port in listening_ports() - before:
        for path in ("/v1/chat/completions", "/props", "/slots", "/tokenize"):
            asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=b"{}")
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(asked)  # noqa: S310 - loopback
            assert caught.value.code in (401, 404, 501)
            caught.value.close()
