"""Of a pasted stack trace its message is looked for, shown and kept, and nothing of its frames: pure."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.runbooks.question import plain_question
from handlers.runbooks.question_reading import AT_MOST, read_question
from handlers.runbooks.traces import gist_of, without_plain_classes
from tests.runbooks.pace import unit
from tests.runbooks.shelf_of import shelf_of

PYTHON = """Traceback (most recent call last):
  File "/srv/app/main.py", line 12, in <module>
    run()
  File "/srv/app/jobs.py", line 40, in run
    raise StoreUnavailable(f"segment {n} is gone")
app.store.errors.StoreUnavailable: segment 7 is gone
"""
CHAINED = """since this morning:
Traceback (most recent call last):
  File "/app/serve.py", line 41, in predict
    return model.run(batch)
           ^^^^^^^^^^^^^^^^
  File "/app/model.py", line 9, in run
    raise KeyError("tenure")
KeyError: 'tenure'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/serve.py", line 44, in predict
    raise ServingError("feature missing from the online store")
app.errors.ServingError: feature missing from the online store
"""
FROM = """Traceback (most recent call last):
  File "a.py", line 2, in f
    g()
redis.exceptions.ConnectionError: Error 111 connecting to cache:6379

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "a.py", line 5, in h
    f()
app.FeatureStoreDown: cannot read features.
"""
LOGGED = """2026-11-20 03:12:11 ERROR scorer Traceback (most recent call last):
  File "/a.py", line 3, in f
    x()
botocore.errorfactory.NoSuchBucket: it is not there
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "x.py", line 3, in <module>
  |     raise ExceptionGroup("several", [])
  | ExceptionGroup: several (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: bad row
    +------------------------------------"""
COMPOSE = """scorer-1  | Traceback (most recent call last):
scorer-1  |   File "a.py", line 1, in f
scorer-1  |     x()
scorer-1  | ValueError: bad row"""
JAVA = """Exception in thread "main" org.northwind.PipelineException: job failed
\tat org.northwind.Pipeline.run(Pipeline.java:42) ~[pipeline.jar:4.2]
\tat org.northwind.Main$$Lambda$14/0x00000008400b.main(Unknown Source)
Caused by: java.io.IOException: spool closed
\tat java.io.Spool.read(Spool.java:171)
Caused by: java.net.SocketTimeoutException: Read timed out
\tat java.net.SocketInputStream.read(Native Method)
\t... 12 more"""
WRAPPED = """java.lang.RuntimeException: java.io.IOException: disk full
\tat org.northwind.Pipeline.run(Pipeline.java:42)
Caused by: java.io.IOException: disk full
\t... 1 more"""
DOTNET = """Unhandled exception. System.InvalidOperationException: queue is closed
 ---> System.IO.IOException: disk full
   at Foo.Bar.Baz(String x) in /src/Foo.cs:line 12
   --- End of inner exception stack trace ---
   at Foo.Program.Main(String[] args) in /src/Program.cs:line 5"""
NODE = """/app/rank.js:14
    return items[0].score;
                    ^

TypeError: Cannot read properties of undefined (reading 'score')
    at rank (/app/rank.js:12:7)
    at Array.map (<anonymous>)
    at async /app/index.js:3:1
    at node:internal/main/run_main_module:28:49

Node.js v20.1.0
what do I do?"""
GO = """panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.score(0xc000012345)
\t/app/main.go:17 +0x1d
main.main()
\t/app/main.go:9 +0x25
exit status 2"""
RUST = """thread 'main' panicked at src/main.rs:4:5:
index out of bounds: the len is 3 but the index is 7
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:597:5
note: run with `RUST_BACKTRACE=full` for a verbose backtrace"""
OLD_RUST = "thread 'main' panicked at 'no scores', src/main.rs:4:5\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"
RUBY = "app/models/pay.rb:12:in `pay': undefined method `foo' for nil (NoMethodError)\n\tfrom app/models/y.rb:3:in `call'\n\tfrom bin/run:4:in `<main>'"
PHP = "PHP Fatal error:  Uncaught RuntimeException: no route in /app/x.php:12\nStack trace:\n#0 /app/y.php(3): foo()\n#1 {main}\n  thrown in /app/x.php on line 12"
SERVING = "app.errors.ServingError: feature missing from the online store"

TRACES = {
    PYTHON: "app.store.errors.StoreUnavailable: segment 7 is gone",
    CHAINED: f"since this morning: {SERVING}",
    FROM: "app.FeatureStoreDown: cannot read features, because of redis.exceptions.ConnectionError: Error 111 connecting to cache:6379",
    LOGGED: "2026-11-20 03:12:11 ERROR scorer botocore.errorfactory.NoSuchBucket: it is not there",
    GROUP: "ValueError: bad row",
    COMPOSE: "ValueError: bad row",
    JAVA: "org.northwind.PipelineException: job failed, because of java.net.SocketTimeoutException: Read timed out",
    WRAPPED: "java.lang.RuntimeException: java.io.IOException: disk full",
    DOTNET: "System.InvalidOperationException: queue is closed, because of System.IO.IOException: disk full",
    NODE: "what do I do? TypeError: Cannot read properties of undefined (reading 'score')",
    GO: "panic: runtime error: index out of range [3] with length 3",
    RUST: "panicked: index out of bounds: the len is 3 but the index is 7",
    OLD_RUST: "panicked: no scores",
    RUBY: "undefined method `foo' for nil (NoMethodError)",
    PHP: "RuntimeException: no route",
    "why? " + " ".join(CHAINED.split()): f"why? since this morning: {SERVING}",
    " ".join(JAVA.split()): "org.northwind.PipelineException: job failed, because of java.net.SocketTimeoutException: Read timed out",
}


@pytest.mark.parametrize(("pasted", "left"), TRACES.items())
def test_of_a_stack_trace_the_error_and_what_it_came_from_are_looked_for_shown_and_kept(pasted: str, left: str) -> None:
    assert gist_of(pasted) == (left, True)
    asked = read_question(pasted)
    assert (asked.words, asked.kept, asked.was_trace) == (left, left, True)
    assert plain_question(pasted) == plain_question(left)


@pytest.mark.parametrize("pasted", TRACES)
@pytest.mark.parametrize("around", ["why does the nightly job die?\n{}", "{}\nwhy does the nightly job die?", "look:\n```\n{}\n```\nwhy does the nightly job die?"])
def test_what_is_asked_around_a_stack_trace_is_asked_and_no_frame_is_kept(pasted: str, around: str) -> None:
    text = around.format(pasted)
    if "\n" not in pasted:
        return
    kept = read_question(text).kept
    assert "why does the nightly job die?" in kept
    for frame in ("line 12", "File ", "Pipeline.java", "0x", "main.go", "Foo.cs", "rank.js", "{main}", "panicking", "bin/run", "Traceback", "```", "^"):
        assert frame not in kept


@pytest.mark.parametrize("text", [
    "how do we roll back?", "two\nlines, no trace", "look at this: ValueError", "SELECT *\nFROM item\nWHERE 1=1", "```\nkubectl get pods\n```",
    "the alert fired\nat 03:12 in eu-west (again)", "main.py:12 fails when it is started\nwhat now?", "two things:\n#1 restart it\n#2 wait",
    "from us:3 in all\nfrom them none", "Caused by: a full disk\nwhat now?", "it is slow\nat night(s)"])
def test_what_is_no_stack_trace_is_asked_as_it_stands(text: str) -> None:
    assert gist_of(text) == (text, False)


@given(st.lists(st.one_of(st.text(max_size=60), st.sampled_from([line for each in TRACES for line in each.splitlines()])), max_size=14).map("\n".join))
def test_what_was_taken_down_stays_as_it_is_when_it_is_read_again(text: str) -> None:
    once, was_trace = gist_of(text)
    assert gist_of(once)[0] == once or not was_trace


def test_a_trace_in_much_else_is_asked_by_its_message_instead_of_being_refused() -> None:
    asked = read_question("why does it die?\n" + "2026-11-20 INFO all is well\n" * 3 + "".join(f"2026-11-20 row {n} was read\n" for n in range(200)) + PYTHON)
    assert len(asked.words) <= AT_MOST
    assert asked.words.startswith("why does it die?")
    assert asked.words.endswith("app.store.errors.StoreUnavailable: segment 7 is gone")


def test_a_trace_of_any_length_is_read_by_its_beginning_and_its_end() -> None:
    deep = "Traceback (most recent call last):\n" + '  File "a.py", line 1, in f\n    f()\n' * 5000 + "RecursionError: maximum depth"
    assert gist_of(deep) == ("RecursionError: maximum depth", True)


@pytest.mark.parametrize("unkind", ["at a(" * 8000, "a.a." * 10_000, "at " + "a" * 40_000, "((((" * 10_000, " at a.b(" * 5000, "~^ " * 13_000,
                                    "Traceback (most recent call last): " + "aError " * 6000, "\n".join(["at " + "a.b" * 150] * 80)])
def test_no_paste_takes_long_to_read(unkind: str) -> None:
    begun = thread_time()
    gist_of(unkind)
    assert thread_time() - begun < 5 * unit()


BOOKS = {
    "ops/redis.md": "# Redis\n\n## Redis refuses connections\n\nRestart the replica of redis, then watch the connections.\n",
    "ops/features.md": "# Feature store\n\n## Features cannot be read\n\nThe store is down or a segment is gone.\n",
    "ops/errors.md": "# Errors of the app\n\n## Errors\n\nCount the errors of the app by name.\n",
}


def test_the_package_of_an_error_leads_to_its_page_and_is_not_missed() -> None:
    index = shelf_of(BOOKS)
    found = index.ask("redis.exceptions.ConnectionError: connection refused")
    assert found.hits[0].entry.page.endswith("redis.md")
    assert not {"redis", "exceptions"} & set(found.missing)
    assert not {"org", "acme", "internal"} & set(index.ask("org.acme.internal.SegmentGone: a segment is gone").missing)


@pytest.mark.parametrize(("text", "left"), [
    ("ValueError: token limit exceeded", "token limit exceeded"),
    ("java.lang.IllegalStateException: pool is closed", "pool is closed"),
    ("java.util.concurrent.ExecutionException: java.lang.RuntimeException: out of seats", "out of seats"),
    ("System.InvalidOperationException: Sequence contains no elements", "Sequence contains no elements"),
    ("KeyError: 'tenure', because of RuntimeError: feed is late", "'tenure', because of feed is late"),
    ("Error: connect ECONNREFUSED", "connect ECONNREFUSED"),
    # What says something by itself stays, and so does what no message follows.
    ("redis.exceptions.ConnectionError: Error 111", "redis.exceptions.ConnectionError: Error 111"),
    ("psycopg2.Error: connection refused", "psycopg2.Error: connection refused"),
    ("pkg::Error: boom", "pkg::Error: boom"),
    ("org.acme.internal.Exception: no seat", "org.acme.internal.Exception: no seat"),
    ("NullPointerException: in scorer", "NullPointerException: in scorer"),
    ("MyValueError: x", "MyValueError: x"),
    ("ValueError", "ValueError"),
    ("ValueError:", "ValueError:"),
    ("what does StandardError mean", "what does StandardError mean"),
    ("", ""),
])
def test_the_class_of_an_error_that_may_be_anything_is_not_looked_for(text: str, left: str) -> None:
    assert without_plain_classes(text) == left


@pytest.mark.parametrize("unkind", ["java.lang." * 3000, "java.util.a.b.c." * 2000, "ValueError: " * 3000, "Error" * 6000, "System." * 4000])
def test_looking_for_such_a_class_takes_no_longer_than_reading(unkind: str) -> None:
    begun = thread_time()
    without_plain_classes(unkind)
    assert thread_time() - begun < 5 * unit()
