"""The health checks of ``loccit worker``."""

import httpx

from service.monitoring.probes import Health, answering_probes
from tests.patience import PATIENCE


def test_probes_say_whether_a_process_is_up_and_ready() -> None:
    now = Health(is_up=True, is_ready=False, details={"embedded": 0})
    with (
        answering_probes("127.0.0.1", 0, lambda: now, lambda _: (b"", "text/plain")) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        assert (up := client.get("/healthz")).status_code == 200
        assert up.json() == {"status": "up", "embedded": 0}
        assert (ready := client.get("/readyz")).status_code == 503
        assert ready.json()["status"] == "not_ready"
        now = Health(is_up=False, is_ready=True, details={})
        assert client.get("/healthz").json() == {"status": "failed"}
        assert client.get("/readyz").json() == {"status": "ready"}
        assert client.get("/v1/ask").status_code == 404
