"""The demo's shop for measurements, loaded when it is not there, and a service over it in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
HOME = Path(os.environ.get("DEMO_HOME", ROOT / ".demo"))


def loaded() -> Path:
    """The folder of the demo's shop."""
    if not (HOME / "log.db").exists():
        environment = {**os.environ, "GRAPHSVC_HOME": str(HOME)}
        subprocess.run([sys.executable, "-m", "graphsvc", "demo"], cwd=ROOT, env=environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    return HOME


class Server:
    """A running service: its process, address and secret token."""

    def __init__(self, process: subprocess.Popen[str], address: str, home: Path) -> None:
        self.process, self.address = process, address
        self.token = (home / "secrets" / "secret").read_text("ascii").strip() if (home / "secrets").exists() else ""

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """One GraphQL request. Raises AssertionError when it answers with errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.address}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=2) as response:
                return bool(json.load(response)["ready"])
        except OSError:
            return False


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """`python -m graphsvc serve` on a free port, ready."""
    environment = {**os.environ, "GRAPHSVC_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-m", "graphsvc", "serve", "--port", "0"],
        cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        address = next(found[0] for line in process.stderr if (found := re.findall(r"http://[\d.:]+", line)))
        server = Server(process, address, home)
        while not server.ready():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
