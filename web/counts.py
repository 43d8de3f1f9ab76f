"""What the API counts of itself, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

NO_ROUTE = "none"


class Counts:
    """Requests by route, never by address: an address is anybody's to invent."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        labels = ["method", "route", "status"]
        self._requests = Counter("trading_http_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "trading_http_request_seconds",
            "Seconds to the end of an answer.",
            ["route"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
        self.listeners = Gauge("trading_http_listeners", "Listeners to live events.", registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        known = method if method in {"GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUT"} else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
