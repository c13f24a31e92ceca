"""Fails the test that let something out which Slack or Discord would refuse."""

import pickle
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from tests.recorder.ears import listening
from tests.recorder.recorder import the_recorder

_NAME: Final = "recorder"
UNCHECKED: Final = (
    "TWOKEY_SPECS names no folder: what went out was NOT compared with the specifications"
)


class Recording:
    """Listens for as long as the session lasts, and speaks up in the test that it is about."""

    def __init__(self, specs: Path | None) -> None:
        """Listen to nothing yet."""
        self.recorder = the_recorder(specs)
        self._is_whole = specs is not None
        self._ears = ExitStack()

    def pytest_sessionstart(self) -> None:
        """Begin to listen."""
        self._ears.enter_context(listening(self.recorder))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End it; one of several processes hands over what it counted."""
        self._ears.close()
        if handed := getattr(session.config, "workeroutput", None):
            handed[_NAME] = pickle.dumps(self.recorder.tally)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what another process counted."""
        if handed := getattr(node, "workeroutput", {}).get(_NAME):
            self.recorder.tally.add(pickle.loads(handed))  # noqa: S301 - from our own process

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """Judge what fixtures send."""
        self.recorder.place = item.nodeid.partition("::")[0]
        yield
        self._speak()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None]:
        """Judge what the test sends."""
        yield
        self._speak()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Generator[None]:
        """Judge what is sent while everything is put away."""
        yield
        self._speak()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how much went out, and from where if somebody wants to know it in detail."""
        tally = self.recorder.tally
        if not tally.counts:
            return
        terminalreporter.write_line(str(tally))
        if not self._is_whole:
            terminalreporter.write_line(UNCHECKED, yellow=True)
        if terminalreporter.verbosity > 0:
            for (place, platform), count in sorted(tally.counts.items()):
                terminalreporter.write_line(f"{place}: {count} to {platform}")

    def _speak(self) -> None:
        if complaints := self.recorder.taken_complaints():
            pytest.fail(complaints, pytrace=False)
