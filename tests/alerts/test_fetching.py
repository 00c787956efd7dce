"""What a report needs is fetched from its vendor's hosts alone, and where it cannot be had its sender tries again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from handlers.alerts.fetching import KEPT, KEPT_FOR, Fetching
from handlers.web.http import STRICT, Got, NotReached, Rules
from tests.alerts.bodies import case
from tests.alerts.books import Books
from tests.conftest import FrozenClock

CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-{n}.pem"
PEM = b"-----BEGIN CERTIFICATE-----\nx"


class Web:
    """Answers in turn; what it was asked for is in `asked`."""

    def __init__(self, *answers: Got | NotReached) -> None:
        self.answers, self.asked = list(answers), list[str]()

    async def ask(self, method: str, url: str, rules: Rules = STRICT) -> Got:
        self.asked.append(url)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, NotReached):
            raise answer
        return answer


def fetching(clock: Any, *answers: Got | NotReached) -> tuple[Fetching, Web]:
    web = Web(*answers)
    return Fetching(web, clock), web  # type: ignore[arg-type]


async def test_a_certificate_is_fetched_once_in_six_hours() -> None:
    clock = FrozenClock()
    fetch, web = fetching(clock, Got(200, PEM))
    for _ in range(3):
        assert await fetch(CERTIFICATE.format(n=1)) == PEM
    assert len(web.asked) == 1
    clock.now += KEPT_FOR + timedelta(seconds=1)
    await fetch(CERTIFICATE.format(n=1))
    assert len(web.asked) == 2


async def test_made_up_certificates_do_not_fill_our_memory() -> None:
    fetch, _ = fetching(FrozenClock(), Got(200, PEM))
    for n in range(3 * KEPT):
        await fetch(CERTIFICATE.format(n=n))
    assert len(fetch._kept) == KEPT


@pytest.mark.parametrize("answer", [Got(404, b""), Got(500, PEM), Got(200, b"<html>a portal</html>"), NotReached("no answer")])
async def test_what_is_no_certificate_is_not_kept(answer: Got | NotReached) -> None:
    fetch, web = fetching(FrozenClock(), answer, Got(200, PEM))
    with pytest.raises(NotReached):
        await fetch(CERTIFICATE.format(n=1))
    assert await fetch(CERTIFICATE.format(n=1)) == PEM
    assert len(web.asked) == 2


async def test_a_subscription_is_confirmed_each_time_it_is_asked_for() -> None:
    fetch, web = fetching(FrozenClock(), Got(200, b"<ok/>"))
    for _ in range(2):
        await fetch("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=a")
    assert len(web.asked) == 2


@pytest.mark.parametrize("url", ["https://evil.example/x.pem", "http://sns.eu-central-1.amazonaws.com/x.pem", "https://sns.evil.amazonaws.com/x.pem",
                                 "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem", "https://169.254.169.254/x.pem"])
async def test_nothing_is_fetched_from_anywhere_else(url: str) -> None:
    fetch, web = fetching(FrozenClock(), Got(200, PEM))
    with pytest.raises(NotReached, match="no vendor's"):
        await fetch(url)
    assert web.asked == []


async def test_a_sender_whose_certificate_cannot_be_had_is_asked_to_send_again(books: Books) -> None:
    """503 and not 401: SNS tries again after the one, and gives the message up after the other."""
    body = case("aws_sns/cloudwatch_ok")
    await books.source("sns", "aws_sns", topics=body.body["TopicArn"])
    fetch, web = fetching(books.clock, NotReached("no answer within 10 seconds"))
    answer = await books.sent(json.dumps(body.body).encode(), "sns", fetch)
    assert answer.status == 503
    assert answer.body == "What I need from your side could not be fetched: no answer within 10 seconds. Send it again."
    assert web.asked == [body.body["SigningCertURL"]]
