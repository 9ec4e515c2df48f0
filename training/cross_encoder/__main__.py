"""Train the cross-encoder: ``python -m training.cross_encoder train --data ../shared/data/train``.

``train`` goes on from the checkpoint of its folder until it is stopped, ``decay`` ends a run well from any
checkpoint, ``evaluate`` and ``export`` read one, and ``graph`` reads what was exported. docs/training.md says
what each choice is for.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from index.embedding.model_files import BUNDLED_MODEL
from training.cross_encoder import checkpoints
from training.cross_encoder.bases import BASES, Base
from training.cross_encoder.development_sets import articles, contracts, reports
from training.cross_encoder.encoding import Encoder
from training.cross_encoder.evaluation import figures, judge
from training.cross_encoder.export import export, load_weights
from training.cross_encoder.material import VERSION, Material
from training.cross_encoder.model import CrossEncoder
from training.cross_encoder.pairs import LEFT_OUT
from training.cross_encoder.schedule import Schedule
from training.cross_encoder.trainer import Limits, Settings, Trainer

console = Console()


def main() -> None:
    """Run one of the commands."""
    options = _parser().parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(options.threads)
    commands = {
        "train": _train, "decay": _decay, "evaluate": _evaluate, "export": _export, "graph": _graph,
        "samples": _samples, "average": _average,
    }  # fmt: skip
    commands[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data/train"), help="the sets of pairs")
    parser.add_argument(
        "--folder", type=Path, default=Path("build/cross-encoder"), help="checkpoint and curve"
    )
    parser.add_argument("--work", type=Path, help="where neighbours are kept; by default in the folder")
    parser.add_argument(
        "--base", choices=BASES, default=BUNDLED_MODEL, help="the embedding model to start from"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--max-tokens", type=int, default=192)
    parser.add_argument("--seed", type=int, default=1, help="of the stream and of the new heads")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train until stopped; go on if the folder has a checkpoint")
    train.add_argument("--steps", type=int, default=0, help="the step to end after; 0: none")
    train.add_argument("--hours", type=float, default=0.0, help="hours to end after; 0: none")
    train.add_argument("--rate", type=float, default=1e-4, help="the constant learning rate")
    train.add_argument(
        "--start", type=Path, help="exported weights to start from where the folder has no checkpoint"
    )
    train.add_argument("--batch-tokens", type=int, default=4096)
    train.add_argument("--evaluate-steps", type=int, default=1000)
    decay = commands.add_parser(
        "decay", help="from a checkpoint, lower the rate to nothing; kept in --folder"
    )
    decay.add_argument(
        "--source", type=Path, required=True, help="the folder of the checkpoint to start from"
    )
    decay.add_argument("--steps", type=int, default=0, help="how many steps the decay lasts")
    decay.add_argument("--hours", type=float, default=0.0, help="or how many hours")
    decay.add_argument("--rate", type=float, default=1e-4)
    decay.add_argument("--batch-tokens", type=int, default=4096)
    decay.set_defaults(evaluate_steps=1_000_000)
    average = commands.add_parser(
        "average",
        help="weights between exported ones and those of a checkpoint; kept in --folder",
    )
    average.add_argument("--exported", type=Path, required=True, help="the earlier weights")
    average.add_argument("--source", type=Path, required=True, help="the folder of the later checkpoint")
    average.add_argument("--share", type=float, default=0.5, help="of the later weights, 0 to 1")
    evaluate = commands.add_parser("evaluate", help="figures of a checkpoint on development samples")
    evaluate.add_argument(
        "--beside", type=Path, help="folder with tatqa/, claims/ and xquad/, evaluated, too"
    )
    evaluate.add_argument("--exported", type=Path, help="exported weights instead of the checkpoint")
    export_ = commands.add_parser("export", help="write the weights in 16 bits, with figures and checksum")
    export_.add_argument("target", type=Path)
    graph = commands.add_parser(
        "graph", help="write exported weights as an ONNX graph in 8 bits, with all that the service opens"
    )
    graph.add_argument("--exported", type=Path, required=True, help="the folder that export wrote")
    graph.add_argument("target", type=Path, help="the folder")
    samples = commands.add_parser("samples", help="show samples of the stream")
    samples.add_argument("--count", type=int, default=40)
    samples.add_argument("--kind", default="", help="only this kind")
    return parser


def _material(options: argparse.Namespace) -> tuple[Material, Encoder]:
    return Material.read(options.data, _work(options), _base(options)), _encoder(options)


def _work(options: argparse.Namespace) -> Path:
    return Path(options.work or options.folder)


def _base(options: argparse.Namespace) -> Base:
    return BASES[options.base]


def _base_folder(options: argparse.Namespace) -> Path:
    return _base(options).folder(_work(options) / "models")


def _encoder(options: argparse.Namespace) -> Encoder:
    return Encoder.from_folder(_base_folder(options), options.max_tokens)


def _new_model(options: argparse.Namespace) -> CrossEncoder:
    torch.manual_seed(options.seed)
    model = CrossEncoder.from_folder(_base_folder(options))
    model.freeze_words()
    return model


def _trainer(options: argparse.Namespace) -> Trainer:
    settings = Settings(schedule=Schedule(peak=options.rate), evaluate_steps=options.evaluate_steps)
    stream = f"{VERSION}:{options.max_tokens}"
    model = _new_model(options)
    return Trainer(model, options.folder, settings=settings, seed=options.seed, stream=stream)


def _run(options: argparse.Namespace, trainer: Trainer, limits: Limits) -> None:
    material, encoder = _material(options)
    stream = material.stream(encoder, seed=options.seed)
    development = material.development_samples(encoder)
    console.print(f"{len(material.training)} pairs, {len(development)} development samples")
    console.print(f"From step {trainer.progress.step}")
    trainer.run(
        lambda position: stream.batches(position, options.batch_tokens),
        limits,
        lambda: figures(judge(trainer.model, development, encoder)),
    )
    console.print(f"Ended at step {trainer.progress.step}; checkpoint in {options.folder}")


def _train(options: argparse.Namespace) -> None:
    trainer = _trainer(options)
    if not trainer.resume() and options.start:
        load_weights(trainer.model, options.start)
    _run(options, trainer, Limits(options.steps, options.hours))


def _decay(options: argparse.Namespace) -> None:
    trainer = _trainer(options)
    if not trainer.resume(options.source):
        raise SystemExit(f"No checkpoint in {options.source}. Run: python -m training.cross_encoder train")
    last = trainer.progress.step + options.steps if options.steps else 0
    _run(options, trainer, Limits(last, options.hours, decay=True))


def _average(options: argparse.Namespace) -> None:
    model = _new_model(options)
    load_weights(model, options.exported)
    progress, after, optimizer = checkpoints.load(options.source)
    checkpoints.save(
        options.folder, progress, checkpoints.average(model.state_dict(), after, options.share), optimizer
    )
    console.print(f"Checkpoint in {options.folder}")


def _evaluated(options: argparse.Namespace, model: CrossEncoder) -> dict[str, Any]:
    material, encoder = _material(options)
    return figures(judge(model, material.development_samples(encoder), encoder))


def _evaluate(options: argparse.Namespace) -> None:
    model = _new_model(options)
    if options.exported:
        load_weights(model, options.exported)
    else:
        model.load_state_dict(checkpoints.load(options.folder)[1])
    found = _evaluated(options, model)
    if options.beside:
        encoder = _encoder(options)
        tables = list(reports(options.beside / "tatqa" / "dev.json", encoder))
        claims = list(contracts(options.beside / "claims" / "cnli_dev.json"))
        found["tatqa"] = figures(judge(model, tables, encoder))
        found["contractnli"] = figures(judge(model, claims, encoder))
        for language in sorted(LEFT_OUT) if _base(options).multilingual else ():
            asked = list(articles(options.beside / "xquad" / language, language, encoder))
            found[f"xquad_{language}"] = figures(judge(model, asked, encoder))
    console.print_json(json.dumps(found))


def _export(options: argparse.Namespace) -> None:
    model = _new_model(options)
    base = _base(options)
    progress, weights, _ = checkpoints.load(options.folder)
    model.load_state_dict(weights)
    told = {
        "base": base.name, "base_sha256": base.sha256, "max_tokens": options.max_tokens,
        "development": _evaluated(options, model),
    }  # fmt: skip
    console.print(
        f"{options.target}: SHA-256 {export(model, options.target, progress, told, words=not base.apart)}"
    )


def _graph(options: argparse.Namespace) -> None:
    from training.cross_encoder.graph import write_folder

    model = _new_model(options)
    load_weights(model, options.exported)
    digest = write_folder(
        model, options.exported, _base_folder(options), options.target, words=not _base(options).apart
    )
    console.print(f"{options.target}: SHA-256 {digest}")


def _samples(options: argparse.Namespace) -> None:
    material, encoder = _material(options)
    stream, shown, pool = material.stream(encoder, seed=options.seed), 0, 0
    while shown < options.count:
        for one in stream.samples(pool):
            if shown < options.count and options.kind in {"", one.kind}:
                shown += 1
                console.rule(f"{one.set_name}, {one.kind}: {one.answers} {one.answering} {one.claim}")
                console.print(
                    f"{one.question}\n[{one.head}] {one.text}\n{one.span and one.text[slice(*one.span)]}",
                    markup=False,
                )
        pool += 1


if __name__ == "__main__":
    main()
