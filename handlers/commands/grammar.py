"""The grammar of everything typed: each verb declared once as data, and `parse`, which reads a line by it.

Help, `docs/commands.md`, the manifest's usage hints and the permission check are made from `VERBS` too.

How a line names things: an item by its id in any case (`w1-02`, `B-11#2`, `i:345`) or by a part of its
title, in quotes when more follows; a pilot by name, `p:12` or #channel, before the item's id or at the end.
Where a reason follows with no id between (`stop`, `pause`, `resume`), a pilot's name must be in quotes, for a
bare name cannot be told from a reason: `/pilot stop "Claims triage" no budget`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum

from handlers.chat.errors import Refused
from handlers.commands.words import (
    Word,
    fold,
    is_like,
    item_ref,
    mention,
    most_like,
    nearest,
    normalised,
    pilot_ref,
    says_something,
    shortened,
    unquoted,
    words_of,
)
from handlers.people.calendar import Calendar
from handlers.people.dates import read_leading_date, read_moment
from handlers.people.permissions import Action
from handlers.people.roles import Role, read_role

_READING = {Action.READ, Action.HISTORY}
LONGEST = 3000  # characters of one line
_LONGEST_CHOICE = 1900  # a button of Slack carries 2,000
_LONGEST_NAME = 6  # words; what is longer in front of an id is a sentence, not a pilot's name


class Kind(StrEnum):
    """What an argument is, and so how it is read."""

    PILOT = "pilot"
    ITEM = "item"
    DATE = "date"
    MOMENT = "moment"
    PERSON = "person"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument of a verb.

    Attributes:
        word: how the usage line shows it.
        options: of a choice, what may be chosen, as `Parsed.choice` gives it.
        ask: what to ask for where a required one is missing.
        goes_with: the choices this argument belongs to, "" for none chosen; empty: to all.
        is_kind: a choice that goes to `Parsed.kind` instead: which one of several alike.
    """

    kind: Kind
    word: str
    required: bool = True
    options: tuple[str, ...] = ()
    ask: str = ""
    goes_with: tuple[str, ...] = ()
    is_kind: bool = False

    @property
    def shown(self) -> str:
        """Its part of the usage line; nothing where the choice it goes with tells already."""
        if self.goes_with:
            return ""
        return self.word if self.required else f"[{self.word}]"


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing a person can say.

    Attributes:
        name: what follows the command; "" is the bare command.
        help: one line on what it does.
        needs: what the person must be allowed to do; `Parsed.needs` is the one to check.
        example: a whole line that works.
        aliases: other words for the name.
        later: None, or why it does not work yet and what to use now.
        more: further examples.
        either: two arguments of which one must be there.
        needs_with: what must be allowed instead where this choice was made.
    """

    command: str
    name: str
    args: tuple[Arg, ...]
    help: str
    needs: Action
    example: str
    aliases: tuple[str, ...] = ()
    later: str | None = None
    more: tuple[str, ...] = ()
    either: tuple[Kind, ...] = ()
    needs_with: tuple[tuple[str, Action], ...] = ()

    @property
    def usage(self) -> str:
        """`/pilot due ID DATE reason`: [] may be left out, | is or."""
        shown = [arg.shown for arg in self.args if arg.kind not in self.either]
        if self.either:
            shown.append("|".join(arg.word for arg in self.args if arg.kind in self.either))
        return " ".join(part for part in (self.command, self.name, *shown) if part)

    @property
    def examples(self) -> tuple[str, ...]:
        return (self.example, *self.more)

    @property
    def only_reads(self) -> bool:
        """Whether saying it by mistake does no harm, so that a typo may be corrected unasked."""
        reads = self.needs in _READING and not self.needs_with
        return reads or self.later is not None or self.name == "team"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line that was understood.

    Attributes:
        pilot: the name as typed, `p:12`, `<#C123>` or `#name`; None: left out.
        item: an id (`W1-02`, `B-11#2`), `i:345`, or a part of the title; None: none named.
        person: `<@U123>`, or a name as typed without `@`.
        choice: one of the verb's options; for `help` the verb asked about, or a command such as `/alerts`.
        kind: which briefing, for `brief`.
        text: reason, evidence, minutes or name: whatever is left, as typed.
        guessed: the words as typed where the verb was not among them: a typo corrected, a name alone.
    """

    verb: Verb
    pilot: str | None = None
    item: str | None = None
    on: date | None = None
    at: time | None = None
    person: str | None = None
    choice: str | None = None
    kind: str | None = None
    text: str = ""
    guessed: str | None = None

    @property
    def needs(self) -> Action:
        """What the person must be allowed to do."""
        chosen = self.choice or ""
        if self.verb.name == "team" and self.person is None:
            chosen = ""
        return dict(self.verb.needs_with).get(chosen, self.verb.needs)


ROLES = tuple(role.value for role in Role)
STAGES = ("intake", "week_one", "build", "readiness_review", "limited_rollout", "production",
          "continuous_improvement")
BRIEFINGS = ("security", "legal", "compliance")
COMMANDS = {
    "/pilot": "Pilots: what waits for me, status, checklist, team, gates",
    "/runbook": "Answers from the pilots' runbooks",
    "/alerts": "Alerts of the pilots' monitors",
    "/oncall": "Who is on call for a pilot",
}

_PILOT = Arg(Kind.PILOT, "pilot", required=False)
_NAMED = Arg(Kind.PILOT, '"pilot"', required=False)
_ITEM = Arg(Kind.ITEM, "ID", ask="which item")
_WHY = Arg(Kind.TEXT, "reason", ask="why")
_OFTEN_SAID = {"ask": "asks", "late": "overdue", "my": "mine", "me": "mine", "minutes": "held",
               "slots": "slot", "blockers": "blocked", "gates": "gate", "week1": "week_one",
               "week_1": "week_one"}

VERBS: tuple[Verb, ...] = (
    Verb("/pilot", "", (), "What waits for me, over all pilots", Action.READ, "/pilot"),
    Verb("/pilot", "new", (Arg(Kind.TEXT, "name", required=False),),
         "Register a pilot: a form; opens channel posts, checklist and briefings", Action.CREATE_PILOT,
         "/pilot new Claims triage", aliases=("create", "register")),
    Verb("/pilot", "list",
         (Arg(Kind.CHOICE, "mine|stuck|STAGE", required=False, options=("mine", "stuck", *STAGES)),),
         "All pilots; only mine, only the stuck ones, or those in one stage", Action.READ,
         "/pilot list stuck", aliases=("pilots", "portfolio", "ls"), more=("/pilot list limited rollout",)),
    Verb("/pilot", "status", (_PILOT,), "Where a pilot stands, what blocks it and who holds the ball",
         Action.READ, "/pilot status claims triage", more=("/pilot claims triage",)),
    Verb("/pilot", "items",
         (_PILOT, Arg(Kind.CHOICE, "mine|overdue|gate|blocked|ROLE", required=False,
                      options=("mine", "overdue", "gate", "blocked", *ROLES))),
         "The checklist; only mine, overdue, what the next gate needs, blocked, or of one role", Action.READ,
         "/pilot items claims triage overdue", aliases=("checklist", "tasks", "todo"),
         more=("/pilot items legal",)),
    Verb("/pilot", "item", (_ITEM,), "One item with its history and buttons", Action.READ,
         "/pilot item W1-02", aliases=("show", "task"), more=("/pilot item legal briefing",)),
    Verb("/pilot", "done", (_ITEM, Arg(Kind.TEXT, "evidence", required=False)),
         "Close an item, with a link or a line of evidence", Action.ITEM_DONE,
         "/pilot done W1-02 minutes are in the wiki", aliases=("finish", "finished", "complete", "close"),
         more=('/pilot done claims W1-02', '/pilot done "legal briefing" minutes are in the wiki')),
    Verb("/pilot", "reopen", (_ITEM, _WHY), "Open a closed item again", Action.ITEM_REOPEN,
         "/pilot reopen W1-02 counsel was not there", aliases=("undo", "undone")),
    Verb("/pilot", "plan", (_ITEM, Arg(Kind.DATE, "DATE", ask="when you will do it")),
         "Say when you will do it; the due date stays, reminders wait", Action.ITEM_PLAN,
         "/pilot plan W1-02 fri", more=("/pilot plan legal briefing +3d",)),
    Verb("/pilot", "block",
         (_ITEM, Arg(Kind.PERSON, "by @who", required=False),
          Arg(Kind.TEXT, "reason", required=False, ask="who or what holds it up")),
         "Say who or what holds an item up; they are reminded, not you", Action.ITEM_BLOCK,
         "/pilot block W1-02 by @omar crm access missing", either=(Kind.PERSON, Kind.TEXT),
         more=("/pilot block W1-02 waiting for the CRM export",)),
    Verb("/pilot", "assign", (_ITEM, Arg(Kind.PERSON, "@who", ask="to whom")), "Hand an item to somebody",
         Action.ITEM_ASSIGN, "/pilot assign W1-02 @ana", aliases=("give", "hand"),
         more=("/pilot assign legal briefing to @ana",)),
    Verb("/pilot", "due", (_ITEM, Arg(Kind.DATE, "DATE", ask="the new date"), _WHY),
         "Move the due date of an item", Action.ITEM_DUE, "/pilot due W1-02 27 nov the vendor slipped",
         aliases=("move", "postpone"), more=('/pilot due "legal briefing" 27 nov the vendor slipped',)),
    Verb("/pilot", "na", (_ITEM, _WHY), "An item does not apply to this pilot", Action.ITEM_NOT_APPLICABLE,
         "/pilot na W1-02 no personal data is used", aliases=("n/a", "not-applicable")),
    Verb("/pilot", "waive", (), "Go past a gate item for a limited time, with a reason", Action.ITEM_WAIVE,
         "/pilot waive W1-02 until 27 nov counsel is away", aliases=("waiver",),
         later="Waivers come in a later release; until then `/pilot due ID DATE reason` moves the "
               "date."),
    Verb("/pilot", "team",
         (Arg(Kind.CHOICE, "ROLE", required=False, options=ROLES),
          Arg(Kind.PERSON, "@who", required=False), _PILOT),
         "Who has which role and which seats are empty; with a role and a name: give that seat", Action.READ,
         "/pilot team legal @jonas", aliases=("roles", "seats"), more=("/pilot team claims triage",),
         needs_with=tuple((role, Action.SEAT_FILL) for role in ROLES)),
    Verb("/pilot", "brief",
         (Arg(Kind.CHOICE, "|".join(BRIEFINGS), required=False, options=BRIEFINGS, is_kind=True,
              ask="which briefing: security, legal or compliance"),
          Arg(Kind.CHOICE, "slot WHEN|held minutes|asks text", required=False,
              options=("slot", "held", "asks")),
          Arg(Kind.MOMENT, "WHEN", ask="which day and time", goes_with=("slot",)),
          Arg(Kind.TEXT, "minutes", required=False, goes_with=("held",)),
          Arg(Kind.TEXT, "text", ask="what they ask for", goes_with=("asks",)), _PILOT),
         "The briefings of week one: set a slot, note that one was held, note what they ask for", Action.READ,
         "/pilot brief legal slot fri 14:00", aliases=("briefing", "briefings"),
         more=("/pilot brief legal held minutes are in the wiki",
               "/pilot brief security asks a data flow diagram"),
         needs_with=(("slot", Action.BRIEF_SLOT), ("held", Action.BRIEF_HELD), ("asks", Action.BRIEF_HELD))),
    Verb("/pilot", "metric", (), "Set, read or sign the success metric", Action.READ,
         "/pilot metric reading 31.5", aliases=("metrics",),
         later="Metrics come in a later release; until then put the numbers down as evidence: "
               "`/pilot done IN-03 baseline 34.2 minutes`."),
    Verb("/pilot", "sign", (), "Sign a metric, an SLA or a decision", Action.SIGN, "/pilot sign metric",
         aliases=("sign-off", "signoff"),
         later="Signing with version hashes comes in a later release; until then close the sign-off "
               "item and say who agreed: `/pilot done ID who agreed and when`."),
    Verb("/pilot", "gate", (Arg(Kind.CHOICE, "pass", required=False, options=("pass",)), _PILOT),
         "What the next gate still needs; pass it once nothing is missing", Action.READ, "/pilot gate",
         aliases=("gates",), more=("/pilot gate pass",), needs_with=(("pass", Action.GATE_PASS),)),
    Verb("/pilot", "gate override", (), "Pass a gate in an emergency, by sponsor and operations together",
         Action.GATE_OVERRIDE, "/pilot gate override the regulator wants it live",
         later="Emergency passes come in a later release; until then `/pilot gate` shows what is "
               "missing and who holds it, and `/pilot na ID reason` takes out what does not apply."),
    Verb("/pilot", "rollout", (), "Next step, hold or step back in the rollout", Action.READ,
         "/pilot rollout next",
         later="Rollout steps come in a later release; until then `/pilot items gate` shows what the "
               "next stage needs and `/pilot pause reason` holds a pilot."),
    Verb("/pilot", "risk", (), "The risk score and what would cut it most", Action.READ, "/pilot risk",
         later="The risk score comes in a later release; until then `/pilot items overdue` and "
               "`/pilot items blocked` show what puts a pilot at risk."),
    Verb("/pilot", "report", (), "The monthly report on the success metric", Action.READ, "/pilot report",
         later="Monthly reports come in a later release; until then `/pilot status` and `/pilot "
               "list` say where pilots stand."),
    Verb("/pilot", "history", (_PILOT,), "Who changed what and when", Action.HISTORY, "/pilot history",
         aliases=("log", "audit")),
    Verb("/pilot", "export", (), "The evidence as a ZIP", Action.EXPORT, "/pilot export",
         later="The evidence export comes in a later release; until then `/pilot history` shows "
               "every change."),
    Verb("/pilot", "pause", (_NAMED, _WHY), "Pause a pilot: no reminders, no ageing",
         Action.PAUSE, "/pilot pause waiting for the budget round",
         more=('/pilot pause "Claims triage" waiting for the budget round',)),
    Verb("/pilot", "resume", (_NAMED, Arg(Kind.TEXT, "reason", required=False)),
         "Go on with a paused pilot", Action.RESUME, "/pilot resume budget is there",
         aliases=("unpause", "continue")),
    Verb("/pilot", "stop", (_NAMED, _WHY), "End a pilot, with the reason", Action.STOP,
         '/pilot stop "Claims triage" no budget', more=("/pilot stop no budget",)),
    Verb("/pilot", "rescue", (), "Import a stalled pilot and plan the gap", Action.READ,
         "/pilot rescue Old bot", aliases=("import",),
         later="Importing a stalled pilot comes in a later release; until then `/pilot new` "
               "registers it and `/pilot done ID evidence` closes what already exists."),
    Verb("/pilot", "quiet",
         (Arg(Kind.CHOICE, "off", required=False, options=("off",)),
          Arg(Kind.DATE, "until DATE", required=False, ask="until when")),
         "No reminders to me until that day; `quiet off` ends it early", Action.QUIET,
         "/pilot quiet until +3d", aliases=("mute", "snooze"), more=("/pilot quiet off",),
         either=(Kind.CHOICE, Kind.DATE)),
    Verb("/pilot", "digest", (), "Daily or weekly digest", Action.READ, "/pilot digest weekly",
         later="Digest settings come in a later release; until then `/pilot quiet until DATE` holds "
               "reminders back."),
    Verb("/pilot", "channel-nudge", (), "Remind in the pilot's channel as well", Action.CHANNEL_NUDGE,
         "/pilot channel-nudge on", aliases=("channel nudge",),
         later="Reminders in a channel come in a later release; until then `/pilot items overdue` "
               "lists what is late for everybody in the pilot's channel."),
    Verb("/pilot", "why", (), "Why I got the last message from you", Action.READ, "/pilot why"),
    Verb("/pilot", "help", (Arg(Kind.CHOICE, "VERB", required=False),), "This list, or all about one verb",
         Action.READ, "/pilot help due", aliases=("hilfe", "commands", "h")),

    Verb("/runbook", "", (), "Ask a runbook a question", Action.READ, "/runbook how do we switch it off?",
         later="Questions to runbooks come in a later release; until then `/pilot item B-10` shows "
               "the runbook item and the link in its evidence."),
    Verb("/runbook", "gaps", (), "Questions no runbook could answer", Action.READ, "/runbook gaps",
         later="Runbook gaps come in a later release; until then `/pilot items operations` shows "
               "what operations still waits for."),
    Verb("/runbook", "sources", (), "Where the runbooks come from", Action.READ, "/runbook sources",
         later="Runbook sources come in a later release; until then put the link down as evidence: "
               "`/pilot done B-10 link`."),
    Verb("/runbook", "refresh", (), "Read the runbooks again", Action.READ, "/runbook refresh",
         later="Reading runbooks comes in a later release; until then put the link down as evidence: "
               "`/pilot done B-10 link`."),
    Verb("/runbook", "help", (Arg(Kind.CHOICE, "VERB", required=False),), "This list, or all about one verb",
         Action.READ, "/runbook help", aliases=("hilfe", "commands", "h")),

    Verb("/alerts", "", (), "Open alerts, of all pilots or one", Action.READ, "/alerts claims triage open",
         later="Alerts come in a later release; until then `/pilot item R-01` shows where a pilot's "
               "dashboards and alerts are."),
    Verb("/alerts", "help", (Arg(Kind.CHOICE, "VERB", required=False),), "This list, or all about one verb",
         Action.READ, "/alerts help", aliases=("hilfe", "commands", "h")),

    Verb("/oncall", "", (), "Who is on call now", Action.READ, "/oncall claims triage",
         later="On-call rotations come in a later release; until then `/pilot team` shows who has "
               "the operations seat."),
    Verb("/oncall", "take", (), "Take the shift", Action.READ, "/oncall take",
         later="Taking a shift comes in a later release; until then `/pilot team operations @you` "
               "gives you the operations seat."),
    Verb("/oncall", "hand over", (), "Hand the shift to somebody", Action.READ, "/oncall hand over @ana",
         aliases=("handover", "hand-over"),
         later="Handing over a shift comes in a later release; until then `/pilot team operations "
               "@who` gives the operations seat to somebody."),
    Verb("/oncall", "override", (), "Put somebody else on call for a while", Action.READ,
         "/oncall override @ana until mon",
         later="Overrides come in a later release; until then `/pilot team` shows whom to ask in "
               "operations."),
    Verb("/oncall", "help", (Arg(Kind.CHOICE, "VERB", required=False),), "This list, or all about one verb",
         Action.READ, "/oncall help", aliases=("hilfe", "commands", "h")),
)


def verbs_of(command: str) -> tuple[Verb, ...]:
    """The command's verbs in the order of help; none where there is no such command."""
    return tuple(verb for verb in VERBS if verb.command == command)


def find_verb(command: str, name: str) -> Verb | None:
    """The verb of that name or alias, exactly."""
    for verb in verbs_of(command):
        if name == verb.name or (name and name in verb.aliases):
            return verb
    return None


def parse(command: str, text: str, *, today: date, calendar: Calendar) -> Parsed:
    """Read what was typed after the command; dates count from `today` in the person's calendar.

    Raises Refused, with the nearest lines as choices, where it is not a line of this grammar; ValueError
    where the command is none of ours.
    """
    if command not in COMMANDS:
        raise ValueError(f"no such command: {command}")
    line = normalised(text)
    if len(line) > LONGEST:
        raise Refused(f"That is {len(line):,} characters, I read up to {LONGEST:,} at once. Put the long "
                      "part into a document and give me its link.")
    words = words_of(line)
    while words and fold(words[0].text).lstrip("/") == command[1:]:
        words = words[1:]
    verb, rest, guessed = _heard(command, line, words)
    if verb.name in {"status", "history"} and rest and not rest[0].is_quoted and item_ref(rest[0].text):
        verb, guessed = _sure(command, "item"), verb.name
    if verb.later is not None:
        return Parsed(verb, text=_raw(line, rest), guessed=guessed)
    if verb.name == "help":
        return replace(_help(verb, " ".join(word.text for word in rest)), guessed=guessed)
    if _asks_for_help(verb, rest):
        return _help(_sure(command, "help"), verb.name)
    parsed = replace(_Line(verb, line, rest, today, calendar).read(), guessed=guessed)
    if guessed and parsed.needs not in _READING:
        meant = f"{verb.name} {_raw(line, rest)}"
        raise Refused(f"I do not know `{_shown(guessed)}`. Did you mean `{_shown(meant)}`?",
                      choices=_choices([meant]))
    return parsed


# Which verb.

_SHORT_FOR = {"mine": "items", "overdue": "items", "late": "items", "blocked": "items", "stuck": "list"}
_Heard = tuple[Verb, Sequence[Word], str | None]


def _heard(command: str, line: str, words: Sequence[Word]) -> _Heard:
    if not says_something(line.replace("?", "a")) or not words:
        return _sure(command, ""), (), None
    first = fold(words[0].text)
    if _is_cry_for_help(words[0].text):
        return _sure(command, "help"), words[1:], None
    if not words[0].is_quoted or len(words) > 1:
        two = f"{first} {fold(words[1].text)}" if len(words) > 1 else ""
        if two and (verb := find_verb(command, two)):
            return verb, words[2:], None
        if first and (verb := find_verb(command, first)):
            return verb, words[1:], None
    if command != "/pilot":
        return _heard_elsewhere(command, words, first)
    if item_ref(words[0].text):
        return _id_first(line, words)
    if first in _SHORT_FOR:
        return _sure(command, _SHORT_FOR[first]), words, words[0].text
    if pilot_ref(words[0].text) or words[0].is_quoted:
        return _pilot_first(words)
    return _misspelt(line, words, first) or _pilot_first(words)


def _heard_elsewhere(command: str, words: Sequence[Word], first: str) -> _Heard:
    """Commands other than /pilot: what is no verb is a question or a pilot, so belongs to the bare verb."""
    near = nearest(first, _names(command)) if len(first) > 2 else []
    if len(near) == 1 and len(words) == 1:
        return _sure(command, near[0]), words[1:], words[0].text
    return _sure(command, ""), words, None


def _id_first(line: str, words: Sequence[Word]) -> _Heard:
    """`W1-02` alone shows the item; `W1-02 done ...` has the words the wrong way round."""
    second = find_verb("/pilot", fold(words[1].text)) if len(words) > 1 else None
    if second is None or not any(arg.kind is Kind.ITEM for arg in second.args):
        rest = words[2:] if second else words[1:]
        return _sure("/pilot", "item"), (words[0], *rest), words[0].text
    if second.only_reads:
        return second, (words[0], *words[2:]), words[0].text
    right = " ".join(part for part in (second.name, words[0].text, _raw(line, words[2:])) if part)
    raise Refused(f"The verb comes first: `{second.usage}`. Did you mean `{_shown(right)}`?",
                  choices=_choices([right]))


def _pilot_first(words: Sequence[Word]) -> _Heard:
    """A pilot's name alone means its status; a reading verb behind the name is taken as meant."""
    last = find_verb("/pilot", fold(words[-1].text)) if len(words) > 1 else None
    if last and last.name in {"status", "items", "team", "brief", "gate", "history"}:
        return last, words[:-1], " ".join(word.text for word in words)
    return _sure("/pilot", "status"), words, " ".join(word.text for word in words)


def _misspelt(line: str, words: Sequence[Word], first: str) -> _Heard | None:
    """The verb most likely meant; None where it may be a pilot's name. Raises Refused with proposals."""
    verbs = _meant(first)
    if len(verbs) == 1 and verbs[0].only_reads:
        return verbs[0], words[1:], words[0].text
    may_be_pilot = (len(words) <= _LONGEST_NAME and not line.endswith("?")
                    and not any(item_ref(word.text) for word in words))
    rest = _raw(line, words[1:])
    if not verbs:
        names = _names("/pilot")
        near = nearest(first, names, within=2) if len(first) > 5 else []
        if may_be_pilot and not near:
            return None
        verbs = [_sure("/pilot", name) for name in near[:3] or most_like(first, names)]
        rest = rest if near else ""
    proposed = [f"{verb.name} {rest}".strip() for verb in verbs[:3]]
    if len(proposed) == 1:
        sentence = f"I do not know `{_shown(words[0].text)}`. Did you mean `{verbs[0].name}`?"
    else:
        near_ones = ", ".join(f"`{verb.name}`" for verb in verbs[:3])
        sentence = (f"I do not know `{_shown(words[0].text)}`. Nearest are {near_ones}. "
                    "`/pilot help` lists everything.")
    if may_be_pilot:
        proposed.append(f"status {_raw(line, words)}")
    raise Refused(sentence, choices=_choices(proposed))


def _meant(first: str) -> list[Verb]:
    """The verbs one typo away, names before aliases, else those that begin so."""
    if len(first) < 3:
        return []
    names, aliases = _names("/pilot"), _names("/pilot", with_aliases=True)
    meant = nearest(first, names) or nearest(first, aliases)
    meant = meant or [name for name in names if len(name) > len(first) + 1 and name.startswith(first)]
    return list(dict.fromkeys(_sure("/pilot", name) for name in meant))


def _names(command: str, *, with_aliases: bool = False) -> list[str]:
    verbs = [verb for verb in verbs_of(command) if verb.name]
    aliases = [alias for verb in verbs for alias in verb.aliases if len(alias) > 1] if with_aliases else []
    return [verb.name for verb in verbs] + aliases


def _sure(command: str, name: str) -> Verb:
    verb = find_verb(command, name)
    if verb is None:
        raise KeyError(name)
    return verb


def _is_cry_for_help(word: str) -> bool:
    bare = word.strip("/")
    return bool(bare) and (set(bare) <= set("?？") or bare.lstrip("-–—").casefold() in {"help", "hilfe"}
                           or bare.casefold() in {"-h", "–h", "—h"})


def _asks_for_help(verb: Verb, words: Sequence[Word]) -> bool:
    """`done ?`, `done --help`; `done help` too, for no item is called help."""
    if len(words) != 1 or not _is_cry_for_help(words[0].text):
        return False
    return not words[0].text[:1].isalpha() or any(arg.required for arg in verb.args)


def _help(verb: Verb, topic: str) -> Parsed:
    name = " ".join(fold(part).lstrip("/") for part in topic.split()).strip()
    if f"/{name}" in COMMANDS and f"/{name}" != verb.command:
        return Parsed(verb, choice=f"/{name}")
    if not name or f"/{name}" == verb.command:
        return Parsed(verb)
    known, aliases = _names(verb.command), _names(verb.command, with_aliases=True)
    for wanted in (name, name.split()[0]):
        near_ones = [*nearest(wanted, known)[:1], *nearest(wanted, aliases)[:1]] if len(wanted) > 2 else []
        for candidate in (wanted, *near_ones):
            if found := find_verb(verb.command, candidate):
                return Parsed(verb, choice=found.name)
    like = most_like(name, known)
    near = ", ".join(f"`{entry}`" for entry in like)
    raise Refused(f"I do not know `{_shown(topic)}`. Nearest are {near}. "
                  f"`{verb.command} help` lists everything.",
                  choices=_choices([f"help {entry}" for entry in like], verb.command))


# What follows the verb.

_FAR = 12  # words: how deep in a line, from either end, a date is looked for
_FILLERS = {"for", "of", "in", "on", "pilot", "the"}
_UNITS = ("day", "week", "month", "work")
_BEFORE_DATE = {"on", "until", "till", "to", "by", "for", "bis", "am"}
_BEFORE_PERSON = {"by", "to", "for"}
_NO_NAMES = {"the", "a", "an", "our", "their", "his", "her", "its", "my", "your", "this", "that", "these",
             "some", "no", "another", "not", "missing", "lack", "it"}
_JOINTS = {"-", "–", "—", "because", "weil"}


class _Line:
    """One line being read: the words not used yet, always neighbours, and what was found in the others."""

    def __init__(self, verb: Verb, source: str, words: Sequence[Word], today: date,
                 calendar: Calendar) -> None:
        self.verb, self.source, self.today, self.calendar = verb, source, today, calendar
        self.words = list(words)
        self.typed = _raw(source, words)
        self.found = Parsed(verb)
        self.has_title = False

    def read(self) -> Parsed:
        kinds = {arg.kind for arg in self.verb.args}
        if kinds & {Kind.PILOT, Kind.ITEM}:
            self._leading_pilot(is_quote_enough=Kind.ITEM not in kinds)
        if Kind.PILOT in kinds and Kind.TEXT not in kinds:
            self._reference_at_the_end()
        if Kind.ITEM in kinds:
            self._item()
        self._choice()
        for arg in self._applying():
            match arg.kind:
                case Kind.DATE:
                    self._date()
                case Kind.MOMENT:
                    self._moment()
                case Kind.PERSON if self.verb.name != "team":
                    self._person()
                case Kind.TEXT:
                    self._text()
                case _:
                    pass
        is_id_alone = self.verb.name == "item" and self.found.pilot is None and not self.has_title
        if Kind.PILOT in kinds or is_id_alone:
            self._trailing_pilot()
        elif self.words:
            self._text()
        self._check()
        return self.found

    def _applying(self) -> Iterator[Arg]:
        chosen = self.found.choice or ""
        return (arg for arg in self.verb.args if not arg.goes_with or chosen in arg.goes_with)

    def _set(self, **values: object) -> None:
        self.found = replace(self.found, **values)  # type: ignore[arg-type]

    # Pilots.

    def _leading_pilot(self, *, is_quote_enough: bool) -> None:
        if not self.words:
            return
        first, skip = self.words[0], 1
        if len(self.words) > 1 and fold(first.text) in _FILLERS and pilot_ref(self.words[1].text):
            first, skip = self.words[1], 2
        if ref := pilot_ref(first.text):
            self._set(pilot=ref)
        elif first.is_quoted and is_quote_enough:
            self._set(pilot=first.text)
        else:
            return
        self.words = self.words[skip:]

    def _reference_at_the_end(self) -> None:
        if len(self.words) > 1 and self.found.pilot is None and (ref := pilot_ref(self.words[-1].text)):
            self._set(pilot=ref)
            self.words = self.words[:-1]

    def _trailing_pilot(self) -> None:
        while len(self.words) > 1 and not self.words[0].is_quoted and fold(self.words[0].text) in _FILLERS:
            self.words = self.words[1:]
        if not self.words:
            return
        name = _joined(self.words).rstrip(" .,;:!?") or _joined(self.words)
        refs = [ref for word in self.words if (ref := pilot_ref(word.text))]
        if self.found.pilot is not None or (refs and len(self.words) > 1):
            raise self._two_pilots()
        self._set(pilot=refs[0] if refs else name)
        self.words = []

    def _two_pilots(self) -> Refused:
        typed = _shown(self.typed)
        return Refused(f"I read more than one pilot in `{typed}`. Name one: `{self.verb.usage}`.")

    # Items.

    def _item(self) -> None:
        words = self.words
        if not words:
            return
        at = next((i for i, word in enumerate(words) if item_ref(word.text)), None)
        if words[0].is_quoted and at != 0:
            if at == 1 and self.found.pilot is None:
                self._set(pilot=words[0].text)
            else:
                self._set(item=words[0].text)
                self.words = words[1:]
                return
        elif at is None or at > _LONGEST_NAME:
            self._title()
            return
        elif name := [word for word in words[:at] if fold(word.text) not in {*_FILLERS, "item", "task"}]:
            if self.found.pilot is not None:
                raise self._two_pilots()
            self._set(pilot=_joined(name))
        self._set(item=item_ref(words[at].text))
        self.words = words[at + 1:]
        self._check_one_item()

    def _check_one_item(self) -> None:
        """Refuse a list of ids; one id of another system (SEC-123) may well be the evidence."""
        item = self.found.item or ""
        said = [fold(word.text) for word in self.words]
        after = [word for word in said if word not in {"and", "und", "&", "+", ""}]
        ids = [ref for word in after if (ref := item_ref(word)) and is_like(ref, item)]
        if self.verb.name not in {"item", "block"} and ids and len(ids) == len(after):
            where = f"{self.found.pilot} " if self.found.pilot else ""
            raise Refused("One item at a time, please, so that each has its own entry in the history.",
                          choices=_choices([f"{self.verb.name} {where}{ref}" for ref in (item, *ids)[:5]]))

    def _title(self) -> None:
        """No id in the line: the words up to the date, the person or the joint are a part of the title."""
        self.has_title = True
        end = self._title_end()
        title = self.words[:end]
        joints = _BEFORE_DATE | _BEFORE_PERSON if end < len(self.words) else set()
        while len(title) > 1 and fold(title[-1].text) in joints:
            title = title[:-1]
        name = _raw(self.source, title).rstrip(" .,;:!?")
        if fold(name):
            self._set(item=name)
        self.words = self.words[end:]

    def _title_end(self) -> int:
        words, kinds = self.words, [arg.kind for arg in self.verb.args]
        texts = [word.text for word in words]
        if Kind.DATE in kinds:
            has_reason = Kind.TEXT in kinds
            for at in range(1, len(words))[:_FAR] if has_reason else range(1, len(words))[-_FAR:]:
                read = None if _is_span(texts[at:]) else self._date_at(texts[at:])
                if read and (has_reason or at + read[1] == len(words)):
                    return at
        if Kind.PERSON in kinds:
            for at in range(1, len(words)):
                if mention(texts[at]):
                    return at
            for at in range(len(words) - 2, 0, -1):
                if fold(texts[at]) in {"by", "to"}:
                    return at
        if Kind.TEXT in kinds:
            for at in range(1, len(words)):
                if texts[at].casefold() in _JOINTS:
                    return at
        return len(words)

    # Choices.

    def _choice(self) -> None:
        match self.verb.name:
            case "list":
                self._filter_of_list()
            case "items":
                self._edge_choice(self.verb.args[1])
            case "gate":
                self._edge_choice(self.verb.args[0])
            case "quiet" if self.words and fold(self.words[0].text) in {"off", "resume"}:
                self._set(choice="off")
                self.words = []
            case "team":
                self._seat()
            case "brief":
                self._briefing()
            case _:
                pass

    def _filter_of_list(self) -> None:
        typed = _joined([word for word in self.words if fold(word.text) not in {"all", "in", "stage"}])
        self.words = []
        if not fold(typed):
            return
        options = self.verb.args[0].options
        wanted = "_".join(fold(part) for part in typed.replace("-", " ").replace("_", " ").split())
        wanted = _OFTEN_SAID.get(wanted, wanted)
        begun = [option for option in options if len(wanted) > 2 and option.startswith(wanted)]
        near = [wanted] if wanted in options else begun or nearest(wanted, options)
        if len(near) != 1:
            known = ", ".join(f"`{option.replace('_', ' ')}`" for option in options)
            like = [option.replace("_", " ") for option in most_like(wanted, options)]
            raise Refused(f"I do not know the filter `{_shown(typed)}`. I know {known}.",
                          choices=_choices([f"list {option}" for option in like]))
        self._set(choice=near[0])

    def _edge_choice(self, arg: Arg) -> None:
        """A choice at the end, or at the beginning unless it may begin a name there ("Data quality")."""
        if not self.words:
            return
        for at in dict.fromkeys((len(self.words) - 1, 0)):
            if self.words[at].is_quoted:
                continue
            said = fold(self.words[at].text)
            option = _OFTEN_SAID.get(said, said)
            if option in arg.options and option not in ROLES:
                self._set(choice=option)
            elif role := self._role_filter(arg, at):
                self._set(choice=role.value)
            else:
                continue
            self.words = self.words[:at] + self.words[at + 1:]
            return

    def _role_filter(self, arg: Arg, at: int) -> Role | None:
        if not set(ROLES) <= set(arg.options) or at < len(self.words) - 1:
            return None
        alone = len(self.words) == 1
        return _plain_role(self.words[at]) or (_role(self.words[at].text) if alone else None)

    def _seat(self) -> None:
        words = self.words
        if len(words) > 1 and fold(words[0].text) in {"add", "set", "seat", "give"}:
            words = words[1:]
        who = next((i for i, word in enumerate(words) if not word.is_quoted and mention(word.text)), None)
        joints = [i for i, word in enumerate(words[:5]) if word.text.casefold() in {"to", "is", "="}]
        joint = joints[0] if joints else 0
        if who is not None:
            self._seat_for(words, who)
        elif joint and (role := _role(_joined(words[:joint]))) and len(words) > joint + 1:
            self._set(choice=role.value)
            self.words = words[joint + 1:]
            self._take_name()
        elif len(words) == 1 and (role := _plain_role(words[0])):
            self._set(choice=role.value)
            self.words = []
        elif len(words) > 1 and self.found.pilot and (role := _plain_role(words[0])):
            self._set(choice=role.value)
            self.words = words[1:]
            self._take_name()
        elif len(words) == 2 and (role := _plain_role(words[0])):
            name = _raw(self.source, words[1:])
            both = [f"team {role.value} @{name}", f'team "{_joined(words)}"']
            raise Refused(f"Is `{_shown(_joined(words))}` a pilot, or does {_shown(name)} get the "
                          f"{role.value} seat?", choices=_choices(both))

    def _seat_for(self, words: list[Word], who: int) -> None:
        before = [word for word in words[:who] if fold(word.text) not in {"to", "is", "as", "for", "", "the"}]
        after = words[who + 1:]
        while after and fold(after[0].text) in {"as", "is", "for", "the", "to"}:
            after = after[1:]
        role, rest = self._role_among(before)
        if role is None and after:
            role, rest = self._role_among(after)
            rest = before + rest
        else:
            rest = rest + after
        if role is None:
            raise Refused(f"Which role is that? `{self.verb.usage}`, where ROLE is one of "
                          f"{', '.join(ROLES)}.")
        self._set(choice=role.value, person=mention(words[who].text))
        self.words = rest

    def _role_among(self, words: list[Word]) -> tuple[Role | None, list[Word]]:
        """The role the words begin with, else the one they end in, and the other words."""
        for at in range(min(len(words), 4), 0, -1):
            if not words[0].is_quoted and (role := _role(_joined(words[:at]))):
                return role, words[at:]
        for at in range(1, len(words))[-4:]:
            if role := _role(_joined(words[at:])):
                return role, words[:at]
        return None, words

    def _briefing(self) -> None:
        head, tail = self.words, []
        for at, word in enumerate(self.words[: _LONGEST_NAME + 2]):
            doing = _OFTEN_SAID.get(fold(word.text), fold(word.text))
            if not word.is_quoted and doing in {"slot", "held", "asks"}:
                self._set(choice=doing)
                head, tail = self.words[:at], self.words[at + 1:]
                break
        head = [word for word in head if word.is_quoted or fold(word.text) not in {"briefing", "briefings"}]
        for at in dict.fromkeys((0, len(head) - 1)):
            if head and not head[at].is_quoted and fold(head[at].text) in BRIEFINGS:
                self._set(kind=fold(head[at].text))
                head = head[:at] + head[at + 1:]
                break
        if self.found.choice is None:
            self.words = head
            return
        self.words = head
        self._trailing_pilot()
        self.words = tail
        if self.found.pilot is None and self.found.choice != "slot":
            self._leading_pilot(is_quote_enough=False)
        if self.found.kind is None:
            raise Refused(f"Say which briefing: `/pilot brief {BRIEFINGS[0]}|{BRIEFINGS[1]}|{BRIEFINGS[2]} "
                          f"{self.found.choice}`.",
                          choices=_choices([f"brief {kind} {self.typed}" for kind in BRIEFINGS]))

    # Dates and people.

    def _date_at(self, texts: list[str]) -> tuple[date, int] | None:
        try:
            return read_leading_date(texts[:_FAR], self.today, self.calendar)
        except Refused:
            return None

    def _date(self) -> None:
        is_span = bool(self.words) and fold(self.words[0].text) == "for"
        while self.words and fold(self.words[0].text) in _BEFORE_DATE:
            self.words = self.words[1:]
        texts = [word.text for word in self.words]
        if not texts:
            return
        read = read_leading_date(texts, self.today, self.calendar)
        if read is None and is_span and (span := self._date_at(["in", *texts])):  # "for a week"
            read = span[0], span[1] - 1
        if read is None:
            typed = _shown(_raw(self.source, self.words))
            raise Refused(f"I read no date in `{typed}`. I know `fri`, `27 nov`, `2026-11-27` and `+3d`: "
                          f"`{self.verb.usage}`.", choices=self._date_moved_up(texts))
        self._set(on=read[0])
        self.words = self.words[read[1]:]

    def _date_moved_up(self, texts: list[str]) -> tuple[tuple[str, str], ...]:
        """The same line with the date it ends in where the date belongs."""
        for at in range(1, len(texts))[-_FAR:]:
            read = self._date_at(texts[at:])
            if read and at + read[1] == len(texts) and self.found.item:
                reason = texts[:at]
                while reason and fold(reason[-1]) in {*_BEFORE_DATE, ""}:
                    reason = reason[:-1]
                where = f"{self.found.pilot} " if self.found.pilot else ""
                item = f'"{self.found.item}"' if self.has_title else self.found.item
                return _choices([" ".join([self.verb.name, f"{where}{item}", *texts[at:], *reason])])
        return ()

    def _moment(self) -> None:
        while self.words and fold(self.words[0].text) in _BEFORE_DATE:
            self.words = self.words[1:]
        for count in range(min(len(self.words), 8), 0, -1):
            try:
                on, at = read_moment(_joined(self.words[:count]), self.today, self.calendar)
            except Refused:
                if count == 1:  # says what is wrong with all of it
                    read_moment(_joined(self.words), self.today, self.calendar)
                continue
            self._set(on=on, at=at)
            self.words = self.words[count:]
            return

    def _person(self) -> None:
        words = self.words
        if not words:
            return
        may_be_text = any(arg.kind is Kind.TEXT for arg in self.verb.args)
        has_joint = fold(words[0].text) in _BEFORE_PERSON
        if has_joint and len(words) > 1:
            words = words[1:]
        if name := mention(words[0].text):
            if not may_be_text and any(mention(word.text) for word in words[1:]):
                raise Refused("An item has one owner, so that it is clear who has the ball. Name one person.")
            self._set(person=name)
            self.words = words[1:]
        elif not may_be_text or (has_joint and fold(words[0].text) not in _NO_NAMES and self._is_name(words)):
            self.words = words
            self._take_name()
        elif len(words) > 2 and fold(words[-2].text) == "by" and (name := mention(words[-1].text)):
            self._set(person=name)
            self.words = words[:-2]
        elif len(words) > 2 and fold(words[0].text) in {"waiting", "waits", "needs"} and (
                name := mention(words[1].text) or mention(words[2].text)):
            self._set(person=name)

    def _is_name(self, words: list[Word]) -> bool:
        first = words[0]
        if first.is_quoted:
            return True
        is_date = self._date_at([word.text for word in words]) is not None
        return first.text[:1].isalpha() and not is_date and item_ref(first.text) is None

    def _take_name(self) -> None:
        """A plain name: what is in quotes, both of two words, two with capitals, else the first word."""
        words, many = self.words, 1
        if len(words) > 1 and not words[0].is_quoted:
            has_capitals = all(word.text[:1].isupper() for word in words[:2])
            many = 2 if len(words) == 2 or has_capitals else 1
        self._set(person=_joined(words[:many]).strip(",;.") or None)
        self.words = words[many:]

    # Text.

    def _text(self) -> None:
        words = self.words
        while words and (words[0].text in _JOINTS or words[0].text in {":", ",", "="}):
            words = words[1:]
        text = unquoted(_raw(self.source, words))
        self._set(text=text if says_something(text) else "")
        self.words = []

    def _check(self) -> None:
        found = {Kind.PILOT: self.found.pilot, Kind.ITEM: self.found.item, Kind.DATE: self.found.on,
                 Kind.MOMENT: self.found.on, Kind.PERSON: self.found.person, Kind.CHOICE: self.found.choice,
                 Kind.TEXT: self.found.text}
        for arg in self._applying():
            if arg.required and not found[arg.kind]:
                raise Refused(self._what_is_missing(arg))
        if self.verb.either and not any(found[kind] for kind in self.verb.either):
            raise Refused(self._what_is_missing(self.verb.args[-1]))

    def _what_is_missing(self, arg: Arg) -> str:
        has_no_end = bool(self.verb.either) and Kind.PERSON not in self.verb.either
        if arg.kind is Kind.ITEM or not self.typed or has_no_end:
            return f"Say {arg.ask}: `{self.verb.usage}`, for example `{self.verb.example}`."
        begun = _shown(f"{self.verb.command} {self.verb.name} {self.typed}")
        required = [other.word for other in self._applying() if other.required]
        end = f"by @who` or `{begun} reason"
        if arg.required:
            end = " ".join(required[required.index(arg.word):])
        sentence = f"Say {arg.ask}: `{begun} {end}`"
        if self.has_title and " " in (self.found.item or ""):
            quoted = self.verb.usage.replace("ID", '"legal briefing"')
            sentence += f'. If not all of it is the title, put the title in quotes: `{quoted}`'
        elif self.verb.needs in {Action.PAUSE, Action.STOP} and self.found.pilot:
            sentence += ". Words in quotes name the pilot"
        return sentence + "."


def _raw(source: str, words: Sequence[Word]) -> str:
    """The stretch of the line from the first of the words to the last, as typed."""
    return source[words[0].start:words[-1].end].strip() if words else ""


def _is_span(texts: Sequence[str]) -> bool:
    """`30 days` inside a title is no date there; `+30 days` is."""
    return len(texts) > 1 and texts[0].isdecimal() and fold(texts[1]).startswith(_UNITS)


def _joined(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _role(words: str) -> Role | None:
    """The role meant, however it is called."""
    try:
        return read_role(words)
    except Refused:
        return None


def _plain_role(word: Word) -> Role | None:
    """The role by its own name only, where the word may belong to a pilot's name ("Customer support")."""
    said = {"ops": "operations", "eng": "engineering"}.get(fold(word.text), fold(word.text))
    return Role(said) if said in ROLES and not word.is_quoted else None


def _shown(text: str) -> str:
    """Typed words as a sentence may quote them between backticks."""
    return shortened(text.replace("`", "'"), 80)


def _choices(lines: Sequence[str], command: str = "/pilot") -> tuple[tuple[str, str], ...]:
    return tuple((shortened(line, 60), f"{command} {line}") for line in lines if len(line) < _LONGEST_CHOICE)
