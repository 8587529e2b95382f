"""Downloads through nginx: the shop decides and nginx sends, beside nginx alone with the same file."""

import multiprocessing
import re
import socket
import time
from statistics import median
from urllib.parse import quote

import click

from storefront.core.config.settings import load_settings
from tests.benchmarks.world import World
from tests.delivery.downloads.nginx import nginx
from tests.delivery.downloads.sent import change_file
from tests.support.sale import sell

AIM = 0.9
SIZES = (64 * 1024 * 1024, 512 * 1024 * 1024)
READERS = 4
BLOCK = 1 << 20
HEAD = re.compile(rb"HTTP/1\.1 (\d+).*?\r\ncontent-length: *(\d+)", re.DOTALL | re.IGNORECASE)


def downloads(world: World, *, rounds: int, seconds: float) -> None:
    """A reader clicks the order's link anew for each file, follows it to its short-lived address and reads all.

    The click costs the same for every size, so a small file shows the click, and a large one the sending.
    """
    sale = sell(world.app, world.sandbox, ("the-patient-toolmaker", "E-book"))
    files = load_settings(world.environment).files_path
    path = next(files.rglob("*.epub"))
    link = re.sub(r"https?://[^/]+", "", sale.downloads[0])
    alone = f"location /alone/ {{ alias {files}/; }}"
    with (
        world.shop(ACCEL_PREFIX="/protected/") as accelerated,
        world.shop(DOWNLOAD_THREADS="64") as embedded,
        nginx(world.folder / "nginx", shop=accelerated.url, files=files, more=alone) as url,
    ):
        port = int(url.rpartition(":")[2])
        bare = f"/alone/{quote(path.relative_to(files).as_posix())}"
        sides = {"shop and nginx": (port, link), "nginx alone": (port, bare), "shop alone": (embedded.port, link)}
        before = embedded.memory_mb()
        for size_bytes in SIZES:
            with path.open("wb") as content:
                for _ in range(size_bytes // BLOCK):
                    content.write(bytes(range(256)) * (BLOCK // 256))
            change_file(world.app, path.name, size_bytes=size_bytes)  # or it would not be whole
            rates: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(rounds):
                for name, (asked, target) in sides.items():
                    rates[name].append(_read(asked, target, size_bytes, seconds))
            _print(rates, size_bytes)
        after = embedded.memory_mb()
        click.echo(f"  memory of the shop that sends by itself: {before:.0f} MB before, {after:.0f} MB after")


def _print(rates: dict[str, list[float]], size_bytes: int) -> None:
    shop_rate, bare_rate, embedded_rate = (median(speeds) for speeds in rates.values())
    click.echo(f"\nDownload of {size_bytes >> 20} MB, {READERS} readers | nginx alone")
    for name, measured in rates.items():
        click.echo(f"  {name:24} {median(measured):8.0f} MB/s")
    ratio = shop_rate / bare_rate
    aim = ""
    if size_bytes == SIZES[-1]:
        aim = f" (aim {AIM:.2f} or more: {'reached' if ratio >= AIM else 'MISSED'})"
    click.echo(f"  ratio {ratio:.2f}{aim}; without nginx {embedded_rate / bare_rate:.2f}")


def _read(port: int, target: str, size_bytes: int, seconds: float) -> float:
    """MB/s of all readers together."""
    with multiprocessing.get_context("fork").Pool(READERS) as pool:
        begun = time.perf_counter()
        read = pool.starmap(_reader, [(port, target, size_bytes, begun + seconds)] * READERS)
        return sum(read) / (time.perf_counter() - begun) / 1e6


def _reader(port: int, target: str, size_bytes: int, until: float) -> int:
    total = 0
    buffer = bytearray(BLOCK)
    while time.perf_counter() < until:
        address = target
        while True:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
                line.sendall(
                    f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
                )
                head = b""
                while b"\r\n\r\n" not in head:
                    head += line.recv(65536)
                top, _, begun = head.partition(b"\r\n\r\n")
                status = int(top.split()[1])
                if status in (301, 302):
                    location = re.search(rb"\r\nlocation: *(\S+)", top, re.IGNORECASE)
                    assert location
                    address = re.sub(r"https?://[^/]+", "", location[1].decode())
                    continue
                assert status == 200, top
                count = len(begun)
                while received := line.recv_into(buffer):
                    count += received
                assert count == size_bytes, count
                total += count
                break
    return total
