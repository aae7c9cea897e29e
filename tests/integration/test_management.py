#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_management.py - the management socket of the TMA: what it tells, to whom, and that nobody
who abuses it delays a verdict."""

import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
import unittest

from agent import JOURNAL, PING, PONG, STATUS, Agent, Client, Interface
from harness import load_records, numbered
from patience import PATIENCE_SEC, signal_and_see, wait_until

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
OURS = "org.quixote.Workload."
SERVICE = "org.varlink.service."
TMA = None


class AgentTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="quixote-test-")
        os.chmod(self.dir, 0o755)
        self.address = self.dir + "/socket"
        self.agents = []

    def tearDown(self):
        for agent in self.agents:
            agent.close()
        shutil.rmtree(self.dir)

    def start(self, **options):
        if os.path.exists(self.address):
            os.unlink(self.address)
        agent = Agent(TMA, self.address, **options)
        self.agents.append(agent)
        return agent

    def enforce(self, records, **options):
        """An agent with a model of these records."""
        path = self.dir + "/model"
        with open(path, "w+b") as model:
            agent = self.start(fds={6: model.fileno()})
            agent.judge(*[numbered(record, i + 1) for i, record in enumerate(records)])
            agent.finish()
        with open(path, "rb") as model:
            fds = {5: model.fileno(), **options.pop("fds", {})}
            return self.start(mode="enforce", fds=fds, **options)

    def status(self):
        with Client(self.address) as client:
            return client.call(OURS + "GetStatus")["parameters"]


class Answers(AgentTest):
    def test_every_method_answers_as_described(self):
        agent = self.start()
        agent.judge(*[numbered(record, i) for i, record in enumerate(load_records(3), 1)])
        with Client(self.address) as client:
            info = client.call(SERVICE + "GetInfo")["parameters"]
            called = set()
            for name in info["interfaces"]:
                text = client.call(SERVICE + "GetInterfaceDescription", interface=name)["parameters"]["description"]
                interface = Interface(text)
                self.assertEqual(interface.name, name)
                for method, (given, told) in interface.methods.items():
                    called.add(method)
                    parameters = {"interface": name} if "interface" in given else {}
                    client.ask(f"{name}.{method}", more=True, **parameters)
                    if method == "FollowEvents":
                        agent.judge(numbered(load_records(1)[0], 9))
                    while True:
                        answer = client.receive()
                        self.assertNotIn("error", answer)
                        self.assertIsNone(interface.check(answer["parameters"], told), method)
                        if not answer.get("continues") or method == "FollowEvents":
                            break
                    if method == "FollowEvents":
                        client = Client(self.address)
        self.assertEqual(called, {"GetInfo", "GetInterfaceDescription", "GetStatus", "ListPoints",
                                  "ListEvents", "FollowEvents", "GetModel"})
        client.socket.close()

    def test_description_is_the_file(self):
        self.start()
        with open(TREE + "/tma/org.quixote.Workload.varlink", encoding="ascii") as file:
            text = file.read()
        with Client(self.address) as client:
            answer = client.call(SERVICE + "GetInterfaceDescription", interface="org.quixote.Workload")
        self.assertEqual(answer["parameters"]["description"], text)

    def test_errors(self):
        self.start()
        rows = [
            (SERVICE + "GetInterfaceDescription", {}, "InvalidParameter", {"parameter": "interface"}),
            (SERVICE + "GetInterfaceDescription", {"interface": 5}, "InvalidParameter", {"parameter": "interface"}),
            (SERVICE + "GetInterfaceDescription", {"interface": "a.b"}, "InterfaceNotFound", {"interface": "a.b"}),
            (SERVICE + "GetInfo", {"what": 1}, "InvalidParameter", {"parameter": "what"}),
            (OURS + "GetStatus", {"outside": True}, "InvalidParameter", {"parameter": "outside"}),
            (OURS + "ListEvents", {}, "ExpectedMore", {}),
            (OURS + "Seal", {}, "MethodNotFound", {"method": OURS + "Seal"}),
            ("GetStatus", {}, "MethodNotFound", {"method": "GetStatus"}),
        ]
        with Client(self.address) as client:
            for method, parameters, error, told in rows:
                with self.subTest((method, parameters)):
                    self.assertEqual(client.call(method, **parameters),
                                     {"error": SERVICE + error, "parameters": told})
        self.assertEqual(self.status()["lost"]["clients_dropped"], 0)

    def test_status_of_training(self):
        agent = self.start()
        records = load_records(5)
        agent.judge(*[numbered(record, i) for i, record in enumerate(records + records[:2], 1)])
        agent.tell(PING, 77, 9, 3, 1, 0, 2)
        self.assertEqual(STATUS.unpack(agent.receive(agent.status))[:3], (PONG, 0, 77))
        status = self.status()
        self.assertEqual((status["name"], status["mode"], status["events"], status["new"],
                          status["points"], status["outside"]), ("web", "train", 7, 5, 5, 0))
        self.assertEqual(status["kernel"], {"members": 3, "waiting": 1, "expired": 0, "dropped": 2})
        latency = status["latency"]
        self.assertEqual(latency["count"], 7)
        self.assertLessEqual(latency["p50_nsec"], latency["p99_nsec"])
        self.assertLessEqual(latency["p99_nsec"], latency["max_nsec"])
        self.assertGreater(latency["p50_nsec"], 0)

    def test_events_per_second(self):
        agent = self.start()
        record = numbered(load_records(1)[0], 1)

        def is_right():
            """Unless one of us did not run for a while."""
            begin, sent = time.monotonic(), 0
            while time.monotonic() < begin + 2.5:
                agent.judge(*[record] * 10)
                sent += 10
                time.sleep(0.05)
            rate = sent / (time.monotonic() - begin)
            return rate / 2 < self.status()["events_per_second"] < rate * 2
        wait_until(is_right, what="the right rate")

    def test_points_and_events(self):
        known, unknown = load_records(2)
        agent = self.enforce([known])
        self.assertEqual(agent.judge(numbered(known, 1), numbered(unknown, 2), numbered(known, 3))[0],
                         ["trusted 1", "refused 2", "trusted 3"])
        with Client(self.address) as client:
            points = client.list(OURS + "ListPoints")
            events = [answer["event"] for answer in client.list(OURS + "ListEvents")]
            outside = [answer["event"] for answer in client.list(OURS + "ListEvents", outside=True)]
        self.assertEqual([point["count"] for point in points], [2])
        self.assertEqual([(event["number"], event["verdict"]) for event in events],
                         [(1, "trusted"), (2, "refused"), (3, "trusted")])
        self.assertEqual(points[0]["coefficient"], events[0]["coefficient"])
        self.assertEqual(outside, [events[1]])
        self.assertEqual(events[1]["record"], json.loads(numbered(unknown, 2)))
        self.assertLess(abs(events[0]["usec"] / 1e6 - time.time()), 60)

    def test_model(self):
        self.start(arguments=["--pseudonym=/a \"b\"\\\x01", "--scratch="])
        with Client(self.address) as client:
            self.assertEqual(client.list(OURS + "GetModel"), [
                {"name": "web", "digest": "sha256", "fields": "portable", "nsref": "initial",
                 "on_violation": "deny"}, {"pseudonym": "/a \"b\"\\\x01"}])

    def test_many_events(self):
        """More than there is memory for: the oldest have given way, and are counted."""
        agent = self.start()
        record = load_records(1)[0]
        for first in range(1, 4001, 50):
            agent.judge(*[numbered(record, first + i) for i in range(50)])
        with Client(self.address) as client:
            answers = client.list(OURS + "ListEvents")
        numbers = [answer["event"]["number"] for answer in answers]
        self.assertEqual(numbers, list(range(4001 - len(numbers), 4001)))
        self.assertEqual(answers[0]["missed"], 4000 - len(numbers))
        self.assertGreater(len(numbers), 500)

    def test_many_points_while_the_model_grows(self):
        agent = self.start()
        record = numbered(load_records(1)[0], 1)
        made = 0

        def learn(count):
            nonlocal made
            agent.judge(*[record.replace('"pathname": ""', f'"pathname": "/n{made + i}"')
                          for i in range(count)])
            made += count
        for _ in range(40):
            learn(100)
        whole = answer = {"parameters": {}}
        while made < 10000 and answer == whole:
            with Client(self.address) as client:
                client.ask(OURS + "ListPoints", more=True)
                select.select([client.socket], [], [], PATIENCE_SEC)    # it has begun, and we do not read
                learn(100)
                try:
                    while (answer := client.receive()).get("continues"):
                        pass
                except EOFError:
                    answer = whole              # we did not run for two seconds, and were dropped
        self.assertEqual(answer, {"error": OURS + "PointsMoved", "parameters": {}})
        with Client(self.address) as client:
            self.assertEqual(len(client.list(OURS + "ListPoints")), made)

    def test_follow(self):
        agent = self.start()
        records = load_records(3)
        agent.judge(numbered(records[0], 1))
        with Client(self.address) as client, Client(self.address) as outside:
            client.ask(OURS + "FollowEvents", more=True)
            outside.ask(OURS + "FollowEvents", more=True, outside=True)
            self.status()                       # both have been heard
            agent.judge(numbered(records[1], 2))
            agent.judge(numbered(records[2], 3))
            self.assertEqual([client.receive()["parameters"]["event"]["number"] for _ in range(2)], [2, 3])
            outside.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                outside.receive()

    def test_several_calls_at_once_and_half_a_call(self):
        self.start()
        with Client(self.address) as client:
            call = b'{"method":"org.varlink.service.GetInfo"}\0'
            client.send(call * 3 + call[:10])
            for _ in range(3):
                self.assertIn("parameters", client.receive())
            client.send(call[10:])
            self.assertEqual(client.receive()["parameters"]["product"], "quixote-tma")

    def test_oneway_has_no_answer(self):
        self.start()
        with Client(self.address) as client:
            client.send(b'{"method":"org.varlink.service.GetInfo","oneway":true}\0')
            self.assertEqual(client.call(OURS + "GetStatus")["parameters"]["name"], "web")

    def test_half_closed_is_answered(self):
        self.start()
        with Client(self.address) as client:
            client.send(b'{"method":"org.varlink.service.GetInfo"}\0')
            client.socket.shutdown(socket.SHUT_WR)
            self.assertIn("parameters", client.receive())
            self.assertTrue(client.is_dropped())


class Journal(AgentTest):
    """What the agent tells the system's journal, of which the test has the other end."""

    def setUp(self):
        super().setUp()
        self.journal, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal.settimeout(PATIENCE_SEC)
        self.known, *self.unknown = load_records(4)
        self.agent = self.enforce([self.known], fds={JOURNAL: theirs.fileno()})
        theirs.close()
        self.number = 0

    def tearDown(self):
        self.journal.close()
        super().tearDown()

    def refuse(self, record, times=1):
        for _ in range(times):
            self.number += 1
            self.assertEqual(self.agent.judge(numbered(record, self.number))[0], [f"refused {self.number}"])

    def entry(self):
        lines = self.journal.recv(1 << 20).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def lost(self):
        return self.status()["lost"]["journal"]

    def test_each_coefficient_once_and_at_powers_of_ten(self):
        self.refuse(self.unknown[0], 25)
        self.refuse(self.unknown[1], 2)
        entries = [self.entry() for _ in range(3)]
        self.assertEqual([entry["TSEM_COUNT"] for entry in entries], ["1", "10", "1"])
        self.assertEqual(entries[0]["TSEM_COEFFICIENT"], entries[1]["TSEM_COEFFICIENT"])
        self.assertNotEqual(entries[0]["TSEM_COEFFICIENT"], entries[2]["TSEM_COEFFICIENT"])
        first = entries[0]
        kind = json.loads(self.unknown[0])["event"]["type"]
        self.assertEqual((first["MESSAGE"], first["PRIORITY"], first["TSEM_WORKLOAD"], first["TSEM_VERDICT"],
                          first["TSEM_EVENT"]),
                         (f"web: {kind}: refused; see quixote explain web", "5", "web", "refused", kind))
        self.assertRegex(first["MESSAGE_ID"], r"^[0-9a-f]{32}$")
        self.assertEqual(json.loads(first["TSEM_RECORD"]), json.loads(numbered(self.unknown[0], 1)))
        self.assertIn(" 10 times;", entries[1]["MESSAGE"])
        self.journal.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            self.journal.recv(1)
        self.assertEqual(self.lost(), 0)

    def many(self, count):
        """So many different events outside the model."""
        record = load_records(1)[0]
        for i in range(count):
            self.refuse(record.replace('"pathname": ""', f'"pathname": "/{i}"'))

    def test_journal_that_does_not_read_holds_nobody_up(self):
        self.many(2000)
        self.assertGreater(self.lost(), 0)
        taken = 0
        self.journal.settimeout(1)
        with self.assertRaises(TimeoutError):
            while True:
                self.entry()
                taken += 1
        self.assertEqual(taken + self.lost(), 2000)
        self.refuse(self.unknown[2])            # it goes on when there is room again
        self.assertEqual(self.entry()["TSEM_COUNT"], "1")

    def test_journal_gone(self):
        self.journal.close()
        self.many(10)
        self.assertEqual(self.lost(), 10)

    def test_more_coefficients_than_are_told(self):
        record = load_records(1)[0]
        total = 6144 + 30
        for first in range(0, total, 50):
            rows = [numbered(record.replace('"pathname": ""', f'"pathname": "/{i}"'), i + 1)
                    for i in range(first, min(first + 50, total))]
            self.agent.judge(*rows)
            self.journal.setblocking(False)
            try:
                while True:
                    self.journal.recv(1 << 20)
            except BlockingIOError:
                pass
        self.assertGreaterEqual(self.lost(), 30)

    def test_long_record_is_left_out(self):
        record = load_records(1)[0]
        self.refuse(record.replace('"pathname": ""', '"pathname": "/%s"' % ("x" * 40000)))
        entry = self.entry()
        self.assertEqual(entry["TSEM_COUNT"], "1")
        self.assertNotIn("TSEM_RECORD", entry)


class Abuse(AgentTest):
    def dropped(self):
        return self.status()["lost"]["clients_dropped"]

    def test_garbage(self):
        rows = [b"\0", b"GET / HTTP/1.1\r\n\0", b"{}\0", b"[]\0", b'{"method":5}\0', b'{"method":""}\0',
                b'{"method":"a","method":"b"}\0', b'{"method":"a"}x\0', b'{"method":"a","what":1}\0',
                b'{"method":"a b"}\0', b'{"method":"a","upgrade":true}\0', b'{"method":"\xff"}\0',
                b'{"method":"a","parameters":[]}\0', b'{"method":"a","more":1}\0',
                b'{"method":"' + b"a" * 100 + b'"}\0', b"x" * 5000,
                b'{"method":"a","parameters":{"b":' + b'{"c":' * 50 + b"1" + b"}" * 52 + b"\0"]
        self.start()
        for count, data in enumerate(rows, 1):
            with self.subTest(data[:40]), Client(self.address) as client:
                client.send(data)
                self.assertTrue(client.is_dropped())
            self.assertEqual(self.dropped(), count)

    @unittest.skipUnless(os.getuid() == 0, "only root can be somebody else")
    def test_other_users(self):
        self.start()
        os.chmod(self.address, 0o666)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.setresuid(65534, 65534, 65534)
                with Client(self.address) as client:
                    status = 0 if client.is_dropped() else 2
            finally:
                os._exit(status)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertEqual(self.status()["lost"]["clients_refused"], 1)

    @unittest.skipUnless(os.getuid() == 0, "only root can be somebody else")
    def test_clients_of_the_caller_leave_a_place_for_root(self):
        """Followers do not give way; the caller's fill what there is for them, and root is answered."""
        self.start(arguments=("--caller=65534:65534",))
        os.chmod(self.dir, 0o711)
        os.chmod(self.address, 0o666)
        followers, dropped = [], []
        for _ in range(10):
            os.seteuid(65534)
            try:
                followers.append(Client(self.address))
            finally:
                os.seteuid(0)
            try:
                followers[-1].ask(OURS + "FollowEvents", more=True)
            except OSError:
                pass                            # dropped already
            dropped.append(self.status()["lost"]["clients_dropped"])
        self.assertEqual(dropped, [0] * 7 + [1, 2, 3])
        for client in followers:
            client.socket.close()

    def test_flood_of_calls(self):
        self.start()
        with Client(self.address) as client:
            try:
                client.send(b'{"method":"org.varlink.service.GetInfo"}\0' * 500)
            except OSError:
                pass                            # dropped already
            self.assertTrue(client.is_dropped())
        self.assertEqual(self.dropped(), 1)

    def talkative(self):
        """An agent that has more to say than there is room for on the way."""
        agent = self.start()
        record = numbered(load_records(1)[0], 1)
        for _ in range(20):
            agent.judge(*[record] * 50)
        return agent

    def test_agent_that_did_not_run_drops_nobody(self):
        agent = self.talkative()

        def is_kept():
            """Unless we do not run for as long, then."""
            before = self.dropped()
            with Client(self.address) as client:
                client.ask(OURS + "ListEvents", more=True)
                select.select([client.socket], [], [], PATIENCE_SEC)
                signal_and_see(agent.pid, signal.SIGSTOP)
                time.sleep(3)
                os.kill(agent.pid, signal.SIGCONT)
                try:
                    while client.receive().get("continues"):
                        pass
                except EOFError:
                    pass
            return self.dropped() == before
        wait_until(is_kept, what="a client that is not dropped")

    def test_client_that_does_not_read(self):
        self.talkative()
        with Client(self.address) as client:
            client.ask(OURS + "ListEvents", more=True)
            wait_until(self.dropped, what="it to be dropped")
            self.assertTrue(client.is_dropped())

    def test_silent_clients_give_way(self):
        self.start()
        silent = [Client(self.address) for _ in range(20)]
        for _ in range(10):
            self.status()
        for client in silent:
            client.socket.close()
        self.assertEqual(self.dropped(), 0)

    def test_flood_of_connections(self):
        """It costs those who connect, and not the verdicts."""
        agent = self.start()
        record = numbered(load_records(1)[0], 1)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            for _ in range(20):
                connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                connection.connect_ex(self.address)
                connection.close()
            self.assertEqual(agent.judge(record)[0], ["trusted 1"])
        self.assertGreater(self.status()["events"], 0)

    def test_client_gone_while_it_follows(self):
        agent = self.start()
        record = numbered(load_records(1)[0], 1)
        with Client(self.address) as client:
            client.ask(OURS + "FollowEvents", more=True)
            self.status()
        for _ in range(100):
            self.assertEqual(agent.judge(record)[0], ["trusted 1"])
        self.assertEqual(self.dropped(), 0)


if __name__ == "__main__":
    TMA = sys.argv.pop(1)
    unittest.main(verbosity=2)
