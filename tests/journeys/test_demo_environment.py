"""The demo keeps to itself: nothing comes in from the user's machine, and nothing stays on it."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bot.domain.errors import TwokeyError
from bot.workspace.demo.config import TOKENS, configuration, secrets
from tests.journeys.conftest import DEMO, PATIENCE, POISON, environment

PROCESSES = Path("/proc")
HERE = {
    "slack": "http://127.0.0.1:1001/api/",
    "vercel": "http://127.0.0.1:1002",
    "railway": "http://127.0.0.1:1003",
    "frontend": "http://127.0.0.1:1004/health",
    "backend": "http://127.0.0.1:1005/api/health",
}


@contextmanager
def open_demo(folder: Path, *options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run the demo for people in a temporary folder, and yield it with the page's address."""
    command = [*DEMO, "--no-browser", *options]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(TMPDIR=str(folder), **POISON),
        start_new_session=True,
    ) as demo:
        assert demo.stdout
        try:
            address = next(found for line in demo.stdout if (found := re.search(r"http\S+", line)))
            yield demo, address[0]
        finally:
            demo.kill()


def listeners(folder: Path) -> list[int]:
    """Return the ports of the providers, as the demo's configuration names them."""
    (file,) = folder.glob("*/twokey.yaml")
    return [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", file.read_text())]


def is_open(port: int) -> bool:
    """Whether anybody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until_closed(ports: list[int]) -> None:
    """Wait until nobody listens at any of these ports."""
    deadline = time.monotonic() + PATIENCE
    while any(map(is_open, ports)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(not PROCESSES.is_dir(), reason="no /proc here to look into processes")
def test_environment_stops_at_the_demo(tmp_path: Path) -> None:
    """No process that the demo starts is told anything of the user's environment."""
    with open_demo(tmp_path) as (demo, _):
        children = (PROCESSES / f"{demo.pid}/task/{demo.pid}/children").read_text().split()
        told = [(PROCESSES / child / "environ").read_text() for child in children]

    assert len(told) == 4
    assert not [value for value in POISON.values() for text in told if value in text]
    assert sum(TOKENS["vercel"] in text for text in told) == 1


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize(
    "url", ["https://api.vercel.com", "http://192.168.1.7:80", "http://0.0.0.0:1"]
)
def test_only_this_machine(name: str, url: str) -> None:
    """No part of the demo may be at an address of another machine."""
    with pytest.raises(TwokeyError, match="is not on it"):
        configuration({**HERE, name: url}, database="sqlite:///twokey.db")


def test_fast_bot_refuses_the_world(tmp_path: Path) -> None:
    """The bot whose time is accelerated does not start with a provider on the internet."""
    file = tmp_path / "twokey.yaml"
    file.write_text(
        configuration(HERE, database="sqlite:///twokey.db").replace(
            HERE["vercel"], "https://api.vercel.com"
        )
    )
    pace = ("--speed", "10", "--since", "0")

    done = subprocess.run(
        [sys.executable, "-m", "bot.workspace.demo.bot", *pace, "--config", str(file)],
        env=environment(**secrets(HERE)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode != 0
    assert "https://api.vercel.com is not on it" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left(tmp_path: Path, number: signal.Signals) -> None:
    """After Ctrl-C or another call to end, no process listens and no file remains."""
    with open_demo(tmp_path) as (demo, page):
        ports = [*listeners(tmp_path), urlsplit(page).port or 0]
        is_there = httpx.get(page).is_success and all(map(is_open, ports))
        demo.send_signal(number)
        status = demo.wait(PATIENCE)
        said = demo.stdout.read() if demo.stdout else ""

    assert is_there
    assert status == 0
    assert said.endswith("Stopping …\nEnded.\n")
    assert not any(map(is_open, ports))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", [65536, -1])
def test_impossible_port(tmp_path: Path, port: int) -> None:
    """A port that does not exist is refused in one sentence, before anything starts."""
    assert refused(tmp_path, port) == "--port must be 0 to 65535. Nothing was started.\n"


def test_occupied_port(tmp_path: Path) -> None:
    """A port that another program has is refused in one line, before anything starts."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        trouble = refused(tmp_path, port)

    assert trouble == (
        f"Port {port} is in use. Nothing was started. "
        "Choose another with --port, or leave it out.\n"
    )


def refused(folder: Path, port: int) -> str:
    """Return all that a demo says which does not start at this port."""
    done = subprocess.run(
        [*DEMO, "--no-browser", "--port", str(port)],
        env=environment(TMPDIR=str(folder)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, [*folder.iterdir()]) == (1, "", [])
    return done.stderr


def test_children_die_with_the_demo(tmp_path: Path) -> None:
    """Even when the demo is killed outright, none of its processes lives on."""
    with open_demo(tmp_path) as (demo, page):
        ports = [*listeners(tmp_path), urlsplit(page).port or 0]
        demo.kill()
        demo.wait(PATIENCE)

    until_closed(ports)
