"""Runbooks that we wrote, for tests of what finds them; and a way to make more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import count

from handlers.runbooks.index import Index, built
from handlers.runbooks.markdown import read_page
from handlers.runbooks.values import Entry

PAGES = {
    "ops/alerts/ChatLatencyHigh.md": """
# ChatLatencyHigh
## Meaning
Answers of the assistant take longer than four seconds at the 95th percentile.
## Impact
People stop waiting and open tickets instead.
## Diagnosis
Look at the trace of a slow answer. Compare the time in retrieval with the time at the provider.
## Mitigation
Turn off reranking, or send traffic to the smaller model:

```
kubectl -n assist set env deploy/gateway ROUTE=small
```
""",
    "ops/alerts/ProviderOutage.md": """
# ProviderOutage
## Meaning
The model provider answers with errors or not at all.
## Diagnosis
Check the provider's status page and our error ratio by region.
## Mitigation
Fail over to the second provider with `assistctl failover --to standby`.
""",
    "ops/alerts/QueueDepthWarning.md": """
# QueueDepthWarning
## Meaning
More than 500 documents wait to be embedded.
## Mitigation
Add workers.
""",
    "ops/alerts/QueueDepthCritical.md": """
# QueueDepthCritical
## Meaning
More than 5000 documents wait to be embedded.
## Mitigation
Add workers and pause the crawler.
""",
    "ops/how-to/rotate-credentials.md": """
# Rotate the credentials of the vector store
Make a new key, deploy it, and revoke the old one a day later.
## Check that nothing uses the old key
List the last use of each key in the console.
""",
    "ops/playbook.md": """
# Playbook
## IndexStale
### Meaning
Retrieval answers from documents of last week.
### Mitigation
Run the crawler by hand.
## IndexCorrupt
### Meaning
The checksum of a segment is wrong.
### Mitigation
Restore the segment from the snapshot of the night.
## IndexTooLarge
### Meaning
The vector index does not fit into memory.
### Mitigation
Drop vectors of documents that nobody has opened for a year.
""",
}


def entries(pages: dict[str, str], *, source: str = "ops", stubs: Sequence[str] = (),
            changed_on: date | None = None, aliases: Sequence[str] = ()) -> list[Entry]:
    numbers = count(1)
    return [Entry(next(numbers), path, page.title, section.path, section.text, section.code, source, tuple(aliases),
                  path in stubs, changed_on)
            for path in sorted(pages) for page in [read_page(pages[path], path.partition("/")[2])]
            for section in page.sections]


def shelf_of(pages: dict[str, str] | None = None, synonyms: Iterable[Sequence[str]] = ()) -> Index:
    return built(entries(pages or PAGES), tuple(synonyms))


def best(index: Index, question: str) -> str | None:
    """The page and heading that come first, ``ChatLatencyHigh#Mitigation``."""
    hits = index.ask(question).hits
    return f"{hits[0].entry.page.rpartition('/')[2].removesuffix('.md')}#{hits[0].entry.path[-1]}" if hits else None
