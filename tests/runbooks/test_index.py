"""What a question finds among runbooks: the right section first, or an honest no."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from handlers.runbooks.index import Index, building, built
from handlers.runbooks.ranking import Ranking
from handlers.runbooks.values import NOTHING_FOUND, Verdict
from tests.runbooks.shelf_of import PAGES, best, entries, shelf_of

INDEX = shelf_of()


@pytest.mark.parametrize(("question", "found"), [
    ("ChatLatencyHigh", "ChatLatencyHigh#"),
    ("chat latency high", "ChatLatencyHigh#"),
    ("chat_latency_high", "ChatLatencyHigh#"),
    ("chatlatencyhigh is firing again, why?", "ChatLatencyHigh#Diagnosis"),
    ("ChatLatancyHigh", "ChatLatencyHigh#"),
    ("answers are late, how do we send traffic elsewhere", "ChatLatencyHigh#Mitigation"),
    ("the provider does not answer, how do I fail over", "ProviderOutage#Mitigation"),
    ("what happens when latency of the chat is high", "ChatLatencyHigh#Impact"),
    ("assistctl failover", "ProviderOutage#Mitigation"),
    ("how do i rotate credentals of the vector store", "rotate-credentials#"),
    ("rotate secret for the vectorstore", "rotate-credentials#"),
    ("SELECT * FROM documents WHERE waits_to = 'be embedded'; -- DROP TABLE", "QueueDepth"),
])
def test_the_right_section_comes_first(question: str, found: str) -> None:
    assert (best(INDEX, question) or "").startswith(found)


@pytest.mark.parametrize(("question", "page"), [
    ("QueueDepthWarning", "QueueDepthWarning"),
    ("QueueDepthCritical", "QueueDepthCritical"),
    ("queue depth is critical", "QueueDepthCritical"),
    ("queue depth is growing", "QueueDepthWarning"),
    ("documents wait to be embedded", "QueueDepthWarning"),
    ("emergency: documents wait to be embedded", "QueueDepthCritical"),
])
def test_of_twins_the_one_that_is_as_bad_as_the_question_comes_first(question: str, page: str) -> None:
    assert (best(INDEX, question) or "").startswith(page)


@pytest.mark.parametrize(("question", "topic"), [
    ("IndexCorrupt", "IndexCorrupt"), ("how do I fix IndexCorrupt", "IndexCorrupt"),
    ("retrieval answers from old documents, what now: index stale", "IndexStale"),
    ("vectors do not fit into memory, what do I do", "IndexTooLarge"),
])
def test_under_the_same_heading_of_one_long_page_the_right_one_comes_first(question: str, topic: str) -> None:
    assert topic in INDEX.ask(question).hits[0].entry.path


def test_what_comes_first_for_how_to_is_how_to() -> None:
    assert INDEX.ask("how do I fix the corrupt index").hits[0].entry.path[-1] == "Mitigation"
    assert INDEX.ask("what does it mean that the index is corrupt").hits[0].entry.path[-1] == "Meaning"


KINDS = {
    "ops/rollback.md": """
# Roll back a release
## Mitigate
1. Undo the last rollout: it goes one revision back.
## Roll back
1. Roll the service back to a revision that was good.
## Whom to call
The author of the change.
""",
    "ops/retrain.md": """
# Retrain
## Mitigate
1. Roll the old model back in, then train.
## Roll back
1. Set the alias back.
## Whom to call
The engineer of the model.
""",
    "claims/contacts.md": """
# Claims triage
## Whom to call
Ana Ruiz, and at night the operations centre.
"""}


@pytest.mark.parametrize("question", ["how do we roll back", "How do we roll back?", "how do we rollback", "roll back"])
def test_a_heading_that_says_just_what_is_asked_goes_before_the_usual_one(question: str) -> None:
    found = shelf_of(KINDS).ask(question)
    assert (found.hits[0].entry.page, found.hits[0].entry.path[-1]) == ("ops/rollback.md", "Roll back")
    assert found.verdict is Verdict.ANSWER
    assert not found.is_alike, "the page that is all about it is meant"


@pytest.mark.parametrize("question", ["whom do we call", "Whom do we call?", "who do we call", "who to call"])
def test_what_several_pages_have_under_one_heading_is_offered_and_not_claimed(question: str) -> None:
    both = built([*entries(KINDS, source="ops")])
    found = both.ask(question)
    assert found.verdict is Verdict.CLOSEST
    assert found.is_alike
    assert {hit.entry.path[-1] for hit in found.hits[:3]} == {"Whom to call"}

    # The pilot's own page is meant where there is one.
    mixed = built([replace(each, source=each.page.partition("/")[0]) for each in entries(KINDS)])
    found = mixed.ask(question, own={"claims"})
    assert (found.hits[0].entry.page, found.verdict, found.is_alike) == ("claims/contacts.md", Verdict.ANSWER, False)
    assert mixed.ask("whom do we call about the release", own={"claims"}).hits[0].entry.page == "ops/rollback.md"


def test_another_kind_of_answer_is_not_the_section_of_that_name() -> None:
    found = shelf_of({"ops/rollback.md": KINDS["ops/rollback.md"] + "## Diagnose\nConfirm that it is the release: roll back?\n"})
    assert found.ask("how do I verify the roll back").hits[0].entry.path[-1] == "Diagnose"


@pytest.mark.parametrize("question", ["", "   ", "?!", "what do I do", "the of and to", "AND OR", "***", "\"\"", "()", "🙂", "\x00", "*"])
def test_nothing_asked_is_nothing_found(question: str) -> None:
    assert INDEX.ask(question) == NOTHING_FOUND


@pytest.mark.parametrize("question", [
    "where is the coffee machine", "postgres vacuum is stuck since the upgrade", "reset my payroll password please",
    "wie kündige ich meinen Handyvertrag", "как перезапустить принтер", "給与明細はどこですか",
])
def test_what_nobody_wrote_about_is_not_answered(question: str) -> None:
    found = INDEX.ask(question)
    assert found.verdict is not Verdict.ANSWER
    assert found.confidence < 0.5


@pytest.mark.parametrize("question", ["model provider answers with errors", "ProviderOutage", "documents wait to be embedded"])
def test_what_is_written_is_answered(question: str) -> None:
    assert INDEX.ask(question).verdict is Verdict.ANSWER


@pytest.mark.parametrize("question", [
    '"provider" AND "outage"', "provider* outage*", "NEAR(provider outage, 5)", "provider OR NOT outage", "title:provider ^outage",
    "*provider* _outage_ ~now~", "<@U123> provider outage <#C12|ops>", "`provider` outage", "provider -- outage; DROP TABLE pages",
    "{provider: outage}", "provider\u00a0outage", "ｐｒｏｖｉｄｅｒ outage", "PROVIDER OUTAGE", "provider/outage",
])
def test_marks_and_operators_are_only_words(question: str) -> None:
    assert (best(INDEX, question) or "").startswith("ProviderOutage")


def test_a_page_that_does_not_say_whom_to_call_is_no_answer_to_who_asks_that() -> None:
    silent = shelf_of()
    assert silent.ask("the model provider answers with errors").verdict is Verdict.ANSWER
    assert silent.ask("whom do we call when the model provider answers with errors").verdict is Verdict.CLOSEST
    told = shelf_of({**PAGES, "ops/alerts/ProviderOutage.md": PAGES["ops/alerts/ProviderOutage.md"] + "## Contacts\nOperations, by pager.\n"})
    found = told.ask("whom do we call when the model provider answers with errors")
    assert (found.verdict, found.hits[0].entry.path[-1]) == (Verdict.ANSWER, "Contacts")
    about = shelf_of({**PAGES, "ops/whom.md": "# Whom to call\n\nFor the model provider: Ravi Menon.\n"})
    assert about.ask("whom do we call for the model provider").verdict is Verdict.ANSWER, "a page that is all about it"


def test_an_address_is_read_by_its_path() -> None:
    assert (best(INDEX, "https://runbooks.example.com/ops/alerts/provideroutage.html#mitigation") or "").startswith("ProviderOutage")


def test_of_a_stack_trace_its_message_finds_the_page() -> None:
    trace = "Traceback (most recent call last):\n  File \"/srv/index.py\", line 3, in <module>\n    load()\nValueError: checksum of segment is wrong"
    found = INDEX.ask(trace)
    assert "IndexCorrupt" in found.hits[0].entry.path


def test_a_long_paste_costs_no_more_than_a_bound() -> None:
    words = " ".join(f"wort{number}nichts" for number in range(5000))
    assert len(INDEX.understood(f"provider outage {words}").concepts) <= 48
    assert (best(INDEX, f"provider outage {words}") or "").startswith("ProviderOutage")


def test_values_of_a_rule_do_not_count_as_missing() -> None:
    plain = INDEX.ask("documents wait to be embedded")
    filled = INDEX.ask("documents wait to be embedded on ip-10-0-3-22 in pay-prod/worker-7f9c4-x2k (97.3%, 10.0.3.22:9100)")
    assert filled.missing == ()
    assert filled.hits[0].entry == plain.hits[0].entry
    assert filled.confidence == pytest.approx(plain.confidence, abs=0.15)


def test_it_says_which_words_it_found_which_it_missed_and_which_it_took_for_others() -> None:
    found = INDEX.ask("provder outage on mars")
    assert found.matched == ("provder", "outage")
    assert found.missing == ("mars",)
    assert found.corrected == (("provder", "provider"),)


def test_only_the_sources_asked_for_are_searched() -> None:
    both = built([*entries(PAGES), *(replace(each, id=each.id + 1000, page=f"pay/{each.page}", source="pay") for each in entries(PAGES))])
    assert {hit.entry.source for hit in both.ask("provider outage", sources={"pay"}).hits} == {"pay"}
    assert {hit.entry.source for hit in both.ask("provider outage").hits} == {"pay", "ops"}
    assert both.ask("provider outage", sources=set()).hits == ()
    assert both.ask("ProviderOutage", sources={"nowhere"}).verdict is Verdict.NOTHING


def test_an_admins_synonyms_find_what_they_mean() -> None:
    assert best(INDEX, "the parrot is silent") is None
    assert (best(shelf_of(synonyms=[["parrot", "provider"]]), "the parrot is silent") or "").startswith("ProviderOutage")


def test_an_alias_is_a_name_too() -> None:
    pages = {"ops/a.md": "# Slow answers\nSend traffic to the small model.", "ops/b.md": "# Other\nSlow things are slow."}
    index = built([replace(each, aliases=("AssistantSlowCritical",) if each.page == "ops/a.md" else ()) for each in entries(pages)])
    assert best(index, "AssistantSlowCritical") == "a#Slow answers"
    assert index.ask("AssistantSlowCritical").verdict is Verdict.ANSWER


def test_a_stub_and_an_old_page_are_trusted_less() -> None:
    today, question = date(2026, 11, 26), "model provider answers with errors"
    fresh = built(entries(PAGES, changed_on=today)).ask(question, today=today)
    old = built(entries(PAGES, changed_on=today - timedelta(days=400))).ask(question, today=today)
    stub = built(entries(PAGES, stubs=["ops/alerts/ProviderOutage.md"], changed_on=today)).ask(question, today=today)
    assert old.hits == tuple(replace(hit, entry=replace(hit.entry, changed_on=today - timedelta(days=400))) for hit in fresh.hits)
    assert old.confidence < fresh.confidence
    assert stub.confidence < fresh.confidence
    assert built(entries(PAGES, changed_on=today - timedelta(days=400))).ask(question).confidence == fresh.confidence


def test_of_a_stub_and_a_page_alike_the_page_comes_first() -> None:
    pages = {"ops/x/A.md": "# Disk full\nTODO clean the disk", "ops/y/B.md": "# Disk full\nTODO clean the disk"}
    assert [hit.entry.page for hit in built(entries(pages, stubs=["ops/x/A.md"])).ask("disk full").hits] == ["ops/y/B.md", "ops/x/A.md"]


def test_what_is_as_good_comes_in_the_order_of_pages() -> None:
    pages = {f"ops/{name}/same.md": "# Same\nturn the crank" for name in "dacb"}
    assert [hit.entry.page for hit in shelf_of(pages).ask("crank").hits] == [f"ops/{name}/same.md" for name in "abcd"]


def test_headings_with_nothing_under_them_are_no_answer() -> None:
    assert all(hit.entry.path[-1] != "ChatLatencyHigh" for hit in INDEX.ask("chat latency high", at_most=50).hits)


def test_a_page_of_headings_alone_is_still_found_by_its_name() -> None:
    assert best(shelf_of({**PAGES, "ops/EmptyYet.md": "# EmptyYet\n## Mitigation\n"}), "EmptyYet") == "EmptyYet#EmptyYet"


def test_an_empty_index_finds_nothing() -> None:
    assert Index().ask("provider outage") == NOTHING_FOUND
    assert built([]).ask("provider outage").hits == ()
    assert built([]).changed(["ops/gone.md"], entries(PAGES)).ask("ProviderOutage").hits


def test_meaning_brings_up_what_words_do_not() -> None:
    wanted = next(each for each in entries(PAGES) if each.page.endswith("rotate-credentials.md"))
    words = "somebody leaked something and it must not work tomorrow"
    assert not any(hit.entry.id == wanted.id for hit in INDEX.ask(words).hits)
    near = {each.id: 0.9 if each.id == wanted.id else 0.1 for each in entries(PAGES)}
    assert INDEX.ask(words, cosines=near).hits[0].entry.id == wanted.id


def test_a_name_stands_above_meaning() -> None:
    other = {each.id: 0.95 for each in entries(PAGES) if "playbook" in each.page}
    assert "ProviderOutage" in INDEX.ask("ProviderOutage", cosines=other).hits[0].entry.page


def test_a_page_may_not_come_in_two_parts() -> None:
    begun = building()
    begun.add(entries(PAGES))
    with pytest.raises(ValueError, match="two parts"):
        begun.add(entries(PAGES)[:1])


def test_of_thousands_of_sections_that_are_all_alike_few_are_looked_at_closely() -> None:
    index = shelf_of({f"ops/p{number:04}.md": f"# Page {number}\n## Fix\nRestart the service.\n" for number in range(2000)})
    ranking = Ranking(index.shelf, index.understood("restart the service"), index.synonyms)
    found = ranking.candidates(ranking.scores(), None)
    assert 64 <= len(found) <= 256
    assert index.ask("restart the service").hits[0].entry.page == "ops/p0000.md", "in the order of pages"
