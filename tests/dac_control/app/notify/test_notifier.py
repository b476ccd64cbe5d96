"""Notices that really leave the process, and channels that fail, hang and come back."""

import base64
import json
import logging
import socket
import socketserver
import subprocess
import sys
import threading
import time
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.notify import Notice, Notifier, notifier
from dac_control.app.notify.acknowledgement import acknowledge
from dac_control.app.notify.channels import AppriseChannel, hide_secrets
from dac_control.app.notify.desk import Addressee, Policy
from dac_control.app.notify.heartbeat import Heartbeat
from dac_control.app.notify.opening import open_heartbeat, open_notifier, try_notifiers
from dac_control.app.notify_tables import NotifyTable
from dac_control.errors import NotifyFailed

pytest.importorskip("apprise", reason="apprise is not installed (extra notify)")

PNG = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Scripted:
    """A channel that does what the test says."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: list[Notice] = []
        self.failure: NotifyFailed | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.tried = threading.Semaphore(0)

    def send(self, notice: Notice) -> None:
        self.tried.release()
        self.gate.wait(30.0)
        if self.failure is not None:
            raise self.failure
        self.sent.append(notice)


def wait_until(true: object, timeout_s: float = 20.0) -> None:
    assert callable(true)
    until = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


def table(**environment: str) -> NotifyTable:
    return NotifyTable.model_validate(
        {"to": [{"name": name, "url_env": variable} for name, variable in environment.items()]}
    )


def test_a_push_and_a_mail_arrive_with_picture(
    web: Any, smtp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = tmp_path / "frame.png"
    picture.write_bytes(PNG)
    mail = f"mailto://127.0.0.1:{smtp.port}?from=dac@lab.example&to=me@lab.example&mode=insecure"
    monkeypatch.setenv("PUSH", f"json://127.0.0.1:{web.port}/in")
    monkeypatch.setenv("MAIL", mail)
    opened, problems = open_notifier(
        table(push="PUSH", mail="MAIL"), heading="[bench] ", state=tmp_path
    )
    assert problems == []
    opened.post(Notice(title="held", body="at 31.2 GPa", level="critical", picture=picture))
    (_, pushed), *_ = web.wait(1)
    (_, mailed), *_ = smtp.wait(1)
    opened.close()
    document = json.loads(pushed)
    assert (document["title"], document["message"]) == ("[bench] held", "at 31.2 GPa")
    assert document["type"] == "failure"
    assert base64.b64decode(document["attachments"][0]["base64"]) == PNG
    message = message_from_bytes(mailed)
    assert message["Subject"] == "[bench] held"
    attached = [part for part in message.walk() if part.get_filename() == "frame.png"]
    assert attached[0].get_payload(decode=True) == PNG


def test_posting_never_waits_and_a_channel_that_hangs_holds_up_no_other() -> None:
    stuck, good = Scripted("stuck"), Scripted("good")
    stuck.gate.clear()
    opened = Notifier(
        [stuck, good],
        [Addressee(name="stuck"), Addressee(name="good")],
        policy=Policy(burst=10_000),
    )
    began = time.thread_time()
    for number in range(300):
        opened.post(Notice(title=f"n{number}", level="critical" if number == 0 else "info"))
    assert time.thread_time() - began < 1.0  # CPU time of 300 posts
    wait_until(lambda: good.sent and good.sent[-1].title == "n299")
    assert good.sent[0].title == "n0"
    assert opened.dropped > 0  # the bounded queue of the one that hangs
    stuck.gate.set()
    wait_until(lambda: stuck.sent and stuck.sent[-1].title == "n299")
    assert stuck.sent[0].title == "n0"
    opened.close()


def test_a_failing_channel_is_told_to_journal_and_others_and_delivers_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notifier, "_RETRY_S", (0.01,))
    bad, good, told = Scripted("bad"), Scripted("good"), list[str]()
    bad.failure = NotifyFailed("bad: the password is wrong")
    opened = Notifier(
        [bad, good], [Addressee(name="bad"), Addressee(name="good")], on_failure=told.append
    )
    opened.post(Notice(title="held", level="critical"))
    wait_until(lambda: len(good.sent) == 2)
    assert {notice.title for notice in good.sent} == {"held", "Notifier bad fails"}
    for _ in range(3):
        assert bad.tried.acquire(timeout=20.0)
    assert told == ["A notifier fails: bad: the password is wrong"]
    bad.failure = None
    wait_until(lambda: len(good.sent) == 3)
    assert [notice.title for notice in bad.sent] == ["held"]
    assert good.sent[-1].title == "Notifier bad works again"
    assert told[-1] == "The notifier bad works again."
    opened.close()


def test_a_bug_in_a_plugin_does_not_end_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "_RETRY_S", (0.01,))
    channel, calls = Scripted("c"), []

    def send(notice: Notice) -> None:
        calls.append(notice)
        if len(calls) == 1:
            raise ZeroDivisionError
        Scripted.send(channel, notice)

    monkeypatch.setattr(channel, "send", send)
    opened = Notifier([channel], [Addressee(name="c")])
    opened.post(Notice(title="a"))
    wait_until(lambda: channel.sent)
    opened.close()


def test_an_acknowledgement_comes_from_any_process(tmp_path: Path) -> None:
    channel, later = Scripted("now"), Scripted("later")
    opened = Notifier(
        [channel, later],
        [Addressee(name="now"), Addressee(name="later", after_s=3600.0)],
        acknowledgements=tmp_path / "acknowledged",
    )
    opened.post(Notice(title="warm", level="critical", state="begins"))
    wait_until(lambda: channel.sent)
    acknowledge(tmp_path)
    wait_until(lambda: all(t.acknowledged for t in opened._desk._topics.values()))
    opened.close()


def test_wrong_credentials_are_said_without_the_secret(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.status = 401
    monkeypatch.setenv("PUSH", f"json://somebody:hunter2pass@127.0.0.1:{web.port}/t0ken")
    monkeypatch.setenv("BAD", "carrierpigeon://hunter2pass")
    monkeypatch.delenv("NONE", raising=False)
    trials = try_notifiers(table(push="PUSH", bad="BAD", none="NONE"), heading="[bench] ")
    problems = {trial.name: trial.problem for trial in trials}
    assert "401" in problems["push"] or "Unauthorized" in problems["push"]
    assert "does not understand" in problems["bad"]
    assert "NONE is not set" in problems["none"]
    assert not any(secret in str(problems) for secret in ("hunter2pass", "t0ken", "somebody"))
    opened, said = open_notifier(table(bad="BAD", none="NONE"), heading="", state=tmp_path)
    assert len(said) == 2
    opened.post(Notice(title="nobody hears it"))
    opened.close()


def test_a_secret_may_be_in_a_file(web: Any, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(f"json://127.0.0.1:{web.port}\n", encoding="utf-8")
    to = [{"name": "push", "url_file": str(tmp_path / "url")}]
    beat = {"url_file": str(tmp_path / "absent"), "every_s": 1.0}
    found = try_notifiers(NotifyTable.model_validate({"to": to, "heartbeat": beat}), heading="")
    assert [bool(trial.problem) for trial in found] == [False, True]


def test_secrets_are_taken_out_of_texts() -> None:
    url = "slack://bot@tokenAAAA/tokenBBBB/tokenCCCC/%23channel?key=secret"
    text = f"could not reach {url}: tokenBBBB refused, secret, bot, #channel"
    hidden = hide_secrets(text, url)
    assert not any(piece in hidden for piece in ("tokenAAAA", "tokenBBBB", "tokenCCCC", "secret"))
    kept = hide_secrets(
        "mail.lab.example refused pa55word", "mailto://me:pa55word@mail.lab.example"
    )
    assert kept == "mail.lab.example refused ***"


def test_a_heartbeat_beats_while_there_is_life(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alive, told = threading.Event(), list[str]()
    alive.set()
    heart = Heartbeat(
        f"http://127.0.0.1:{web.port}/ping/abc",
        0.01,
        alive=alive.is_set,
        on_failure=told.append,
    )
    assert web.wait(3)[0] == ("/ping/abc", b"")
    web.status = 404
    wait_until(lambda: told)
    assert "404" in told[0]
    assert "abc" not in told[0]
    web.status = 200
    wait_until(lambda: len(told) == 2)
    alive.clear()
    heart.close()


def test_a_heartbeat_without_its_secret_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEART", raising=False)
    table = NotifyTable.model_validate({"heartbeat": {"url_env": "HEART"}})
    heart, problems = open_heartbeat(table)
    assert heart is None
    assert "HEART is not set" in problems[0]


def test_a_dead_service_is_not_reachable(web: Any) -> None:
    table = NotifyTable.model_validate({"heartbeat": {"url_env": "HEART"}})
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HEART", "http://127.0.0.1:1/secretsecret")
        (trial,) = try_notifiers(table, heading="")
    assert "not reachable" in trial.problem
    assert "secretsecret" not in trial.problem


def test_it_needs_neither_bluesky_nor_ophyd() -> None:
    program = (
        "import sys, dac_control.app.notify.opening, dac_control.app.station, apprise;"
        "sys.exit(any(n.split('.')[0] in ('bluesky', 'ophyd') for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_mail_server_that_rejects_the_credentials_is_quoted_without_them() -> None:
    class Rejecting(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mail\r\n")
            while line := self.rfile.readline():
                answers = {b"EHLO": b"250-mail\r\n250 AUTH PLAIN LOGIN", b"AUTH": b"535 not you"}
                self.wfile.write(answers.get(line[:4].upper(), b"250 ok") + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Rejecting) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"mailto://bob:hunter2secret@127.0.0.1:{server.server_address[1]}"
        channel = AppriseChannel("mail", f"{url}?from=bob@example.org&to=ann@example.org")
        with pytest.raises(NotifyFailed, match=r"^mail: .*535.*not you") as failure:
            channel.send(Notice(title="test"))
        server.shutdown()
    assert "hunter2" not in str(failure.value)


def test_what_another_channel_says_meanwhile_is_not_told_of_this_one() -> None:
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))  # and does not listen
    dead = AppriseChannel("dead", f"json://127.0.0.1:{silent.getsockname()[1]}/")
    failures: list[str] = []
    talk, over = logging.getLogger("apprise"), threading.Event()

    def other() -> None:
        while not over.wait(0.001):
            talk.warning("another's secret")

    talking = threading.Thread(target=other)
    talking.start()
    try:
        for _ in range(5):
            with pytest.raises(NotifyFailed) as failure:
                dead.send(Notice(title="test"))
            failures.append(str(failure.value))
    finally:
        over.set()
        talking.join()
        silent.close()
    assert all("Connection refused" in text and "secret" not in text for text in failures)
