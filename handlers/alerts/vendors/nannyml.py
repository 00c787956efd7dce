"""Results of NannyML 0.13, as the rows of their frame: bare, or in the envelope of `comparison` as `chunks`.

A chunk is a stretch of the data; the last one that is not of the reference is what is judged, by NannyML's
own flag of each column and method, and the one before says what was. The statistic of chi-squared comes
without its threshold, which is of the p-value.
Source: https://nannyml.readthedocs.io/en/stable/tutorials/working_with_results.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handlers.alerts.signals import Feature, Window
from handlers.alerts.vendors import comparison, proving
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import SIGNALS, moment, number, read_json, text

_METHODS = ("kolmogorov_smirnov", "jensen_shannon", "wasserstein", "hellinger", "chi2", "l_infinity")
Chunk = Mapping[str, Any]


def parse(incoming: Incoming, settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_json(incoming.body)
    envelope, chunks = (body, body.get("chunks")) if isinstance(body, dict) else ({}, body)
    if not isinstance(chunks, list) or len(chunks) > SIGNALS:
        raise Malformed("The body is no result of NannyML: it has no list `chunks` of rows of the frame.")
    rows = [each for each in chunks if isinstance(each, dict)]
    judged = [each for each in rows if each.get("chunk_period") != "reference"]
    about = comparison.read(envelope, settings)
    features = list(_features(about, judged[-1], judged[-2] if judged[1:] else {})) if judged else []
    if not features:
        raise Malformed("The last chunk has no column <name>_<method>_value: send "
                        "result.to_df(multilevel=False) as records, with a chunk after the reference.")
    drifted, of = comparison.columns(features)
    before = [each for each in rows if each.get("chunk_period") == "reference"]
    found = comparison.drift(
        about, features, share=drifted / of, current=_window([judged[-1]], about.current),
        reference=_window(before, about.reference))
    return Report((comparison.signal(about, found, drifted > 0, comparison.counted(drifted, of),
                                     chunk=judged[-1].get("chunk_key")),))


def _features(about: comparison.Envelope, chunk: Chunk, before: Chunk) -> Iterator[Feature]:
    names = [each.removesuffix("_value") for each in chunk if each.endswith("_value")]
    for name in names[:comparison.COLUMNS]:
        value = number(chunk[f"{name}_value"])
        if value is None:
            continue
        column, method = _parted(name)
        upper, lower = (number(chunk.get(f"{name}_{each}_threshold")) for each in ("upper", "lower"))
        is_low = lower is not None and (upper is None or value < lower)
        yield Feature(
            column, method, value, lower if is_low else upper, more_is_worse=not is_low,
            is_drifted=chunk.get(f"{name}_alert") is True, importance=about.importance.get(column),
            was=number(before.get(f"{name}_value")))


def _parted(name: str) -> tuple[str, str]:
    """Column and method; what is of no column, such as an estimated performance, is its own method."""
    for method in _METHODS:
        if name.endswith(f"_{method}"):
            return text(name.removesuffix(f"_{method}")) or "unnamed", method
    return text(name) or "unnamed", text(name) or "unnamed"


def _window(chunks: Sequence[Chunk], otherwise: Window) -> Window:
    """From the first of these to the last; what they do not say, `otherwise` may."""
    if not chunks:
        return otherwise
    spans = [(comparison.rows(each.get("chunk_start_index")), comparison.rows(each.get("chunk_end_index")))
             for each in chunks]
    rows = [last - first + 1 for first, last in spans if first is not None and last is not None]
    return Window(moment(chunks[0].get("chunk_start_date")) or otherwise.begins,
                  moment(chunks[-1].get("chunk_end_date")) or otherwise.ends,
                  sum(each for each in rows if each > 0) or otherwise.rows)


VENDOR = Vendor(
    "nannyml", "NannyML", proving.by_token, parse, options=comparison.OPTIONS,
    setup="""import httpx, json

def tell(calculator, current):  # a fitted UnivariateDriftCalculator; call it after each window
    frame = calculator.calculate(current).to_df(multilevel=False)
    body = {"project": "churn", "model": "churn-xgb", "version": "7", "environment": "production",
            "chunks": json.loads(frame.to_json(orient="records", date_format="iso"))}
    httpx.post("ADDRESS", json=body, headers={"Authorization": "Bearer SECRET"}).raise_for_status()
Also understood: suite, url, runbook_url, severity, prediction (its column), importance {column: 0..1}.""")
