"""Logs: one scrubbed JSON line a record."""

import json
import subprocess
import sys

CODE = """
import logging
from bot import logs
logs.set_up(scrub=lambda text: text.replace("hunter2", "[secret]"))
logging.getLogger("twokey").info("the token is %s", "hunter2")
logging.getLogger("twokey").warning("two\\nlines \\x1b[31m and a bell \\x07")
logging.getLogger("slack_bolt").info("a request's body")
try:
    raise ValueError("hunter2 in an error")
except ValueError:
    logging.getLogger("twokey").exception("it failed")
"""


def test_logs_hold_no_secret_and_one_line_a_record() -> None:
    """Secrets are scrubbed from messages and tracebacks, and nothing can forge a second line."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=True
    )
    lines = done.stderr.splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["level"] for record in records] == ["info", "warning", "error"]
    assert "hunter2" not in done.stderr
    assert "\x1b" not in done.stderr
    assert "ValueError: [secret] in an error" in records[2]["exception"]
