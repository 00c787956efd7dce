"""One line being read: takes pilots, items, dates, people and text from its words."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from handlers.chat.errors import Refused
from handlers.commands.stretches import choices_of, is_span, joined, raw, shown
from handlers.commands.verbs import Arg, Kind, Parsed, Verb
from handlers.commands.words import (
    Word,
    fold,
    is_like,
    item_ref,
    mention,
    pilot_ref,
    says_something,
    unquoted,
)
from handlers.people.calendar import Calendar
from handlers.people.dates import read_leading_date, read_moment

LONGEST_NAME = 6  # words; what is longer in front of an id is a sentence, not a pilot's name
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

    def applying(self) -> Iterator[Arg]:
        chosen = self.found.choice or ""
        return (arg for arg in self.verb.args if not arg.goes_with or chosen in arg.goes_with)

    def set(self, **values: object) -> None:
        self.found = replace(self.found, **values)  # type: ignore[arg-type]

    # Pilots.

    def leading_pilot(self, *, is_quote_enough: bool) -> None:
        if not self.words:
            return
        first, skip = self.words[0], 1
        if len(self.words) > 1 and fold(first.text) in _FILLERS and pilot_ref(self.words[1].text):
            first, skip = self.words[1], 2
        if ref := pilot_ref(first.text):
            self.set(pilot=ref)
        elif first.is_quoted and is_quote_enough:
            self.set(pilot=first.text)
        else:
            return
        self.words = self.words[skip:]

    def reference_at_the_end(self) -> None:
        if len(self.words) > 1 and self.found.pilot is None and (ref := pilot_ref(self.words[-1].text)):
            self.set(pilot=ref)
            self.words = self.words[:-1]

    def trailing_pilot(self) -> None:
        while len(self.words) > 1 and not self.words[0].is_quoted and fold(self.words[0].text) in _FILLERS:
            self.words = self.words[1:]
        if not self.words:
            return
        name = joined(self.words).rstrip(" .,;:!?") or joined(self.words)
        refs = [ref for word in self.words if (ref := pilot_ref(word.text))]
        if self.found.pilot is not None or (refs and len(self.words) > 1):
            raise self._two_pilots()
        self.set(pilot=refs[0] if refs else name)
        self.words = []

    def _two_pilots(self) -> Refused:
        typed = shown(self.typed)
        return Refused(f"I read more than one pilot in `{typed}`. Name one: `{self.verb.usage}`.")

    # Items.

    def take_item(self) -> None:
        words = self.words
        if not words:
            return
        at = next((i for i, word in enumerate(words) if item_ref(word.text)), None)
        if words[0].is_quoted and at != 0:
            if at == 1 and self.found.pilot is None:
                self.set(pilot=words[0].text)
            else:
                self.set(item=words[0].text)
                self.words = words[1:]
                return
        elif at is None or at > LONGEST_NAME:
            self._title()
            return
        elif name := [word for word in words[:at] if fold(word.text) not in {*_FILLERS, "item", "task"}]:
            if self.found.pilot is not None:
                raise self._two_pilots()
            self.set(pilot=joined(name))
        self.set(item=item_ref(words[at].text))
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
            self.set(item=name)
        self.words = self.words[end:]

    def _title_end(self) -> int:
        words, kinds = self.words, [arg.kind for arg in self.verb.args]
        texts = [word.text for word in words]
        if Kind.DATE in kinds:
            has_reason = Kind.TEXT in kinds
            for at in range(1, len(words))[:_FAR] if has_reason else range(1, len(words))[-_FAR:]:
                read = None if is_span(texts[at:]) else self.date_at(texts[at:])
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

    # Dates and people.

    def date_at(self, texts: list[str]) -> tuple[date, int] | None:
        try:
            return read_leading_date(texts[:_FAR], self.today, self.calendar)
        except Refused:
            return None

    def take_date(self) -> None:
        is_span = bool(self.words) and fold(self.words[0].text) == "for"
        while self.words and fold(self.words[0].text) in _BEFORE_DATE:
            self.words = self.words[1:]
        texts = [word.text for word in self.words]
        if not texts:
            return
        read = read_leading_date(texts, self.today, self.calendar)
        if read is None and is_span and (span := self.date_at(["in", *texts])):  # "for a week"
            read = span[0], span[1] - 1
        if read is None:
            typed = shown(raw(self.source, self.words))
            raise Refused(f"I read no date in `{typed}`. I know `fri`, `27 nov`, `2026-11-27` and `+3d`: "
                          f"`{self.verb.usage}`.", choices=self._date_moved_up(texts))
        self.set(on=read[0])
        self.words = self.words[read[1]:]

    def _date_moved_up(self, texts: list[str]) -> tuple[tuple[str, str], ...]:
        """The same line with the date it ends in where the date belongs."""
        for at in range(1, len(texts))[-_FAR:]:
            read = self.date_at(texts[at:])
            if read and at + read[1] == len(texts) and self.found.item:
                reason = texts[:at]
                while reason and fold(reason[-1]) in {*_BEFORE_DATE, ""}:
                    reason = reason[:-1]
                where = f"{self.found.pilot} " if self.found.pilot else ""
                item = f'"{self.found.item}"' if self.has_title else self.found.item
                return choices_of([" ".join([self.verb.name, f"{where}{item}", *texts[at:], *reason])])
        return ()

    def take_moment(self) -> None:
        while self.words and fold(self.words[0].text) in _BEFORE_DATE:
            self.words = self.words[1:]
        for count in range(min(len(self.words), 8), 0, -1):
            try:
                on, at = read_moment(joined(self.words[:count]), self.today, self.calendar)
            except Refused:
                if count == 1:  # says what is wrong with all of it
                    read_moment(joined(self.words), self.today, self.calendar)
                continue
            self.set(on=on, at=at)
            self.words = self.words[count:]
            return

    def take_person(self) -> None:
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
            self.set(person=name)
            self.words = words[1:]
        elif not may_be_text or (has_joint and fold(words[0].text) not in _NO_NAMES and self._is_name(words)):
            self.words = words
            self.take_name()
        elif len(words) > 2 and fold(words[-2].text) == "by" and (name := mention(words[-1].text)):
            self.set(person=name)
            self.words = words[:-2]
        elif len(words) > 2 and fold(words[0].text) in {"waiting", "waits", "needs"} and (
                name := mention(words[1].text) or mention(words[2].text)):
            self.set(person=name)

    def _is_name(self, words: list[Word]) -> bool:
        first = words[0]
        if first.is_quoted:
            return True
        is_date = self.date_at([word.text for word in words]) is not None
        return first.text[:1].isalpha() and not is_date and item_ref(first.text) is None

    def take_name(self) -> None:
        """A plain name: what is in quotes, both of two words, two with capitals, else the first word."""
        words, many = self.words, 1
        if len(words) > 1 and not words[0].is_quoted:
            has_capitals = all(word.text[:1].isupper() for word in words[:2])
            many = 2 if len(words) == 2 or has_capitals else 1
        self.set(person=joined(words[:many]).strip(",;.") or None)
        self.words = words[many:]

    # Text.

    def take_text(self) -> None:
        words = self.words
        while words and (words[0].text in _JOINTS or words[0].text in {":", ",", "="}):
            words = words[1:]
        text = unquoted(raw(self.source, words))
        self.set(text=text if says_something(text) else "")
        self.words = []
