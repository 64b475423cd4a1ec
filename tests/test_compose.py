"""The compose file is valid: by `docker compose config` where there is one, else by the specification's own schema.

`data/compose-spec.json` is the Compose Specification's schema (Apache-2.0).
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "docker-compose.yml"


def has_compose() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0


def test_the_compose_file_is_valid() -> None:
    if has_compose():
        environment = {**os.environ, "NEO4J_PASSWORD": "for-this-check-only"}
        done = subprocess.run(
            ["docker", "compose", "-f", str(COMPOSE), "config", "--quiet"],
            capture_output=True, text=True, env=environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    schema = json.loads((ROOT / "tests" / "data" / "compose-spec.json").read_text("utf-8"))
    jsonschema.Draft201909Validator(schema).validate(yaml.safe_load(COMPOSE.read_text("utf-8")))


def test_nothing_is_open_to_the_world_and_no_password_is_written_down() -> None:
    services = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    for name, service in services.items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert "healthcheck" in service, name
    assert "NEO4J_PASSWORD:?" in services["graphsvc"]["environment"]["NEO4J_PASSWORD"]
    assert services["graphsvc"]["user"] != "0:0"


def test_the_image_installs_from_the_lock_as_a_plain_user() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert any("pip sync" in line and "--require-hashes" in line for line in lines)
    assert any(line.startswith("USER graphsvc") for line in lines)
    copied = {line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line}
    assert {"graphsvc", "extractors", "embeddings", "cypher", "gql", "demo"} <= copied
