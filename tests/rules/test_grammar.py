"""What people type and what is understood: lines, refusals with their sentences, help."""

from dataclasses import fields
from datetime import date, time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handlers.chat.cards import plain
from handlers.chat.errors import Refused
from handlers.commands.grammar import LONGEST, parse
from handlers.commands.help import commands_markdown, overview, usage_hint, verb_help
from handlers.commands.help_cards import help_card
from handlers.commands.verbs import COMMANDS, ROLES, VERBS, Kind, Parsed, find_verb, verbs_of
from handlers.commands.words import item_ref, mention, nearest, normalised, pilot_ref, words_of
from handlers.people.calendar import Calendar
from handlers.people.permissions import Action

TODAY = date(2026, 11, 20)  # a Friday
BERLIN = Calendar("Europe/Berlin", "DE")
FRI, NOV27 = date(2026, 11, 27), date(2026, 11, 27)


def read(text: str, command: str = "/pilot") -> Parsed:
    return parse(command, text, today=TODAY, calendar=BERLIN)


def refused(text: str, command: str = "/pilot") -> Refused:
    with pytest.raises(Refused) as caught:
        read(text, command)
    return caught.value


def found(parsed: Parsed) -> dict[str, object]:
    """All that was found, as one writes it in a table."""
    values = {field.name: getattr(parsed, field.name) for field in fields(Parsed) if field.name != "verb"}
    return {name: value for name, value in values.items() if value not in (None, "")}


LINES: list[tuple[str, str, dict[str, object]]] = [
    # The bare verb.
    ("", "", {}),
    ("   \n ", "", {}),
    ("\u200b", "", {}),
    (".", "", {}),
    ("pilot", "", {}),
    # new, list
    ("new", "new", {}),
    ("new Claims triage", "new", {"text": "Claims triage"}),
    ("new “Claims triage”", "new", {"text": "Claims triage"}),
    ("register Claims triage", "new", {"text": "Claims triage"}),
    ("list", "list", {}),
    ("list all", "list", {}),
    ("list mine", "list", {"choice": "mine"}),
    ("LIST Stuck", "list", {"choice": "stuck"}),
    ("list stukc", "list", {"choice": "stuck"}),
    ("list week one", "list", {"choice": "week_one"}),
    ("list week_one", "list", {"choice": "week_one"}),
    ("list Week-One", "list", {"choice": "week_one"}),
    ("list limited rollout", "list", {"choice": "limited_rollout"}),
    ("list prod", "list", {"choice": "production"}),
    ("stuck", "list", {"choice": "stuck", "guessed": "stuck"}),
    # status
    ("status", "status", {}),
    ("Status.", "status", {}),
    ("status\u00a0claims", "status", {"pilot": "claims"}),
    ("sta\u200btus claims", "status", {"pilot": "claims"}),
    ("ｓｔａｔｕｓ claims", "status", {"pilot": "claims"}),
    ("pilot status", "status", {}),
    ("/pilot pilot status claims triage.", "status", {"pilot": "claims triage"}),
    ("status of claims triage", "status", {"pilot": "claims triage"}),
    ("status for the pilot claims", "status", {"pilot": "claims"}),
    ("status “Claims triage”", "status", {"pilot": "Claims triage"}),
    ("status „Claims triage“", "status", {"pilot": "Claims triage"}),
    ("status «Claims triage»", "status", {"pilot": "Claims triage"}),
    ("status 'Claims triage'", "status", {"pilot": "Claims triage"}),
    ("status ‘Claims triage’", "status", {"pilot": "Claims triage"}),
    ("status <#C123|claims-triage>", "status", {"pilot": "<#C123>"}),
    ("status <#C123>", "status", {"pilot": "<#C123>"}),
    ("status #Claims-Triage", "status", {"pilot": "#claims-triage"}),
    ("status in <#C123|x>", "status", {"pilot": "<#C123>"}),
    ("status P:12", "status", {"pilot": "p:12"}),
    ("status w1-02", "item", {"item": "W1-02", "guessed": "status"}),
    # A typo in what only reads is corrected.
    ("stauts claims", "status", {"pilot": "claims", "guessed": "stauts"}),
    ("stats", "status", {"guessed": "stats"}),
    ("stat", "status", {"guessed": "stat"}),
    ("itmes mine", "items", {"choice": "mine", "guessed": "itmes"}),
    ("hisotry", "history", {"guessed": "hisotry"}),
    ("wyh", "why", {"guessed": "wyh"}),
    ("halp", "help", {"guessed": "halp"}),
    ("taem", "team", {"guessed": "taem"}),
    ("lsit stuck", "list", {"choice": "stuck", "guessed": "lsit"}),
    # A pilot's name alone.
    ("claims triage", "status", {"pilot": "claims triage", "guessed": "claims triage"}),
    ('"claims triage"', "status", {"pilot": "claims triage", "guessed": "claims triage"}),
    ("<#C123|claims>", "status", {"pilot": "<#C123>", "guessed": "<#C123|claims>"}),
    ("p:12", "status", {"pilot": "p:12", "guessed": "p:12"}),
    ("claims triage status", "status", {"pilot": "claims triage", "guessed": "claims triage status"}),
    ("claims items", "items", {"pilot": "claims", "guessed": "claims items"}),
    ("quote drafter", "status", {"pilot": "quote drafter", "guessed": "quote drafter"}),
    ("שלום עולם", "status", {"pilot": "שלום עולם", "guessed": "שלום עולם"}),
    ("🚀", "status", {"pilot": "🚀", "guessed": "🚀"}),
    # items
    ("items", "items", {}),
    ("items mine", "items", {"choice": "mine"}),
    ("items claims triage overdue", "items", {"pilot": "claims triage", "choice": "overdue"}),
    ("items overdue claims", "items", {"pilot": "claims", "choice": "overdue"}),
    ("items late", "items", {"choice": "overdue"}),
    ("items legal", "items", {"choice": "legal"}),
    ("items ops", "items", {"choice": "operations"}),
    ("items data science", "items", {"pilot": "data science"}),
    ("items claims legal", "items", {"pilot": "claims", "choice": "legal"}),
    ("items data quality", "items", {"pilot": "data quality"}),
    ("items customer support", "items", {"pilot": "customer support"}),
    ('items "customer data"', "items", {"pilot": "customer data"}),
    ("items <#C1|x> blocked", "items", {"pilot": "<#C1>", "choice": "blocked"}),
    ("checklist gate", "items", {"choice": "gate"}),
    ("overdue", "items", {"choice": "overdue", "guessed": "overdue"}),
    ("blocked claims", "items", {"pilot": "claims", "choice": "blocked", "guessed": "blocked"}),
    # item, and how items are named
    ("item w1-02", "item", {"item": "W1-02"}),
    ("item W1–02", "item", {"item": "W1-02"}),
    ("item w1_02", "item", {"item": "W1-02"}),
    ("item w1-2", "item", {"item": "W1-02"}),
    ("item `W1-02`", "item", {"item": "W1-02"}),
    ("item (W1-02)", "item", {"item": "W1-02"}),
    ("item W102", "item", {"item": "W102"}),
    ("item b-11#2", "item", {"item": "B-11#2"}),
    ("item I:345", "item", {"item": "i:345"}),
    ("item a-01", "item", {"item": "A-01"}),
    ("item reg-01", "item", {"item": "REG-01"}),
    ("item llm-17", "item", {"item": "LLM-17"}),
    ("item llm-1", "item", {"item": "LLM-01"}),
    ("item claims w1-02", "item", {"pilot": "claims", "item": "W1-02"}),
    ("item w1-02 claims", "item", {"pilot": "claims", "item": "W1-02"}),
    ("item legal briefing", "item", {"item": "legal briefing"}),
    ("item “legal briefing”", "item", {"item": "legal briefing"}),
    ("w1-02", "item", {"item": "W1-02", "guessed": "w1-02"}),
    ("w1-02 history", "item", {"item": "W1-02", "guessed": "w1-02"}),
    ("history w1-02", "item", {"item": "W1-02", "guessed": "history"}),
    # done
    ("done W1-02", "done", {"item": "W1-02"}),
    ("DONE. w1-02", "done", {"item": "W1-02"}),
    ("done w1-02 minutes are in the wiki", "done", {"item": "W1-02", "text": "minutes are in the wiki"}),
    ("done claims w1-02 minutes are in the wiki", "done",
     {"pilot": "claims", "item": "W1-02", "text": "minutes are in the wiki"}),
    ("done w1-02: don't ask", "done", {"item": "W1-02", "text": "don't ask"}),
    ("done w1-02 because it is", "done", {"item": "W1-02", "text": "it is"}),
    ('done w1-02 "minutes"', "done", {"item": "W1-02", "text": "minutes"}),
    ("done w1-02 one\ntwo  three", "done", {"item": "W1-02", "text": "one\ntwo  three"}),
    ("done w1-02 SEC-123", "done", {"item": "W1-02", "text": "SEC-123"}),
    ("done w1-02 <https://w/x|the minutes>", "done", {"item": "W1-02", "text": "<https://w/x|the minutes>"}),
    ("done w1-02 👩‍👩‍👧 שלום", "done", {"item": "W1-02", "text": "👩‍👩‍👧 שלום"}),
    ("done w1-02 a\x00b\x07c\u202ed", "done", {"item": "W1-02", "text": "abcd"}),
    ("done gpt-4 assistant W1-02", "done", {"pilot": "gpt-4 assistant", "item": "W1-02"}),
    ("done “legal briefing” minutes are in the wiki", "done",
     {"item": "legal briefing", "text": "minutes are in the wiki"}),
    ('done "legal briefing" see B-11', "done", {"item": "legal briefing", "text": "see B-11"}),
    ('done "Claims triage" W1-02 minutes', "done",
     {"pilot": "Claims triage", "item": "W1-02", "text": "minutes"}),
    ("done p:12 W1-02 minutes", "done", {"pilot": "p:12", "item": "W1-02", "text": "minutes"}),
    ("done <#C1|claims> W1-02", "done", {"pilot": "<#C1>", "item": "W1-02"}),
    ("done <#C1|claims> legal briefing", "done", {"pilot": "<#C1>", "item": "legal briefing"}),
    ("done legal briefing", "done", {"item": "legal briefing"}),
    ("done legal briefing - minutes are in", "done", {"item": "legal briefing", "text": "minutes are in"}),
    # plan
    ("plan W1-02 fri", "plan", {"item": "W1-02", "on": FRI}),
    ("plan W1-02 on fri", "plan", {"item": "W1-02", "on": FRI}),
    ("plan claims W1-02 2026-11-27", "plan", {"pilot": "claims", "item": "W1-02", "on": NOV27}),
    ("plan W1-02 +3d", "plan", {"item": "W1-02", "on": date(2026, 11, 23)}),
    ("plan legal briefing fri", "plan", {"item": "legal briefing", "on": FRI}),
    ("plan legal briefing on 27 nov", "plan", {"item": "legal briefing", "on": NOV27}),
    ("plan legal briefing nov-27", "plan", {"item": "legal briefing", "on": NOV27}),
    ('plan "legal briefing" 27 nov', "plan", {"item": "legal briefing", "on": NOV27}),
    ("plan Measure 30 days against the baseline fri", "plan",
     {"item": "Measure 30 days against the baseline", "on": FRI}),
    ("plan W1-02 fri after the board", "plan", {"item": "W1-02", "on": FRI, "text": "after the board"}),
    # block
    ("block W1-02 by @omar crm access missing", "block",
     {"item": "W1-02", "person": "omar", "text": "crm access missing"}),
    ("block W1-02 by <@U123|omar> crm access missing", "block",
     {"item": "W1-02", "person": "<@U123>", "text": "crm access missing"}),
    ("block W1-02 waiting for the CRM export", "block", {"item": "W1-02", "text": "waiting for the CRM export"}),
    ("block W1-02 waiting for <@U1> to export", "block",
     {"item": "W1-02", "person": "<@U1>", "text": "waiting for <@U1> to export"}),
    ("block W1-02 vendor is late, told @ana", "block", {"item": "W1-02", "text": "vendor is late, told @ana"}),
    ("block W1-02 crm access missing by @omar", "block",
     {"item": "W1-02", "person": "omar", "text": "crm access missing"}),
    ("block W1-02 @omar", "block", {"item": "W1-02", "person": "omar"}),
    ("block W1-02 by omar", "block", {"item": "W1-02", "person": "omar"}),
    ("block W1-02 by omar haddad", "block", {"item": "W1-02", "person": "omar haddad"}),
    ("block W1-02 by Omar Haddad no access", "block",
     {"item": "W1-02", "person": "Omar Haddad", "text": "no access"}),
    ('block W1-02 by "omar haddad" no access', "block",
     {"item": "W1-02", "person": "omar haddad", "text": "no access"}),
    ("block W1-02 by omar no access", "block", {"item": "W1-02", "person": "omar", "text": "no access"}),
    ("block W1-02 by the CRM team", "block", {"item": "W1-02", "text": "by the CRM team"}),
    ("block W1-02 by B-01", "block", {"item": "W1-02", "text": "by B-01"}),
    ("block legal briefing by @omar", "block", {"item": "legal briefing", "person": "omar"}),
    # assign
    ("assign W1-02 to @ana", "assign", {"item": "W1-02", "person": "ana"}),
    ("assign W1-02 <@U9|ana>", "assign", {"item": "W1-02", "person": "<@U9>"}),
    ("assign W1-02 ana", "assign", {"item": "W1-02", "person": "ana"}),
    ("assign W1-02 me", "assign", {"item": "W1-02", "person": "me"}),
    ("assign claims W1-02 Ana Lopez", "assign", {"pilot": "claims", "item": "W1-02", "person": "Ana Lopez"}),
    ("assign legal briefing to @ana", "assign", {"item": "legal briefing", "person": "ana"}),
    ("assign legal briefing to ana", "assign", {"item": "legal briefing", "person": "ana"}),
    ('assign "legal briefing" ana', "assign", {"item": "legal briefing", "person": "ana"}),
    # due
    ("due W1-02 27 nov vendor slipped", "due", {"item": "W1-02", "on": NOV27, "text": "vendor slipped"}),
    ("due W1-02 to 27 nov: vendor slipped", "due", {"item": "W1-02", "on": NOV27, "text": "vendor slipped"}),
    ("head", "head", {}),
    ("head legal @jonas", "head", {"choice": "legal", "person": "jonas"}),
    ("head @jonas for machine learning", "head", {"choice": "ml", "person": "jonas"}),
    ("head of legal off", "head", {"choice": "legal", "kind": "off"}),
    ("heads legal nobody", "head", {"choice": "legal", "kind": "off"}),
    ("head legal Jonas Brandt", "head", {"choice": "legal", "person": "Jonas Brandt"}),
    ("waive w1-05 until 27 nov vendor slipped", "waive", {"item": "W1-05", "on": NOV27, "text": "vendor slipped"}),
    ('due "legal briefing" 27 nov vendor slipped', "due",
     {"item": "legal briefing", "on": NOV27, "text": "vendor slipped"}),
    ("due legal briefing 27 nov vendor slipped", "due",
     {"item": "legal briefing", "on": NOV27, "text": "vendor slipped"}),
    ("postpone claims w1-02 until 2026-11-27 vendor slipped", "due",
     {"pilot": "claims", "item": "W1-02", "on": NOV27, "text": "vendor slipped"}),
    # na, reopen
    ("na W1-02 no personal data", "na", {"item": "W1-02", "text": "no personal data"}),
    ("n/a W1-02 no personal data", "na", {"item": "W1-02", "text": "no personal data"}),
    ('na "legal briefing" done by group legal', "na", {"item": "legal briefing", "text": "done by group legal"}),
    ("reopen W1-02 counsel was away", "reopen", {"item": "W1-02", "text": "counsel was away"}),
    ("reopen W1-02 B-01 is not done", "reopen", {"item": "W1-02", "text": "B-01 is not done"}),
    # team
    ("team", "team", {}),
    ("team claims triage", "team", {"pilot": "claims triage"}),
    ("team legal", "team", {"choice": "legal"}),
    ("team support bot", "team", {"pilot": "support bot"}),
    ("team legal @jonas", "team", {"choice": "legal", "person": "jonas"}),
    ("team ops <@U1|x>", "team", {"choice": "operations", "person": "<@U1>"}),
    ("team data science @x", "team", {"choice": "ml", "person": "x"}),
    ("team add legal @jonas claims", "team", {"choice": "legal", "person": "jonas", "pilot": "claims"}),
    ("team claims legal @jonas", "team", {"choice": "legal", "person": "jonas", "pilot": "claims"}),
    ("team @jonas as legal", "team", {"choice": "legal", "person": "jonas"}),
    ("team legal to jonas", "team", {"choice": "legal", "person": "jonas"}),
    ("team p:12 legal <@U1>", "team", {"choice": "legal", "person": "<@U1>", "pilot": "p:12"}),
    # brief
    ("brief", "brief", {}),
    ("brief legal", "brief", {"kind": "legal"}),
    ("brief claims triage", "brief", {"pilot": "claims triage"}),
    ("brief claims legal briefing", "brief", {"pilot": "claims", "kind": "legal"}),
    ("brief legal slot fri 14:00", "brief", {"kind": "legal", "choice": "slot", "on": FRI, "at": time(14)}),
    ("brief legal slot on fri at 2pm claims triage", "brief",
     {"kind": "legal", "choice": "slot", "on": FRI, "at": time(14), "pilot": "claims triage"}),
    ("brief claims legal held we met", "brief",
     {"kind": "legal", "choice": "held", "pilot": "claims", "text": "we met"}),
    ("brief legal held", "brief", {"kind": "legal", "choice": "held"}),
    ("brief security asks a data flow diagram", "brief",
     {"kind": "security", "choice": "asks", "text": "a data flow diagram"}),
    ('brief "Legal assistant" legal held we met', "brief",
     {"kind": "legal", "choice": "held", "pilot": "Legal assistant", "text": "we met"}),
    # With the pilot and item said without doubt, as buttons repeat a line.
    ("done i:345 minutes", "done", {"item": "i:345", "text": "minutes"}),
    ('due p:3 "legal briefing" 2026-11-27 slipped', "due",
     {"pilot": "p:3", "item": "legal briefing", "on": NOV27, "text": "slipped"}),
    ("block i:345 by <@U1> no access", "block", {"item": "i:345", "person": "<@U1>", "text": "no access"}),
    ("items legal p:3", "items", {"pilot": "p:3", "choice": "legal"}),
    ("items overdue p:3", "items", {"pilot": "p:3", "choice": "overdue"}),
    ("team legal jonas p:3", "team", {"pilot": "p:3", "choice": "legal", "person": "jonas"}),
    ("team legal <@U1> p:3", "team", {"pilot": "p:3", "choice": "legal", "person": "<@U1>"}),
    ("brief legal slot 2026-11-27 14:00 p:3", "brief",
     {"pilot": "p:3", "kind": "legal", "choice": "slot", "on": NOV27, "at": time(14)}),
    ("brief legal held p:3 we met", "brief", {"pilot": "p:3", "kind": "legal", "choice": "held", "text": "we met"}),
    ("gate pass p:3", "gate", {"pilot": "p:3", "choice": "pass"}),
    ("stop p:3 no budget", "stop", {"pilot": "p:3", "text": "no budget"}),
    # gate, history
    ("gate", "gate", {}),
    ("gate pass", "gate", {"choice": "pass"}),
    ("gate claims", "gate", {"pilot": "claims"}),
    ("gate pass claims triage", "gate", {"choice": "pass", "pilot": "claims triage"}),
    ("gate <#C1> pass", "gate", {"choice": "pass", "pilot": "<#C1>"}),
    ("history claims", "history", {"pilot": "claims"}),
    # pause, resume, stop: a pilot only in quotes or as a reference
    ("pause claims waits for budget", "pause", {"text": "claims waits for budget"}),
    ("pause “Claims triage” waits for budget", "pause", {"pilot": "Claims triage", "text": "waits for budget"}),
    ("resume", "resume", {}),
    ('resume "Claims triage"', "resume", {"pilot": "Claims triage"}),
    ("stop no budget", "stop", {"text": "no budget"}),
    ('stop "Claims triage" no budget', "stop", {"pilot": "Claims triage", "text": "no budget"}),
    ("stop p:12 no budget", "stop", {"pilot": "p:12", "text": "no budget"}),
    ("stop <#C1|claims> no budget", "stop", {"pilot": "<#C1>", "text": "no budget"}),
    # quiet, why, help
    ("quiet until fri", "quiet", {"on": FRI}),
    ("quiet fri", "quiet", {"on": FRI}),
    ("quiet for a week", "quiet", {"on": FRI}),
    ("mute 3d", "quiet", {"on": date(2026, 11, 23)}),
    ("quiet off", "quiet", {"choice": "off"}),
    ("away until fri", "away", {"on": FRI}),
    ("away until fri to <@U0ANARZ00|ana>", "away", {"on": FRI, "person": "<@U0ANARZ00>"}),
    ("away fri @ana", "away", {"on": FRI, "person": "ana"}),
    ("away off", "away", {"choice": "off"}),
    ("away back", "away", {"choice": "off"}),
    ("digest weekly", "digest", {"choice": "weekly"}),
    ("digest daily", "digest", {"choice": "daily"}),
    ("snooze w1-02 fri", "snooze", {"item": "W1-02", "on": FRI}),
    ("snooze legal briefing until fri", "snooze", {"item": "legal briefing", "on": FRI}),
    ("later w1-02 3d", "snooze", {"item": "W1-02", "on": date(2026, 11, 23)}),
    ("why", "why", {}),
    ("help", "help", {}),
    ("?", "help", {}),
    ("??", "help", {}),
    ("-h", "help", {}),
    ("--help", "help", {}),
    ("—help", "help", {}),
    ("hilfe", "help", {}),
    ("help due", "help", {"choice": "due"}),
    ("help n/a", "help", {"choice": "na"}),
    ("help doen", "help", {"choice": "done"}),
    ("help gate override", "help", {"choice": "gate override"}),
    ("help runbook", "help", {"choice": "/runbook"}),
    ("done ?", "help", {"choice": "done"}),
    ("done help", "help", {"choice": "done"}),
    ("items --help", "help", {"choice": "items"}),
]


@pytest.mark.parametrize(("line", "verb", "expected"), LINES, ids=[repr(line) for line, _, _ in LINES])
def test_a_line_is_understood(line, verb, expected):
    parsed = read(line)
    assert (parsed.verb.name, found(parsed)) == (verb, expected)


REFUSALS = [
    # What is missing, with a line that works.
    ("done", "Say which item: `/pilot done ID [evidence]`, for example `/pilot done W1-02 minutes are in the wiki`."),
    ("due", "Say which item: `/pilot due ID DATE reason`, for example "
            "`/pilot due W1-02 27 nov the vendor slipped`."),
    ("due W1-02", "Say the new date: `/pilot due W1-02 DATE reason`."),
    ("head off", "Which function is that? `/pilot head [ROLE] [@who|off]`, where ROLE is one of product, "
                 "engineering, data, ml, operations, security, legal, compliance, change."),
    ("head bananas @jonas", "Which role is that? `/pilot head [ROLE] [@who|off]`, where ROLE is one of product, "
                            "engineering, data, ml, operations, security, legal, compliance, change."),
    ("head legal @jonas @ana", "I read one role and one person: `/pilot head [ROLE] [@who|off]`, for example "
                               "`/pilot head legal @jonas`."),
    ("waive W1-05", "Say until when: `/pilot waive W1-05 until DATE reason`."),
    ("waive W1-05 until fri", "Say why: `/pilot waive W1-05 until fri reason`."),
    ("plan W1-02", "Say when you will do it: `/pilot plan W1-02 DATE`."),
    ("plan legal briefing", "Say when you will do it: `/pilot plan legal briefing DATE`. If not all of it is the "
                            'title, put the title in quotes: `/pilot plan "legal briefing" DATE`.'),
    ("assign W1-02", "Say to whom: `/pilot assign W1-02 @who`."),
    ("block W1-02", "Say who or what holds it up: `/pilot block W1-02 by @who` or `/pilot block W1-02 reason`."),
    ("quiet", "Say until when: `/pilot quiet off|until DATE`, for example `/pilot quiet until +3d`."),
    ("quiet until", "Say until when: `/pilot quiet off|until DATE`, for example `/pilot quiet until +3d`."),
    ("away", "Say until when: `/pilot away off|until DATE [to @who]`, for example `/pilot away until mon to @ana`."),
    ("digest", "Say how often: weekly or daily: `/pilot digest weekly|daily`, for example `/pilot digest weekly`."),
    ("digest hourly", "Say how often: weekly or daily: `/pilot digest hourly weekly|daily`."),
    ("snooze w1-02", "Say until when: `/pilot snooze w1-02 DATE`."),
    ("brief legal slot", "Say which day and time: `/pilot brief legal slot WHEN`."),
    ("brief security asks", "Say what they ask for: `/pilot brief security asks text`."),
    # A reason is asked for.
    ("reopen W1-02", "Say why: `/pilot reopen W1-02 reason`."),
    ("na w1-02", "Say why: `/pilot na w1-02 reason`."),
    ("na W1-02 ...", "Say why: `/pilot na W1-02 ... reason`."),
    ("due W1-02 fri", "Say why: `/pilot due W1-02 fri reason`."),
    ("pause", 'Say why: `/pilot pause ["pilot"] reason`, for example `/pilot pause waiting for the budget round`.'),
    ("stop", 'Say why: `/pilot stop ["pilot"] reason`, for example `/pilot stop "Claims triage" no budget`.'),
    ('stop "no budget"', 'Say why: `/pilot stop "no budget" reason`. Words in quotes name the pilot.'),
    # What is there cannot be read.
    ("plan W1-02 soonish", "I read no date in `soonish`. I know `fri`, `27 nov`, `2026-11-27` and `+3d`: "
                           "`/pilot plan ID DATE`."),
    ("done <#C1> claims W1-02", "I read more than one pilot in `<#C1> claims W1-02`. Name one: "
                                "`/pilot done ID [evidence]`."),
    ("assign W1-02 @ana and @bob", "An item has one owner, so that it is clear who has the ball. Name one person."),
    ("team nonsense @jonas", "Which role is that? `/pilot team [ROLE] [@who] [pilot]`, where ROLE is one of "
                             f"{', '.join(ROLES)}."),
]


@pytest.mark.parametrize(("line", "sentence"), REFUSALS, ids=[repr(line) for line, _ in REFUSALS])
def test_a_refusal_says_what_is_missing(line, sentence):
    assert str(refused(line)) == sentence


PROPOSALS = [
    # A typo in what changes something is proposed, never carried out.
    ("doen W1-02 minutes", "I do not know `doen`. Did you mean `done`?", ["/pilot done W1-02 minutes"]),
    ("reopne W1-02 why not", "I do not know `reopne`. Did you mean `reopen`?", ["/pilot reopen W1-02 why not"]),
    ("paus budget", "I do not know `paus`. Did you mean `pause`?", ["/pilot pause budget", "/pilot status paus budget"]),
    ("shop assistant", "I do not know `shop`. Did you mean `stop`?",
     ["/pilot stop assistant", "/pilot status shop assistant"]),
    ("taem legal @jonas", "I do not know `taem`. Did you mean `team legal @jonas`?", ["/pilot team legal @jonas"]),
    # Several are as near.
    ("iteam", "I do not know `iteam`. Nearest are `item`, `team`. `/pilot help` lists everything.",
     ["/pilot item", "/pilot team", "/pilot status iteam"]),
    # Nothing is near, and it is no name of a pilot.
    ("what is blocking it?", "I do not know `what`. Nearest are `why`, `status`, `list`. `/pilot help` lists everything.",
     ["/pilot why", "/pilot status", "/pilot list"]),
    # The wrong way round.
    ("w1-02 done minutes", "The verb comes first: `/pilot done ID [evidence]`. Did you mean `done w1-02 minutes`?",
     ["/pilot done w1-02 minutes"]),
    ("due W1-02 vendor slipped to 27 nov", "I read no date in `vendor slipped to 27 nov`. I know `fri`, `27 nov`, "
     "`2026-11-27` and `+3d`: `/pilot due ID DATE reason`.", ["/pilot due W1-02 27 nov vendor slipped"]),
    # Ambiguous.
    ("done W1-02, W1-03 and B-01", "One item at a time, please, so that each has its own entry in the history.",
     ["/pilot done W1-02", "/pilot done W1-03", "/pilot done B-01"]),
    ("team legal jonas", "Is `legal jonas` a pilot, or does jonas get the legal seat?",
     ["/pilot team legal @jonas", '/pilot team "legal jonas"']),
    ("brief slot fri 14:00", "Say which briefing: `/pilot brief security|legal|compliance slot`.",
     ["/pilot brief security slot fri 14:00", "/pilot brief legal slot fri 14:00",
      "/pilot brief compliance slot fri 14:00"]),
    ("help xyzzy", "I do not know `xyzzy`. Nearest are", None),
    ("list nonsense", "I do not know the filter `nonsense`. I know `mine`, `stuck`,", None),
]


@pytest.mark.parametrize(("line", "sentence", "proposed"), PROPOSALS, ids=[repr(p[0]) for p in PROPOSALS])
def test_a_refusal_offers_what_was_meant(line, sentence, proposed):
    refusal = refused(line)
    assert str(refusal) == sentence if proposed else str(refusal).startswith(sentence)
    commands = [command for _, command in refusal.choices]
    assert commands == proposed if proposed else len(commands) == 3


def test_what_is_offered_is_understood():
    for line, _, _ in PROPOSALS:
        for label, command in refused(line).choices:
            assert len(label) <= 60
            try:
                read(command.removeprefix("/pilot"))
            except Refused as again:  # may still lack an argument, but its verb is known
                assert str(again).startswith("Say ")


def test_dates_that_are_no_days_are_refused_by_the_reader_of_dates():
    assert "31 feb" in str(refused("plan W1-02 31 feb"))
    assert "time" in str(refused("brief legal slot fri"))


def test_a_long_line_is_refused_and_a_full_one_read():
    assert str(refused("done W1-02 " + "x" * LONGEST)) == (
        "That is 3,011 characters, I read up to 3,000 at once. Put the long part into a document and give me its link.")
    line = "done W1-02 "
    assert len(read(line + "x" * (LONGEST - len(line))).text) == LONGEST - len(line)


def test_no_choice_is_longer_than_a_button_carries():
    assert refused("doen W1-02 " + "x" * 2500).choices == ()


def test_typed_backticks_cannot_end_the_quotation_in_a_refusal():
    assert str(refused("plan W1-02 `soon`")).count("`") % 2 == 0


def test_an_unknown_command_is_a_bug():
    with pytest.raises(ValueError, match="no such command"):
        read("status", "/nonsense")


# Other commands.

@pytest.mark.parametrize(("command", "line", "verb", "text"), [
    ("/runbook", "how do we switch it off?", "", "how do we switch it off?"),
    ("/runbook", "", "", ""),
    ("/runbook", "gaps", "gaps", ""),
    ("/runbook", "runbook sources", "sources", ""),
    ("/runbook", "help", "help", ""),
    ("/alerts", "claims triage open", "", "claims triage open"),
    ("/oncall", "hand over @ana until fri 10:00", "hand over", "until fri 10:00"),
    ("/oncall", "handover to @ana", "hand over", ""),
    ("/oncall", "take", "take", ""),
    ("/oncall", "?", "help", ""),
    ("/alerts", "mine critical", "", "mine critical"),
    ("/alerts", "show tenure drifted", "show", "tenure drifted"),
    ("/alerts", "sohw 12", "show", "12"),
    ("/alerts", '"stat" mine', "", '"stat" mine'),
    ("/alerts", "stats", "stats", ""),
    ("/runbook", "gap in the docs?", "", "gap in the docs?"),
    ("/runbook", "sources of latency?", "", "sources of latency?"),
    ("/runbook", "gaps", "gaps", ""),
    ("/runbook", "help the model is down", "", "help the model is down"),
    ("/runbook", "/runbook what now", "", "what now"),
    ("/runbook", "runbook for drift", "", "runbook for drift"),
    ("/runbook", '"connection refused" in the gateway', "", '"connection refused" in the gateway'),
    ("/runbook", '"connection refused"', "", '"connection refused"'),
    ("/runbook", "drift AND (psi OR ks) NOT nan* NEAR/3 -test", "", "drift AND (psi OR ks) NOT nan* NEAR/3 -test"),
    ("/runbook", ": = , what?!", "", ": = , what?!"),
    ("/runbook", "'; DROP TABLE item; --", "", "'; DROP TABLE item; --"),
    ("/runbook", "first line\n  second  line", "", "first line\n  second  line"),
    ("/runbook", "p:12 how", "", "p:12 how"),
    ("/runbook", 'in "Claims triage" how?', "", 'in "Claims triage" how?'),
    ("/runbook", "W1-02 is late", "", "W1-02 is late"),
    ("/runbook", "why <@U1> *not* `x`", "", "why <@U1> *not* `x`"),
])
def test_other_commands_have_their_verbs(command, line, verb, text):
    parsed = read(line, command)
    assert (parsed.verb.command, parsed.verb.name, parsed.text) == (command, verb, text)


# The declaration itself.

def test_every_example_is_understood_as_its_verb():
    for verb in VERBS:
        for line in verb.examples:
            assert line.split()[0] == verb.command
            parsed = read(line.removeprefix(verb.command), verb.command)
            assert parsed.verb is verb, line
            if verb.name not in ("", "status"):
                assert parsed.guessed is None, line


def test_names_and_aliases_are_unambiguous_and_as_typed():
    for command in COMMANDS:
        said = [name for verb in verbs_of(command) for name in (verb.name, *verb.aliases)]
        assert len(said) == len(set(said))
        assert said == [name.casefold() for name in said]
        assert {"", "help"} <= set(said)
        assert all(find_verb(command, name) for name in said)


@pytest.mark.parametrize(("line", "pilot", "choice"), [
    ("stats", None, None), ("stats 7d", None, "7d"), ("stats claims triage 30d", "claims triage", "30d"),
    ("stats week", None, "7d"), ("stats for claims triage", "claims triage", None), ("report month", None, "30d"),
    ('stats "Plan 90d"', "Plan 90d", None), ("stats 7d #claims", "#claims", "7d")])
def test_statistics_are_of_a_pilot_and_of_7_or_30_days(line, pilot, choice):
    parsed = read(line, "/alerts")
    assert (parsed.verb.name, parsed.pilot, parsed.choice) == ("stats", pilot, choice)


@pytest.mark.parametrize(("line", "said", "proposed"), [
    ("stats 90d", "I do not count `90d`", "/alerts stats 7d"),
    ("tkae 12", "I do not know `tkae`. Did you mean `take 12`?", "/alerts take 12"),
    ("take", "Say which alert: `/alerts take ID`", None),
    ("ack", "Say which alert: `/alerts ack ID|all`", None),
    ("help zebra", "I do not know `zebra`", "/alerts help silence")])
def test_what_alerts_cannot_read_is_answered_with_what_would_be(line, said, proposed):
    refusal = refused(line, "/alerts")
    assert said in str(refusal)
    assert proposed is None or proposed in [typed for _, typed in refusal.choices]


def test_verbs_of_the_design_are_all_here():
    assert {verb.name for verb in verbs_of("/pilot")} == {
        "", "new", "status", "list", "items", "item", "done", "reopen", "plan", "block", "assign", "due", "na",
        "waive", "team", "head", "brief", "metric", "sign", "gate", "gate override", "rollout", "risk", "report", "history",
        "export", "pause", "resume", "stop", "rescue", "quiet", "digest", "why", "help", "channel-nudge", "away", "snooze", "on-it",
        "report nudges"}
    assert {verb.name for verb in verbs_of("/runbook")} == {"", "history", "gaps", "sources", "refresh", "help"}
    assert {verb.name for verb in verbs_of("/alerts")} == {
        "", "show", "take", "ack", "resolve", "stats", "silence", "silences", "unsilence", "help"}
    assert {verb.name for verb in verbs_of("/oncall")} == {"", "take", "hand over", "override", "next", "rotation", "help"}


def test_this_release_has_its_verbs_and_no_others():
    now = {verb.name for verb in VERBS if verb.later is None}
    assert now == {"", "new", "list", "status", "items", "item", "done", "reopen", "plan", "block", "assign", "due",
                   "na", "waive", "team", "head", "brief", "gate", "history", "pause", "resume", "stop", "quiet", "why", "help", "away", "digest",
                   "snooze", "channel-nudge", "on-it", "report nudges", "silence", "silences", "unsilence",
                   "take", "hand over", "override", "next", "rotation", "show", "ack", "resolve", "stats", "gaps", "sources", "refresh"}


def test_a_later_verb_says_what_to_use_now_and_that_works():
    for verb in VERBS:
        if verb.later is not None:
            assert " in a later release; until then " in verb.later
            named = verb.later.split("`")[1::2]
            assert named
            for line in named:
                typed = (line.replace("ID", "W1-02").replace("DATE", "27 nov").replace("@you", "@ana")
                         .removeprefix("/pilot"))
                assert read(typed).verb.later is None


def test_what_must_be_allowed_follows_what_was_chosen():
    assert read("gate").needs is Action.READ
    assert read("gate pass").needs is Action.GATE_PASS
    assert read("team legal").needs is Action.READ
    assert read("team legal @jonas").needs is Action.SEAT_FILL
    assert read("head legal").needs is Action.READ
    assert read("head legal @jonas").needs is read("head legal off").needs is Action.HEAD_NAME
    assert read("brief legal").needs is Action.READ
    assert read("brief legal slot fri 14:00").needs is Action.BRIEF_SLOT
    assert read("brief legal held").needs is Action.BRIEF_HELD
    assert read("done W1-02").needs is Action.ITEM_DONE
    assert read("quiet off").needs is Action.QUIET


def test_what_a_typo_may_start_unasked_changes_nothing():
    safe = {verb.name for verb in VERBS if verb.only_reads and verb.later is None}
    assert safe == {"", "list", "status", "items", "item", "team", "head", "history", "report nudges", "why", "help", "silences", "next",
                    "show", "stats", "gaps", "sources"}


@pytest.mark.parametrize("name", [verb.name for verb in verbs_of("/pilot") if len(verb.name) > 2])
def test_one_typo_never_changes_anything(name):
    for at in range(len(name) - 1):
        swapped = name[:at] + name[at + 1] + name[at] + name[at + 2:]
        if swapped == name:
            continue
        try:
            parsed = read(f"{swapped} W1-02 fri reason")
        except Refused:
            continue
        assert parsed.verb.later or parsed.needs in (Action.READ, Action.HISTORY), swapped


# Help.

def test_the_overview_lists_each_verb_once():
    for command in COMMANDS:
        lines = [line for group in overview(command) for line in group.lines]
        assert sorted(lines) == sorted((verb.usage, verb.help) for verb in verbs_of(command))
    assert [group.title for group in overview("/pilot")] == [
        "See", "Work on an item", "Start, team, gates", "For me", "In a later release"]
    assert overview("/nonsense") == ()


def test_help_of_a_verb_has_usage_example_and_who_may():
    due = find_verb("/pilot", "due")
    assert due is not None
    about = verb_help(due)
    assert about.usage == "/pilot due ID DATE reason"
    assert about.examples[0] == "/pilot due W1-02 27 nov the vendor slipped"
    assert about.who == "the pilot lead, the sponsor or an admin"
    gate = find_verb("/pilot", "gate")
    assert gate is not None
    assert verb_help(gate).who == "everybody; `pass`: the pilot lead, the sponsor or an admin"
    for verb in VERBS:
        about = verb_help(verb)
        assert about.usage.startswith(verb.command)
        assert about.explanation
        assert about.examples
        assert about.who
        assert "\n" not in verb.help


def test_help_answers_what_was_asked():
    assert help_card(read("help")).title == "What you can say with /pilot"
    assert help_card(read("help oncall")).title == "What you can say with /oncall"
    assert help_card(read("help", "/runbook")).title == "What you can say with /runbook"
    export = next(verb for verb in VERBS if verb.name == "export")
    about = help_card(read("help export"))
    assert about.title == export.usage
    assert str(export.later).replace("`", "") in plain(about)


def test_usages_read_as_designed():
    usages = {verb.usage for verb in VERBS}
    assert {"/pilot", "/pilot list [mine|stuck|STAGE]", "/pilot items [pilot] [mine|overdue|gate|blocked|ROLE]",
            "/pilot done ID [evidence]", "/pilot block ID by @who|reason", "/pilot assign ID @who",
            "/pilot due ID DATE reason", '/pilot stop ["pilot"] reason', "/pilot quiet off|until DATE",
            "/pilot brief [security|legal|compliance] [slot WHEN|held minutes|asks text] [pilot]",
            "/pilot gate [pass] [pilot]", "/pilot help [VERB]"} <= usages


def test_the_page_of_commands_names_everything():
    page = commands_markdown()
    assert page.startswith("# What people type\n\nGenerated from")
    for verb in VERBS:
        assert f"**`{verb.usage}`**" in page
        assert verb.later is None or verb.later in page
        assert verb.later is not None or all(f"`{line}`" in page for line in verb.examples)
    assert page == commands_markdown()


def test_usage_hints_fit_the_manifest():
    for command in COMMANDS:
        assert 0 < len(usage_hint(command)) <= 1000
    assert usage_hint("/pilot").startswith("status | new | items | done ID | ")
    assert "waive" not in usage_hint("/pilot")
    assert usage_hint("/runbook") == "QUESTION | gaps | help"


# Words.

@pytest.mark.parametrize("word", ["covid-19", "gpt-4", "27-11", "nov-27", "Mon-24", "Q4-26", "KW-47", "W102", "W1-",
                                  "-02", "W1-0234", "B-11#0", "i:", "i:x", "utf-8", "p:12"])
def test_these_are_no_item_ids(word):
    assert item_ref(word) is None


def test_mentions_and_references():
    assert mention("<@U123|omar>") == "<@U123>"
    assert mention("<@29:1-abc|Omar Haddad>,") == "<@29:1-abc>"
    assert mention("@omar.h:") == "omar.h"
    assert mention("@") is None
    assert mention("omar@example.com") is None
    assert pilot_ref("<#C1|a>") == "<#C1>"
    assert pilot_ref("#4") is None
    assert pilot_ref("p:x") is None


def test_words_keep_where_they_stood():
    line = "done “legal briefing”, don't <@U1|Omar Haddad> x"
    words = words_of(line)
    assert [word.text for word in words] == ["done", "legal briefing", "don't", "<@U1|Omar Haddad>", "x"]
    assert [word.is_quoted for word in words] == [False, True, False, False, False]
    assert line[words[2].start:words[-1].end] == "don't <@U1|Omar Haddad> x"


def test_a_swap_is_one_typo():
    assert nearest("doen", ["done", "due", "pause"]) == ["done"]
    assert nearest("plna", ["plan", "na"]) == ["plan"]


def test_normalising_twice_changes_nothing():
    text = "a\u00a0b\tc\r\nd\u200b\ufeffe\x00\u2028f\u202e"
    assert normalised(text) == "a b c\nde\nf"
    assert normalised(normalised(text)) == normalised(text)


# Anything at all.

_PIECES = st.sampled_from([
    *(verb.name for verb in VERBS), "W1-02", "b-11#2", "i:3", "p:1", "<#C1|x>", "<@U1|y>", "@ana", "by", "to", "until",
    "fri", "27 nov", "31 feb", "03/04", "+3d", "14:00", "9999-12-31", "+99999999d", "+9999wd", '"', "“", "”", "'",
    "legal", "data", "slot", "held", "asks", "pass", "mine", "=", "-", ":", ".", "?", "#", "<", ">", "\x00", "\n",
    "because", "x" * 50, "²", "٣", "🚀", "\ud800"])


@settings(max_examples=200, deadline=None)
@given(command=st.sampled_from(list(COMMANDS)),
       text=st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=9).map(" ".join),
                      st.lists(_PIECES, max_size=9).map("".join)))
@example(command="/pilot", text="due W1-02 +99999999wd x")
@example(command="/pilot", text="plan " + "27 nov " * 300)
@example(command="/pilot", text='done ""')
@example(command="/pilot", text='team "" @x')
@example(command="/pilot", text="brief slot")
@example(command="/pilot", text="stop #")
@example(command="/pilot", text='HEL " "')
def test_any_text_is_understood_or_refused(command, text):
    try:
        parsed = read(text, command)
    except Refused as refusal:
        assert str(refusal).strip()
        assert all(line.startswith(command) for _, line in refusal.choices)
        return
    assert parsed.verb.command == command
    assert len(parsed.text) <= LONGEST
    assert not any(char < " " and char != "\n" for char in f"{parsed.text}{parsed.pilot}{parsed.item}")
    if parsed.verb.later is None:
        for arg in parsed.verb.args:
            if arg.kind is Kind.ITEM:
                assert parsed.item
    assert parsed.needs in Action
    if parsed.guessed:
        assert parsed.verb.later or parsed.needs in (Action.READ, Action.HISTORY)
