"""Ports of this machine: whether one is free, whether somebody listens. Knows sockets; does not know who listens."""

import socket


def free_port(port: int) -> int:
    """The port when nobody listens on it, a free one for 0, else 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def listens(uri: str) -> bool:
    """Whether somebody listens at bolt://HOST:PORT."""
    host, _, port = uri.removeprefix("bolt://").rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, int(port))) == 0
