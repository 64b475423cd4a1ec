"""What Prometheus reads at /metrics. Knows counters and their names; is told what happened."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The metrics of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "graphsvc_requests_total", "GraphQL requests by outcome", ["outcome"], registry=self.registry
        )
        self.seconds = Histogram(
            "graphsvc_request_seconds", "Time of a GraphQL request", buckets=SECONDS, registry=self.registry
        )
        self.lag = Gauge(
            "graphsvc_projection_lag", "Entries a projection is behind the log", ["projection"], registry=self.registry
        )
        self.head = Gauge("graphsvc_log_offset", "Last durable offset of the write log", registry=self.registry)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
