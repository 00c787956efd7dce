"""What is for oneself: quiet, why, help, what comes later, and speaking to the bot without a slash."""

from __future__ import annotations

from datetime import date

import pytest

from handlers.commands.verbs import VERBS
from storage import people
from storage.models import ItemState
from tests.doors.steps import heard, item_of, refused
from tests.world import EVERYONE, TEAM, World

HERE = "claims-triage"


async def test_quiet_keeps_the_morning_message_away_until_it_ends(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    dm = world.sandbox.dm_id("jonas")
    await refused(world, "jonas", "/pilot quiet", "Say until when", "`/pilot quiet until +3d`")
    await refused(world, "jonas", "/pilot quiet until 20 nov", "Fri 20 Nov is in the past", "`/pilot quiet until fri`")
    await refused(world, "jonas", "/pilot quiet until 2027-06-01", "Two months is the longest", "`/pilot assign ID @who`")
    answer = await world.type("jonas", "/pilot quiet until mon", HERE)
    assert "No morning message to you before Mon 30 Nov" in answer
    assert "`/pilot quiet off` ends it early" in answer
    before = len(world.sandbox.shown(dm))
    await world.morning(3)  # Thursday: the briefing is due on Friday, and others heard of theirs
    assert len(world.sandbox.shown(dm)) == before
    assert "Hold a 30-minute security briefing" in world.last(world.sandbox.dm_id("ines")).plain

    assert "come again from the next working day on" in await world.type("jonas", "/pilot quiet off", HERE)
    await world.morning()
    assert "Hold a 30-minute legal briefing" in world.last(dm).plain
    async with world.parts.store.reading() as session:
        jonas = await people.one(session, TEAM, "slack:U0JONAS00")
        assert jonas is not None
        assert jonas.quiet_until is None


async def test_a_quiet_that_ran_out_ends_by_itself(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await world.type("jonas", "/pilot quiet until thu")
    await world.morning(2)
    assert "morning" not in world.all_text(world.sandbox.dm_id("jonas")).partition("---")[2]
    await world.morning()
    assert "Hold a 30-minute legal briefing" in world.last(world.sandbox.dm_id("jonas")).plain
    assert "working days" in world.last(world.sandbox.dm_id("jonas")).plain


async def test_why_names_the_rule_behind_each_message(world: World) -> None:
    assert "I have not written to you yet" in await world.type("alex", "/pilot why")
    await world.new_pilot(**EVERYONE)
    first = await world.type("jonas", "/pilot why")
    assert "Why you got my last message*" in first
    assert "*Asked to take a role*, by Priya Shah: Claims triage" in first
    await world.type("sam", "/pilot block w1-05 by @jonas contract missing", HERE)
    await world.morning(2)
    every = await world.type("jonas", "/pilot why")
    assert "Why you got my last 5 messages" in every  # one of them a mention in the channel
    assert "• W1-02: warned before others hear, 2 working days after the kickoff (nudge-policy.yaml of this workspace)" in every
    assert "*Something waits for you*, by Sam Okafor: W1-05 · Claims triage" in every
    assert "*Your morning message*: W1-02 Hold a 30-minute legal briefing (Claims triage)" in every
    assert "`/pilot quiet until DATE`" in every


async def test_help_lists_every_verb_and_explains_each_with_its_example(world: World) -> None:
    overview = await world.type("tom", "/pilot help")
    for verb in VERBS:
        if verb.command != "/pilot":
            continue
        if verb.later is None:
            assert f"`{verb.usage}`  {verb.help}" in overview
        if verb.name:
            about = await world.type("tom", f"/pilot help {verb.name}")
            assert verb.help in about, verb.name
            assert f"Example: `{verb.example}`" in about, verb.name
            assert "Who may: " in about
    for shout in ("/pilot ?", "/pilot HELP", "/pilot --help"):
        assert "What you can say with /pilot" in await world.type("tom", shout)
    assert "Close an item, with a link or a line of evidence" in await world.type("tom", "/pilot done ?")
    await refused(world, "tom", "/pilot help zebra", "I do not know `zebra`. Nearest are", "`/pilot help` lists everything")


EXAMPLES = (
    # who types it (what makes it possible first, what is seen, where)
    ("priya", "/pilot", "Nothing needs you today.", (), HERE),
    ("priya", "/pilot list stuck", "No pilot is over its stage limit", (), HERE),
    ("priya", "/pilot list limited rollout", "No pilot is in Limited rollout", (), HERE),
    ("priya", "/pilot status claims triage", "Claims triage · Intake", (), "general"),
    ("priya", "/pilot claims triage", "Claims triage · Intake", (), "general"),
    ("priya", "/pilot items claims triage overdue", "no items late", (), "general"),
    ("priya", "/pilot items legal", "1 item open for Legal", (), HERE),
    ("priya", "/pilot item W1-02", "W1-02 · Hold a 30-minute legal briefing", (), HERE),
    ("priya", "/pilot item legal briefing", "W1-02 · Hold a 30-minute legal briefing", (), HERE),
    ("priya", "/pilot history", "1 change, newest first", (), HERE),
    ("priya", "/pilot team claims triage", "roles accepted", (), "general"),
    ("priya", "/pilot team legal @jonas", "⏳ *Legal*: Jonas Brandt", (), HERE),
    ("jonas", "/pilot done W1-02 minutes are in the wiki", "✓ done", (), HERE),
    ("jonas", "/pilot reopen W1-02 counsel was not there", "○ open", (), HERE),
    ("jonas", "/pilot done claims W1-02", "✓ done", (), "general"),
    ("jonas", '/pilot done "legal briefing" minutes are in the wiki', "✓ done", ("/pilot reopen W1-02 x",), HERE),
    ("jonas", "/pilot plan W1-02 fri", "Planned for*\nFri 27 Nov", ("/pilot reopen W1-02 x",), HERE),
    ("jonas", "/pilot plan legal briefing +3d", "Planned for*\nThu 26 Nov", (), HERE),
    ("jonas", "/pilot block W1-02 by @omar crm access missing", "by Omar Haddad: crm access missing", (), HERE),
    ("jonas", "/pilot block W1-02 waiting for the CRM export", "waiting for the CRM export", (), HERE),
    ("priya", "/pilot due W1-02 27 nov the vendor slipped", "the vendor slipped", ("/pilot due W1-02 30 nov x",), HERE),
    ("priya", '/pilot due "legal briefing" 27 nov the vendor slipped', "the vendor slipped", (), HERE),
    ("jonas", "/pilot brief legal slot fri 14:00", "Slot*\nFri 27 Nov 14:00", (), HERE),
    ("ines", "/pilot brief security asks a data flow diagram", "A-01 a data flow diagram", (), HERE),
    ("jonas", "/pilot brief legal held minutes are in the wiki", "✓ done", (), HERE),
    ("priya", "/pilot assign W1-02 @ana", "Ana Ruiz (legal), handed over", ("/pilot reopen W1-02 x",), HERE),
    ("priya", "/pilot assign legal briefing to @ana", "Ana Ruiz (legal), handed over", ("/pilot assign W1-02 @jonas",), HERE),
    ("jonas", "/pilot na W1-02 no personal data is used", "– not applicable", ("priya: /pilot assign W1-02 @jonas",), HERE),
    ("priya", "/pilot gate", "gate to Week one", (), HERE),
    ("priya", "/pilot gate pass", "Week one cannot begin. Still open", (), HERE),
    ("priya", "/pilot snooze B-02 thu", "Planned for*\nThu 26 Nov", ("/pilot due B-02 30 nov x",), HERE),
    ("priya", "/pilot snooze legal briefing +3d", "○ open, due Fri 27 Nov",
     ("/pilot reopen W1-02 x", "/pilot due W1-02 27 nov x"), HERE),
    ("jonas", "/pilot on-it W1-02", "Jonas Brandt is on it since", (), HERE),
    ("jonas", "/pilot on-it W1-02 leave", "not on W1-02 any more", (), HERE),
    ("priya", "/pilot channel-nudge claims triage", "Claims triage: the nudge in #claims-triage", (), "general"),
    ("priya", "/pilot channel-nudge mon thu 9:30", "*In week one*\nMonday and Thursday at 09:30", (), HERE),
    ("priya", "/pilot channel-nudge role only without late", "not named, only their role", (), HERE),
    ("priya", "/pilot channel-nudge weekdays 10am berlin time", "each working morning at 10:00", (), HERE),
    ("priya", "/pilot channel-nudge off", "the nudge in #claims-triage is off", (), HERE),
    ("priya", "/pilot head", "9 functions have no head", (), HERE),
    ("priya", "/pilot head legal @jonas", "*Legal*: Jonas Brandt, named by Priya Shah", (), HERE),
    ("priya", "/pilot head legal off", "🔴 *Legal*: nobody yet", (), HERE),
    ("priya", "/pilot report nudges", "no nudge yet whose working day is over", (), HERE),
    ("priya", "/pilot report nudges claims triage", "no nudge yet whose working day is over", (), "general"),
    ("priya", "/pilot waive W1-05 until 27 nov the interface team is away", "waived until Fri 27 Nov", (), HERE),
    ("priya", '/pilot waive "interface list" until +10d the vendor delivers then', "waived until", (), HERE),
    ("priya", "/pilot pause waiting for the budget round", "⏸ Paused", (), HERE),
    ("priya", "/pilot resume budget is there", "Claims triage · Intake", (), HERE),
    ("priya", '/pilot pause "Claims triage" waiting for the budget round', "⏸ Paused", (), "general"),
    ("priya", "/pilot stop no budget", "⏹ Stopped", ("/pilot resume",), HERE),
    ("tom", "/pilot quiet until +3d", "No morning message to you before Thu 26 Nov", (), HERE),
    ("tom", "/pilot quiet off", "come again", (), HERE),
    ("tom", "/pilot away until mon to @ana", "You are away until Mon 30 Nov", (), HERE),
    ("tom", "/pilot away until 4 jan", "goes to the lead of each pilot", (), HERE),
    ("tom", "/pilot away off", "Welcome back", (), HERE),
    ("tom", "/pilot digest weekly", "once a week, on its first working day", (), HERE),
    ("tom", "/pilot digest daily", "on every working day", (), HERE),
    ("jonas", "/pilot why", "Asked to take a role", (), HERE),
    ("tom", "/pilot help due", "Move the due date of an item", (), HERE),
)
OPENS_A_FORM = "/pilot new Claims triage"
ENDS_IT_BY_NAME = '/pilot stop "Claims triage" no budget'  # the same as `/pilot stop no budget`, proved in its own test


def test_no_example_of_this_release_is_left_out_here() -> None:
    written = {example for verb in VERBS if verb.command == "/pilot" and not verb.later for example in verb.examples}
    assert written == {line for _, line, *_ in EXAMPLES} | {OPENS_A_FORM, ENDS_IT_BY_NAME}


async def test_every_example_that_help_gives_works(world: World) -> None:
    await world.new_pilot(**{role: who for role, who in EVERYONE.items() if role != "legal"})
    for who, line, seen, first, where in EXAMPLES:
        for each in first:
            by, _, other = each.rpartition(": ")
            await world.type(by or who, other, HERE)
        answer = await world.type(who, line, where)
        assert seen in answer, (line, answer)
    await world.sandbox.slash("priya", "general", OPENS_A_FORM)
    form = world.sandbox.modal("priya")
    assert form is not None
    assert form.title == "Register a pilot"


@pytest.mark.parametrize("command", sorted({verb.command for verb in VERBS if verb.later}))
async def test_what_comes_later_answers_with_a_sentence_and_a_way_for_now(world: World, command: str) -> None:
    later = [verb for verb in VERBS if verb.command == command and verb.later]
    assert later
    for verb in later:
        line = " ".join(part for part in (command, verb.name, "claims triage") if part)
        answer = await refused(world, "priya", line, "later release; until then", "`/pilot ", channel="general")
        assert answer == verb.later
    if command != "/pilot":
        assert f"What you can say with {command}" in await world.type("priya", f"{command} help")


async def test_the_bot_answers_a_mention_to_the_speaker_alone(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    assert "Claims triage · Intake" in await heard(world, "jonas", HERE, "@groundcrew status")
    assert world.sandbox.shown(HERE, "jonas")[-1].ephemeral_for == "U0JONAS00"
    assert "1 item open and yours" in await heard(world, "jonas", HERE, "hey @groundcrew items mine")
    assert "1 thing needs you today" in await heard(world, "jonas", HERE, "@groundcrew")
    assert "Ana Ruiz (legal), handed over" in await heard(world, "jonas", HERE, "@groundcrew assign w1-02 @ana")
    done = await heard(world, "ana", HERE, "@groundcrew done w1-02 <minutes> & slides https://wiki.example/w1?a=1&b=2")
    assert "✓ done" in done
    assert (await item_of(world, "W1-02")).evidence == "<minutes> & slides https://wiki.example/w1?a=1&b=2"
    assert "I know no pilot called “zebra”" in await heard(world, "ana", HERE, "@groundcrew zebra")
    form = await heard(world, "ana", HERE, "@groundcrew new Quote drafter")
    assert "That opens a form, which only a command can" in form
    assert "`/pilot`" in form


async def test_the_bot_answers_direct_messages_however_fast_they_come(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    assert "Claims triage · Intake" in await heard(world, "jonas", "dm", "status claims")
    assert "What you can say with /pilot" in await heard(world, "jonas", "dm", "help")
    answer = await heard(world, "jonas", "dm", "assign claims w1-02 @ana")  # whom it names is not taken for us
    assert "Ana Ruiz (legal), handed over" in answer
    assert (await item_of(world, "W1-02")).owner_id == "slack:U0ANARZ00"
    assert "I know no pilot called “hello there”" in await heard(world, "jonas", "dm", "hello there")
    item = await item_of(world, "W1-02")
    assert (item.state, item.due_on) == (ItemState.OPEN, date(2026, 11, 27))
