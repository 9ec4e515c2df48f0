"""What each measure says, in a sentence."""

from __future__ import annotations

_OF_QUESTIONS = {
    "recall": "Share of the documents that answer which are among the first {depth}.",
    "ndcg": "How high the documents that answer stand among the first {depth}; 1 if they come first.",
    "mrr": "One over the place of the first document that answers, 0 if it is not among the first {depth}.",
    "span_recall": "Share of the words that answer which stand in the first {depth} passages.",
    "span_iou": "Words that answer and stand in the first {depth} passages, over the words that do either: "
    "it falls if passages quote more than the answer.",
    "overlap": "Whether some words of an answer stand in the first {depth} passages.",
    "evidence": "Whether an answer is among the first {depth} lit sentences of the first passage with one.",
}
_OF_ALL = {
    "answerability AUROC": "How often a question that the documents answer gets a higher probability than "
    "one that they do not; 0.5 is a guess.",
    "answerability average precision": "The mean share of answerable questions above each probability.",
    "answerability ECE (0 is best)": "How far stated probabilities are from the shares that hold.",
    "latency p50": "Half of the questions take no longer, without HTTP.",
    "latency p95": "95 of 100 questions take no longer.",
    "latency p99": "99 of 100 questions take no longer.",
}


def explanation(measure: str) -> str:
    """The sentence for a measure, such as ``recall@5`` or ``latency p95``; empty for an unknown one."""
    name, _, depth = measure.partition("@")
    return _OF_ALL.get(measure) or _OF_QUESTIONS.get(name, "").format(depth=depth)
