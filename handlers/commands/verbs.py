"""What people can say: each verb declared once, as data.

Parsing, help, `docs/commands.md`, the manifest's usage hints and the permission check are made from `VERBS`.
"""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from handlers.people.permissions import Action
from handlers.people.roles import FUNCTIONS, Role

READING = {Action.READ, Action.HISTORY, Action.QUESTIONS}


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
        shown, either = list[str](), [arg for arg in self.args if arg.kind in self.either]
        for arg in self.args:
            if arg not in either:
                shown.append(arg.shown)
            elif arg is either[-1]:
                shown.append("|".join(each.word for each in either))
        return " ".join(part for part in (self.command, self.name, *shown) if part)

    @property
    def begins(self) -> str:
        """`/pilot due`: what a line of this verb begins with; no two verbs share it."""
        return f"{self.command} {self.name}".rstrip()

    @property
    def examples(self) -> tuple[str, ...]:
        return (self.example, *self.more)

    @property
    def only_reads(self) -> bool:
        """Whether saying it by mistake does no harm, so that a typo may be corrected unasked."""
        reads = self.needs in READING and not self.needs_with
        return reads or self.later is not None or self.name in ("team", "head")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line that was understood.

    Attributes:
        pilot: the name as typed, `p:12`, `<#C123>` or `#name`; None: left out.
        item: an id (`W1-02`, `B-11#2`), `i:345`, or a part of the title; None: none named.
        person: `<@U123>`, or a name as typed without `@`.
        choice: one of the verb's options; for `help` the verb asked about, or a command such as `/alerts`.
        kind: which briefing, for `brief`; `off`, for `head`.
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
        if self.verb.name in ("team", "head") and self.person is None and self.kind is None:
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
    Verb("/pilot", "snooze", (_ITEM, Arg(Kind.DATE, "DATE", ask="until when")),
         "Put an item off: no reminders of it until that day, twice at most", Action.ITEM_SNOOZE,
         "/pilot snooze B-02 thu", aliases=("later",), more=("/pilot snooze legal briefing +3d",)),
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
    Verb("/pilot", "waive", (_ITEM, Arg(Kind.DATE, "until DATE", ask="until when"), _WHY),
         "Go past a gate item for a limited time, with a reason; on the day after it is open again",
         Action.ITEM_WAIVE, "/pilot waive W1-05 until 27 nov the interface team is away", aliases=("waiver",),
         more=('/pilot waive "interface list" until +10d the vendor delivers then',)),
    Verb("/pilot", "team",
         (Arg(Kind.CHOICE, "ROLE", required=False, options=ROLES),
          Arg(Kind.PERSON, "@who", required=False), _PILOT),
         "Who has which role and which seats are empty; with a role and a name: give that seat", Action.READ,
         "/pilot team legal @jonas", aliases=("roles", "seats"), more=("/pilot team claims triage",),
         needs_with=tuple((role, Action.SEAT_FILL) for role in ROLES)),
    Verb("/pilot", "head",
         (Arg(Kind.CHOICE, "ROLE", required=False, options=FUNCTIONS),
          Arg(Kind.PERSON, "@who|off", required=False),
          Arg(Kind.CHOICE, "off", required=False, options=("off",), is_kind=True, goes_with=FUNCTIONS)),
         "Who heads which function, and so hears when its people do not answer; name one, or take one off",
         Action.READ, "/pilot head legal @jonas", aliases=("heads",),
         more=("/pilot head legal off", "/pilot head"),
         needs_with=tuple((role, Action.HEAD_NAME) for role in FUNCTIONS)),
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
         later="A view of the risk alone comes in a later release; until then `/pilot status` shows the "
               "score, its four parts and what would cut it most."),
    Verb("/pilot", "report", (), "The monthly report on the success metric", Action.READ, "/pilot report",
         later="Monthly reports come in a later release; until then `/pilot status` and `/pilot "
               "list` say where pilots stand, and `/pilot report nudges` how much my nudges help."),
    Verb("/pilot", "report nudges", (_PILOT,),
         "How much the nudges in a pilot help, step by step and week by week", Action.READ,
         "/pilot report nudges", more=("/pilot report nudges claims triage",)),
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
         "/pilot quiet until +3d", aliases=("mute",), more=("/pilot quiet off",),
         either=(Kind.CHOICE, Kind.DATE)),
    Verb("/pilot", "away",
         (Arg(Kind.CHOICE, "off", required=False, options=("off",)),
          Arg(Kind.DATE, "until DATE", required=False, ask="until when"),
          Arg(Kind.PERSON, "to @who", required=False)),
         "I am away until that day: what is mine goes to somebody, or to the lead; `away off` ends it",
         Action.QUIET, "/pilot away until mon to @ana", aliases=("vacation", "ooo"),
         more=("/pilot away until 4 jan", "/pilot away off"), either=(Kind.CHOICE, Kind.DATE)),
    Verb("/pilot", "digest",
         (Arg(Kind.CHOICE, "weekly|daily", options=("weekly", "daily"), ask="how often: weekly or daily"),),
         "How often I get my morning message; what cannot wait comes at once", Action.QUIET,
         "/pilot digest weekly", more=("/pilot digest daily",)),
    Verb("/pilot", "channel-nudge",
         (_PILOT, Arg(Kind.CHOICE, "", required=False, options=("set",), goes_with=("set",)),
          Arg(Kind.TEXT, "days time ...", required=False)),
         "How the pilot's channel is nudged; with words after it: change that", Action.READ,
         "/pilot channel-nudge mon thu 9:30", aliases=("channel nudge", "nudge", "nudges"),
         more=("/pilot channel-nudge claims triage", "/pilot channel-nudge weekdays 10am berlin time",
               "/pilot channel-nudge role only without late", "/pilot channel-nudge off"),
         needs_with=(("set", Action.CHANNEL_NUDGE),)),
    Verb("/pilot", "on-it",
         (_ITEM, Arg(Kind.CHOICE, "join|take|leave", required=False, options=("join", "take", "leave"))),
         "Tell the channel that you are on an item; join whoever is, take it over, or leave it",
         Action.ITEM_ON_IT, "/pilot on-it W1-02", aliases=("on it", "onit"),
         more=("/pilot on-it W1-02 leave",)),
    Verb("/pilot", "why", (), "Why I got the last message from you", Action.READ, "/pilot why"),
    Verb("/pilot", "help", (Arg(Kind.CHOICE, "VERB", required=False),), "This list, or all about one verb",
         Action.READ, "/pilot help due", aliases=("hilfe", "commands", "h")),

    Verb("/runbook", "", (Arg(Kind.TEXT, "QUESTION", ask="your question"),),
         "Ask the runbooks: the passage that answers, its page, owner and age, or that none does; alone, a "
         "form",
         Action.READ, "/runbook how do we switch it off?",
         more=('/runbook in "Claims triage" how do we roll back?', "/runbook FeatureDriftHigh")),
    Verb("/runbook", "history", (_PILOT,),
         "What a pilot's runbooks were asked, by whom, and what became of it; elsewhere what I asked",
         Action.QUESTIONS, "/runbook history", aliases=("questions", "asked"),
         more=("/runbook history claims triage",)),
    Verb("/runbook", "gaps", (_PILOT,), "What the runbooks lack, the most harmful first", Action.READ,
         "/runbook gaps", more=("/runbook gaps claims triage",)),
    Verb("/runbook", "sources", (), "Where the runbooks come from, when they were read, what was left out",
         Action.READ, "/runbook sources", aliases=("source",)),
    Verb("/runbook", "refresh", (Arg(Kind.TEXT, "SOURCE", required=False),),
         "Read the runbooks again, or those of one source", Action.RUNBOOK_REFRESH, "/runbook refresh",
         aliases=("reload", "reread"), more=("/runbook refresh platform",)),
    Verb("/runbook", "help", (Arg(Kind.CHOICE, "VERB", required=False),), "This list, or all about one verb",
         Action.READ, "/runbook help", aliases=("hilfe", "commands", "h")),

    Verb("/alerts", "", (Arg(Kind.TEXT, "pilot", required=False),
                         Arg(Kind.CHOICE, "mine|all|untaken|SEVERITY|LABEL:VALUE", required=False)),
         "What is open, worst first; only mine, one severity or label, or with what ended in the last day",
         Action.READ, "/alerts", more=("/alerts claims triage", "/alerts mine", "/alerts critical",
                                       "/alerts name:FeatureDrift model:churn", "/alerts all")),
    Verb("/alerts", "show", (Arg(Kind.TEXT, "ID", ask="which alert"),),
         "One alert with its signals, what happened to it, and buttons", Action.READ, "/alerts show 12",
         more=("/alerts show tenure drifted",)),
    Verb("/alerts", "take", (Arg(Kind.TEXT, "ID", ask="which alert"),),
         "Take an alert on, also instead of whoever is on it", Action.ALERT_TAKE, "/alerts take 12",
         more=("/alerts take tenure drifted",)),
    Verb("/alerts", "ack", (Arg(Kind.TEXT, "ID|all", ask="which alert"),),
         "Say that you are on an alert, or on all that nobody is on in this channel (I ask first)",
         Action.ALERT_TAKE, "/alerts ack 12", aliases=("acknowledge",), more=("/alerts ack all",)),
    Verb("/alerts", "resolve", (Arg(Kind.TEXT, "ID", ask="which alert"),),
         "Say that an alert is over where its sender does not", Action.ALERT_SETTLE, "/alerts resolve 12",
         aliases=("settle",)),
    Verb("/alerts", "stats",
         (_PILOT, Arg(Kind.CHOICE, "7d|30d", required=False, options=("7d", "30d"))),
         "How fast alerts are taken on and resolved, and which rules are noisy", Action.READ,
         "/alerts stats", aliases=("statistics", "report"), more=("/alerts stats claims triage 7d",)),
    Verb("/alerts", "silence",
         (Arg(Kind.TEXT, "LABEL=VALUE ... for 4h reason",
              ask="which alerts, for how long and why"),),
         "Keep matching alerts quiet for a while; they are counted, and shown if they outlast it",
         Action.ALERT_HUSH, "/alerts silence name=FeatureDrift model=churn-xgb for 4h retraining runs",
         aliases=("mute", "snooze"),
         more=('/alerts silence name=~Feature.* env="pre prod" until tomorrow the upstream table is late',)),
    Verb("/alerts", "silences", (), "What is silenced: who, why, until when, how much was held back",
         Action.READ, "/alerts silences", aliases=("silenced", "muted")),
    Verb("/alerts", "unsilence", (Arg(Kind.TEXT, "ID", ask="which silence"),),
         "End a silence early; what still fires is shown at once", Action.ALERT_HUSH, "/alerts unsilence 12",
         aliases=("unmute",)),
    Verb("/alerts", "help", (Arg(Kind.CHOICE, "VERB", required=False),), "This list, or all about one verb",
         Action.READ, "/alerts help take", aliases=("hilfe", "commands", "h")),

    Verb("/oncall", "", (_PILOT,), "Who is on call now, until when, and who is next",
         Action.READ, "/oncall", more=("/oncall claims triage",)),
    Verb("/oncall", "take", (Arg(Kind.TEXT, "pilot until MOMENT", required=False),),
         "Be on call from now on, as long as the present shift lasts or until you say", Action.SHIFT_TAKE,
         "/oncall take", more=("/oncall take until fri 10:00", "/oncall take claims triage until 18:00")),
    Verb("/oncall", "hand over",
         (Arg(Kind.PERSON, "@who", ask="to whom"), Arg(Kind.TEXT, "pilot until MOMENT", required=False)),
         "Hand the present shift to somebody, who gets a message about it", Action.SHIFT_GIVE,
         "/oncall hand over @ana", aliases=("handover", "hand-over", "give"),
         more=("/oncall hand over @ana until fri 10:00",)),
    Verb("/oncall", "override",
         (Arg(Kind.PERSON, "@who", ask="who is on call instead"),
          Arg(Kind.TEXT, "FROM until TO", ask="from when until when")),
         "Put somebody on call for a stretch to come; of two that overlap the later made wins",
         Action.SHIFT_GIVE, "/oncall override @ana sat 9:00 until sun 9:00", aliases=("cover", "swap"),
         more=("/oncall override @ana now until mon in claims triage",)),
    Verb("/oncall", "next",
         (Arg(Kind.CHOICE, "mine", required=False, options=("mine",)), _PILOT),
         "My next shifts, and those of a pilot's rotation", Action.READ, "/oncall next",
         aliases=("shifts", "upcoming"), more=("/oncall next claims triage", "/oncall next mine")),
    Verb("/oncall", "rotation",
         (Arg(Kind.CHOICE, "set|delete", required=False, options=("set", "delete")), _PILOT),
         "A rotation with its layers and changes; `set` opens a form for a new one or to change one",
         Action.READ, "/oncall rotation claims triage", aliases=("rotations", "schedule", "rota"),
         more=("/oncall rotation set", "/oncall rotation delete claims triage"),
         needs_with=(("set", Action.ROTATION_SET), ("delete", Action.ROTATION_SET))),
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
