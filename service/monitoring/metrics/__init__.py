"""Metrics for Prometheus: what the service counts and measures, and how several workers report together.

:class:`Metrics` is the door: the service holds one, counts with its instruments, and renders it at a scrape.
No metric has the text of a question, the id of a document or an address in its name or labels.
"""

from prometheus_client import CollectorRegistry

from service.monitoring.metrics.instruments import NO_ROUTE, Described, Instruments
from service.monitoring.metrics.metrics import Metrics
from service.monitoring.metrics.sampling import Sampler
from service.monitoring.metrics.shared_state import DESCRIBED, SharedState
from service.monitoring.metrics.work_metrics import WorkMetrics
from service.monitoring.metrics.worker_state import WorkerState


def describe_metrics() -> list[Described]:
    """All metrics of the service."""
    return [*Instruments(CollectorRegistry()).described, *DESCRIBED]


__all__ = [
    "NO_ROUTE",
    "Described",
    "Instruments",
    "Metrics",
    "Sampler",
    "SharedState",
    "WorkMetrics",
    "WorkerState",
    "describe_metrics",
]
