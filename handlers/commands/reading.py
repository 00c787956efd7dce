"""Reads the arguments of one line, by the verb's declaration.

How a line names things: an item by its id in any case (`w1-02`, `B-11#2`, `i:345`) or by a part of its
title, in quotes when more follows; a pilot by name, `p:12` or #channel, before the item's id or at the end.
Where a reason follows with no id between (`stop`, `pause`, `resume`), a pilot's name must be in quotes, for a
bare name cannot be told from a reason: `/pilot stop "Claims triage" no budget`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from handlers.chat.errors import Refused
from handlers.commands.stretches import choices_of, is_span, joined, plain_role, raw, role_of, shown
from handlers.commands.verbs import BRIEFINGS, ROLES, Arg, Kind, Parsed, Verb
from handlers.commands.words import (
    Word,
    fold,
    is_like,
    item_ref,
    mention,
    most_like,
    nearest,
    pilot_ref,
    says_something,
    unquoted,
)
from handlers.people.calendar import Calendar
from handlers.people.dates import read_leading_date, read_moment
from handlers.people.permissions import Action
from handlers.people.roles import Role

LONGEST_NAME = 6  # words; what is longer in front of an id is a sentence, not a pilot's name
_OFTEN_SAID = {"ask": "asks", "late": "overdue", "my": "mine", "me": "mine", "minutes": "held",
               "slots": "slot", "blockers": "blocked", "gates": "gate", "week1": "week_one",
               "week_1": "week_one"}

_FAR = 12  # words: how deep in a line, from either end, a date is looked for
_FILLERS = {"for", "of", "in", "on", "pilot", "the"}
_BEFORE_DATE = {"on", "until", "till", "to", "by", "for", "bis", "am"}
_BEFORE_PERSON = {"by", "to", "for"}
_NO_NAMES = {"the", "a", "an", "our", "their", "his", "her", "its", "my", "your", "this", "that", "these",
             "some", "no", "another", "not", "missing", "lack", "it"}
_JOINTS = {"-", "–", "—", "because", "weil"}


class Line:
    """One line being read: the words not used yet, always neighbours, and what was found in the others."""

    def __init__(self, verb: Verb, source: str, words: Sequence[Word], today: date,
                 calendar: Calendar) -> None:
        self.verb, self.source, self.today, self.calendar = verb, source, today, calendar
        self.words = list(words)
        self.typed = raw(source, words)
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
        name = joined(self.words).rstrip(" .,;:!?") or joined(self.words)
        refs = [ref for word in self.words if (ref := pilot_ref(word.text))]
        if self.found.pilot is not None or (refs and len(self.words) > 1):
            raise self._two_pilots()
        self._set(pilot=refs[0] if refs else name)
        self.words = []

    def _two_pilots(self) -> Refused:
        typed = shown(self.typed)
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
        elif at is None or at > LONGEST_NAME:
            self._title()
            return
        elif name := [word for word in words[:at] if fold(word.text) not in {*_FILLERS, "item", "task"}]:
            if self.found.pilot is not None:
                raise self._two_pilots()
            self._set(pilot=joined(name))
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
                          choices=choices_of([f"{self.verb.name} {where}{ref}" for ref in (item, *ids)[:5]]))

    def _title(self) -> None:
        """No id in the line: the words up to the date, the person or the joint are a part of the title."""
        self.has_title = True
        end = self._title_end()
        title = self.words[:end]
        joints = _BEFORE_DATE | _BEFORE_PERSON if end < len(self.words) else set()
        while len(title) > 1 and fold(title[-1].text) in joints:
            title = title[:-1]
        name = raw(self.source, title).rstrip(" .,;:!?")
        if fold(name):
            self._set(item=name)
        self.words = self.words[end:]

    def _title_end(self) -> int:
        words, kinds = self.words, [arg.kind for arg in self.verb.args]
        texts = [word.text for word in words]
        if Kind.DATE in kinds:
            has_reason = Kind.TEXT in kinds
            for at in range(1, len(words))[:_FAR] if has_reason else range(1, len(words))[-_FAR:]:
                read = None if is_span(texts[at:]) else self._date_at(texts[at:])
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
        typed = joined([word for word in self.words if fold(word.text) not in {"all", "in", "stage"}])
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
            raise Refused(f"I do not know the filter `{shown(typed)}`. I know {known}.",
                          choices=choices_of([f"list {option}" for option in like]))
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
        return plain_role(self.words[at]) or (role_of(self.words[at].text) if alone else None)

    def _seat(self) -> None:
        words = self.words
        if len(words) > 1 and fold(words[0].text) in {"add", "set", "seat", "give"}:
            words = words[1:]
        who = next((i for i, word in enumerate(words) if not word.is_quoted and mention(word.text)), None)
        joints = [i for i, word in enumerate(words[:5]) if word.text.casefold() in {"to", "is", "="}]
        joint = joints[0] if joints else 0
        if who is not None:
            self._seat_for(words, who)
        elif joint and (role := role_of(joined(words[:joint]))) and len(words) > joint + 1:
            self._set(choice=role.value)
            self.words = words[joint + 1:]
            self._take_name()
        elif len(words) == 1 and (role := plain_role(words[0])):
            self._set(choice=role.value)
            self.words = []
        elif len(words) > 1 and self.found.pilot and (role := plain_role(words[0])):
            self._set(choice=role.value)
            self.words = words[1:]
            self._take_name()
        elif len(words) == 2 and (role := plain_role(words[0])):
            name = raw(self.source, words[1:])
            both = [f"team {role.value} @{name}", f'team "{joined(words)}"']
            raise Refused(f"Is `{shown(joined(words))}` a pilot, or does {shown(name)} get the "
                          f"{role.value} seat?", choices=choices_of(both))

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
            if not words[0].is_quoted and (role := role_of(joined(words[:at]))):
                return role, words[at:]
        for at in range(1, len(words))[-4:]:
            if role := role_of(joined(words[at:])):
                return role, words[:at]
        return None, words

    def _briefing(self) -> None:
        head, tail = self.words, []
        for at, word in enumerate(self.words[: LONGEST_NAME + 2]):
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
                          choices=choices_of([f"brief {kind} {self.typed}" for kind in BRIEFINGS]))

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
            typed = shown(raw(self.source, self.words))
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
                return choices_of([" ".join([self.verb.name, f"{where}{item}", *texts[at:], *reason])])
        return ()

    def _moment(self) -> None:
        while self.words and fold(self.words[0].text) in _BEFORE_DATE:
            self.words = self.words[1:]
        for count in range(min(len(self.words), 8), 0, -1):
            try:
                on, at = read_moment(joined(self.words[:count]), self.today, self.calendar)
            except Refused:
                if count == 1:  # says what is wrong with all of it
                    read_moment(joined(self.words), self.today, self.calendar)
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
        self._set(person=joined(words[:many]).strip(",;.") or None)
        self.words = words[many:]

    # Text.

    def _text(self) -> None:
        words = self.words
        while words and (words[0].text in _JOINTS or words[0].text in {":", ",", "="}):
            words = words[1:]
        text = unquoted(raw(self.source, words))
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
        begun = shown(f"{self.verb.command} {self.verb.name} {self.typed}")
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
