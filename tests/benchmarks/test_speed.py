"""What the studies of speed make of what they measured, told by small examples."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks import plots
from benchmarks.retrieval.quantized import compared
from benchmarks.speed import ingest
from benchmarks.speed.http_load import answered, medians, outcome, percentiles, settled
from benchmarks.speed.peers import DYNAMIC_INT8, OURS, Job, Result, figures, held_figures, requirements
from benchmarks.speed.raw_encoder import texts
from benchmarks.speed.wrk import Exchange, Load, Plan, send, staged
from evaluation.harness import Evaluation, Outcome
from evaluation.measures import Estimate
from evaluation.questions import Question
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.library import Library


def exchange(ms: float, status: int = 200, *, at: float = 0.0, late_ms: float = 0.0) -> Exchange:
    stages = {"encode": 2.0, "total": ms - 1.0} if status == 200 else {}
    return Exchange(at, at + late_ms / 1000, at + ms / 1000, status, stages)


def exact(value: float) -> Estimate:
    return Estimate(value, value, value, 1)


def test_a_request_that_waited_for_a_connection_waited() -> None:
    one = exchange(30.0, at=5.0, late_ms=20.0)
    assert (one.ms, one.late_ms) == (pytest.approx(30.0), pytest.approx(20.0))


def test_stages_are_read_from_the_server_timing_header() -> None:
    assert staged("queue;dur=0.03, encode;dur=12.5, total;dur=20") == {
        "queue": 0.03,
        "encode": 12.5,
        "total": 20.0,
    }
    assert staged("") == {}


def test_what_is_left_of_the_clients_time_is_http() -> None:
    found = medians([exchange(10.0), exchange(20.0), exchange(30.0)])
    assert (found["stage_encode_ms"].value, found["stage_http_ms"].value) == (2.0, pytest.approx(1.0))


def test_percentiles_reach_the_last_of_a_thousand() -> None:
    found = percentiles([exchange(float(ms)) for ms in range(1, 1002)])
    assert found["p50_ms"].value == pytest.approx(501.0)
    assert found["p999_ms"].value == pytest.approx(1000.0)


def test_refusals_are_no_answers() -> None:
    with pytest.raises(RuntimeError, match=r"0 requests got no answer, others the statuses \[429\]"):
        answered(Load([exchange(10.0), exchange(1.0, 429)], 0, 0.0))
    with pytest.raises(RuntimeError, match="1 requests got no answer"):
        answered(Load([exchange(10.0)], 1, 0.0))


def test_an_overload_is_told_by_outcome() -> None:
    accepted = [exchange(500.0, at=one / 10) for one in range(10)]
    refused = [exchange(2.0, 429, at=one / 100) for one in range(89)]
    broken = [exchange(9.0, 500)]
    found = outcome(Load([*accepted, *refused, *broken], 0, 0.14), rate=100.0)
    assert (found["refused"].value, found["failed"].value) == (0.89, 0.01)
    assert (found["p50_ms"].value, found["refused_p50_ms"].value) == (
        pytest.approx(500.0),
        pytest.approx(2.0),
    )
    assert found["arrivals"].value == pytest.approx(99 / 0.9 / 100.0)
    assert found["generator_processors"].value == pytest.approx(0.1)


def test_a_service_that_answers_nothing_is_not_measured() -> None:
    with pytest.raises(RuntimeError, match="answered none of 2 requests"):
        outcome(Load([exchange(9.0, 500)], 1, 0.0), rate=1.0)


def test_what_was_let_in_before_the_service_knew_what_comes_is_left_out() -> None:
    early, late = exchange(400.0, at=5.9), exchange(30.0, at=6.0)
    assert settled([exchange(400.0, at=5.0), early, late]) == [late]


def test_requests_without_an_answer_count_as_failed() -> None:
    found = outcome(Load([exchange(10.0, at=0.0), exchange(10.0, at=1.0)], 2, 0.0), rate=1.0)
    assert found["failed"].value == 0.5


def result(seconds: float, passages: int, ms: float, found: list[list[str]]) -> Result:
    return Result({}, 2, passages, 0.0, seconds, [ms] * len(found), found)


def test_ratios_above_one_say_that_loccit_is_faster() -> None:
    job = Job(
        [("a", "", "apple"), ("b", "", "pear")],
        [Question("1", "apple?", relevant={"a": 1}), Question("2", "plum?", relevant={"c": 1})],
    )
    ours = result(2.0, 8, 10.0, [["b", "a"], ["b"]])
    theirs = result(4.0, 2, 25.0, [["b"], ["b"]])
    int8 = result(1.0, 8, 5.0, [["b", "a"], ["b"]])
    reading = result(0.1, 8, 50.0, [["a"], ["b"]])
    by_name = {"loccit": ours, "loccit_reading": reading, "loccit_int8": int8, "txtai": theirs}
    found = figures(job, by_name, (8, 1.6))
    assert found["loccit_documents_per_second"].value == 1.0
    assert found["txtai_documents_per_second_ratio"].value == 2.0
    assert found["txtai_passages_per_second_ratio"].value == 8.0
    assert found["txtai_int8_documents_per_second_ratio"].value == 4.0
    assert found["txtai_question_p50_ms_ratio"].value == 2.5
    assert found["ingest_of_encoder"].value == pytest.approx(0.8)
    # It finds the collection there, and takes nothing in.
    assert {one for one in found if "reading" in one} == {
        "loccit_reading_question_p50_ms", "loccit_reading_question_p99_ms", "loccit_reading_recall@5",
    }  # fmt: skip
    # The second question's document was not given to anybody.
    assert (found["loccit_recall@5"].value, found["loccit_recall@5"].questions) == (1.0, 1)
    assert found["txtai_recall@5"].value == 0.0


def asked(name: str, **ndcg: float) -> Evaluation:
    outcomes = [
        Outcome(id_, id_, {"ndcg@10": value, "recall@5": 1.0}, 0.5, {}, None, 1.0, ())
        for id_, value in ndcg.items()
    ]
    return Evaluation(name, "", {}, outcomes)


def test_what_is_lost_is_told_question_by_question() -> None:
    found = compared(asked("auto", a=1.0, b=0.5, c=0.6), asked("int8", a=0.7, b=0.5, c=0.9))
    assert found["whole_ndcg@10"].value == pytest.approx(0.7)
    assert found["int8_ndcg@10"].value == pytest.approx(0.7)
    lost = found["lost_ndcg@10"]
    assert lost.value == pytest.approx(0.0)
    assert lost.low < -0.1 < 0.1 < lost.high, "what one gains does not hide what the other loses"
    assert found["lost_recall@5"].value == 0.0


def test_rounds_of_an_ingest_are_compared_each_with_the_model_beside_it() -> None:
    rounds = [(result(4.0, 8, 0.0, []), (8, 2.0)), (result(2.0, 8, 0.0, []), (8, 1.6))]
    theirs, int8 = result(8.0, 8, 0.0, []), result(1.0, 8, 0.0, [])
    found = ingest.figures(rounds, {"txtai": theirs, "loccit_int8": int8})
    share = found["of_encoder"]
    assert (share.value, share.low, share.high) == pytest.approx((0.65, 0.5, 0.8))
    assert (found["txtai_ratio"].low, found["txtai_ratio"].high) == (2.0, 4.0)
    assert found["txtai_int8_ratio"].value == 8.0
    assert "loccit_int8_ratio" not in found


def test_peers_are_given_the_passages_as_their_documents() -> None:
    job = Job([("a", "A", "apple. pear.")], [Question("1", "apple?"), Question("2", "pear?")])
    same = ingest.of_passages(job, ["apple.", "pear."])
    assert [text for _, _, text in same.documents] == ["apple.", "pear."]
    assert len({id_ for id_, _, _ in same.documents}) == 2


def test_ratios_of_held_programs_are_above_one_where_loccit_is_faster() -> None:
    def took(seconds: float, ms: float) -> Result:
        return Result({}, 10, 20, 1.0, seconds, [ms] * 3, [["a"]] * 3)

    asked = [Question("q", "what?", relevant={"a": 1})] * 3
    job = Job([("a", "A", "a text")], asked)
    found = {OURS: took(5.0, 9.0), DYNAMIC_INT8: took(2.0, 6.0), "chroma": took(4.0, 12.0)}
    told = {name: estimate.value for name, estimate in held_figures(job, found).items()}
    assert told["loccit_documents_of_chroma"] == pytest.approx(0.8)
    assert told["loccit_dynamic_int8_documents_of_chroma"] == pytest.approx(2.0)
    assert told["loccit_questions_of_chroma"] == pytest.approx(4 / 3)
    assert told["loccit_dynamic_int8_questions_of_chroma"] == pytest.approx(2.0)


def test_peers_embed_with_what_this_environment_embeds_with() -> None:
    wanted = requirements("chroma")
    assert wanted[0].startswith("chromadb==")
    assert {one.partition("==")[0] for one in wanted[1:]} == {
        "torch",
        "transformers",
        "sentence-transformers",
    }
    assert "+" not in "".join(wanted)


def test_the_raw_encoder_reads_the_very_passages(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        collection = library.open("fruit", create=True)
        collection.put_many([Source("a.txt", b"Apples are red."), Source("b.txt", b"Pears are green.")])
        collection.embed_pending()
    assert texts(tmp_path, "fruit") == ["Apples are red.", "Pears are green."]
    with pytest.raises(FileNotFoundError, match="There is no collection"):
        texts(tmp_path, "none")


class Refusing(BaseHTTPRequestHandler):
    """Answers three questions, then says that it is overloaded; keeps what it was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[str]
    lock = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            self.asked.append(json.loads(body)["question"])
            status = 200 if len(self.asked) <= 3 else 429
        self.send_response(status)
        self.send_header("X-Request-ID", self.headers["X-Request-ID"])
        if status == 200:
            self.send_header("Server-Timing", "encode;dur=1.5, total;dur=2")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def refusing() -> Iterator[str]:
    Refusing.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def needs_wrk(test: Callable[..., None]) -> Callable[..., None]:
    skip = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
    return pytest.mark.processes(skip(test))


BODIES = [json.dumps({"question": str(number)}) for number in range(4)]


@pytest.mark.timeout(60)  # it does not wait for the end of its time
@needs_wrk
def test_wrk_sends_each_question_and_tells_each_answer(refusing: str) -> None:
    load = send(refusing, BODIES, Plan(connections=1, requests=6, seconds=600.0))
    assert Refusing.asked == ["0", "1", "2", "3", "0", "1"]
    assert [one.status for one in load.exchanges] == [200, 200, 200, 429, 429, 429]
    assert load.exchanges[0].stages == {"encode": 1.5, "total": 2.0}
    assert load.unanswered == 0
    assert all(one.sent <= one.answered for one in load.exchanges)


@needs_wrk
def test_arrivals_keep_to_their_rate_whatever_is_answered(refusing: str) -> None:
    load = send(refusing, BODIES, Plan(connections=16, requests=100, rate=100.0, seconds=20.0))
    assert len(Refusing.asked) == len(load.exchanges) == 100
    due = sorted(one.due for one in load.exchanges)
    # The sum of a hundred waits of 10 ms each is a second, give or take a third.
    assert due[-1] - due[0] == pytest.approx(1.0, abs=0.35)
    assert all(one.sent >= one.due - 0.002 for one in load.exchanges)


def test_where_wrk_is_missing_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="apt-get install wrk"):
        send("http://127.0.0.1:9", BODIES, Plan(1, 1))


LOAD = {
    "encoder_p50_ms": exact(10.0),
    "p50_ms": exact(20.0),
    "p90_ms": exact(30.0),
    "p99_ms": exact(40.0),
    "stage_encode_ms": exact(10.0),
    "stage_dense_ms": exact(2.0),
    "stage_total_ms": exact(15.0),
    "stage_http_ms": exact(1.0),
    **{f"clients_{clients}_per_second": exact(10.0 * clients) for clients in (1, 2, 16)},
    **{f"clients_{clients}_p50_ms": exact(20.0) for clients in (1, 2, 16)},
    **{f"clients_{clients}_p99_ms": exact(40.0) for clients in (1, 2, 16)},
}
PEERS = {
    f"{name}_{measure}": exact(1.0)
    for name in ("chroma", "loccit", "txtai")
    for measure in ("documents_per_second", "passages_per_second", "question_p50_ms")
} | {"encoder_passages_per_second": exact(9.0)}


SIZES = {
    f"size_{size}_{measure}": exact(value)
    for size in (10_000, 1_000_000)
    for measure, value in (("ask_total", 4.0), ("filtered_total", 2.0), ("add", 39.0), ("delete", 9.0))
}


def test_plots_show_what_no_stage_counts() -> None:
    assert plots.stages(LOAD) == {"encode": 10.0, "dense": 2.0, "other": 3.0, "http": 1.0}


def test_plots_take_measures_by_clients_and_by_system() -> None:
    assert {clients: one.value for clients, one in plots.by_clients(LOAD, "per_second").items()} == {
        1: 10.0,
        2: 20.0,
        16: 160.0,
    }
    assert list(plots.by_peer(PEERS, "passages_per_second")) == ["loccit", "chroma", "txtai"]


def test_plots_take_measures_by_size(tmp_path: Path) -> None:
    lines = [
        {"size": 10, "indexing_seconds": 1.0},
        {"size": 10, "passages": 10.0, "ask_total": 4.0, "add": 30.0},
        {"size": 1000, "passages": 1000.0, "ask_total": 6.0, "add": 31.0},
    ]
    file = tmp_path / "scale.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = plots.by_size(plots.read_sizes(file), "ask_total")
    assert {size: one.value for size, one in found.items()} == {10: 4.0, 1000: 6.0}


@pytest.mark.parametrize(
    ("draw", "told", "words"),
    [
        (plots.latency, LOAD, ["p50 20, p90 30, p99 40", "the model alone", "encode"]),
        (plots.throughput, LOAD, ["Answers a second", "99th percentile"]),
        (plots.peers, PEERS, ["Documents taken in a second", "loccit", "chroma"]),
        (plots.growth, SIZES, ["adding 100 passages", "Median, ms"]),
    ],
)
def test_a_picture_is_the_same_each_time(
    draw: object, told: dict[str, Estimate], words: list[str], tmp_path: Path
) -> None:
    for name in ("a.svg", "b.svg"):
        plots.write(tmp_path / name, draw, told)  # type: ignore[arg-type]
    svg = (tmp_path / "a.svg").read_text()
    assert svg == (tmp_path / "b.svg").read_text()
    assert all(word in svg for word in words)


def test_pictures_have_a_dark_form() -> None:
    for picture in (Path(plots.__file__).parents[1] / "docs" / "images").glob("*.svg"):
        assert picture.read_text().count("@media (prefers-color-scheme: dark)") == 1, picture
    assert '[style*="fill: #ffffff"]' in plots.with_dark_form("<style>*{}</style>")
