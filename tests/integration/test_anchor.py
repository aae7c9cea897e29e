#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_anchor.py - the anchor on a simulated TPM: what it keeps, and what it survives."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import unittest

from patience import PATIENCE_SEC, signal_and_see, wait_until
from simulator import (ANCHORED, BUSY, ENTRY, FLUSH, GARBAGE, GONE, INTERVAL, MODEL, OLD, RESUME, SEAL, START,
                       STATE, STATE_ONLY, STOP, VIOLATION, Client, Machine, pack)

ANCHOR = QUIXOTE = None         # set below


class AnchorTest(unittest.TestCase):
    def setUp(self):
        self.machine = Machine(ANCHOR, QUIXOTE)
        self.addCleanup(self.machine.close)

    def assert_log_is_register(self):
        self.assertEqual(self.machine.replay(), self.machine.tpm.register())

    def kinds(self, workload="web"):
        return [e["kind"] for e in self.machine.entries() if e["workload"] == workload]


class Chains(AnchorTest):
    def test_life_of_a_workload(self):
        self.machine.start()
        client = self.machine.client()
        self.assertEqual(client.entry(START, version=3), (ANCHORED, 1))
        self.assertEqual(client.entry(SEAL, version=3), (ANCHORED, 2))
        self.assertEqual(client.entry(VIOLATION, version=3, events=9, outside=1, measurement="ef" * 32),
                         (ANCHORED, 3))
        self.assertEqual(client.entry(STOP, version=3, events=20, outside=2, lost=1, measurement="01" * 32),
                         (ANCHORED, 4))
        entries = self.machine.entries()
        self.assertEqual([e["kind"] for e in entries], ["start", "seal", "violation", "stop"])
        self.assertEqual([e["number"] for e in entries], [1, 2, 3, 4])
        self.assertEqual(entries[3] | {"time": 0}, {
            "workload": "web", "number": 4, "kind": "stop", "mode": "enforce", "model": MODEL, "version": 3,
            "state": STATE, "measurement": "01" * 32, "events": 20, "outside": 2, "lost": 1, "time": 0})
        self.assertLess(abs(entries[3]["time"] / 1e6 - time.time()), 60)
        self.assert_log_is_register()

    def test_digest_follows_from_content(self):
        """By the specification alone."""
        self.machine.start()
        self.machine.client().entry(START)
        with open(self.machine.log, encoding="ascii") as lines:
            line = lines.read().splitlines()[1]
        content = line[line.index('"content":') + 10:-1]
        entry = content[content.index("[") + 1:-2]
        head = hashlib.sha256(bytes(32) + entry.encode()).hexdigest()
        root = hashlib.sha256(f"quixote anchor root 1\nweb 1 0 {head}\n".encode()).digest()
        digest = hashlib.sha256(b"quixote anchor record 1\n" + root + content.encode()).hexdigest()
        self.assertEqual(self.machine.records()[1]["digests"], [{"hashAlg": "sha256", "digest": digest}])

    def test_what_comes_together_is_one_extension(self):
        anchor = self.machine.start()
        before = len(self.machine.records())
        clients = [self.machine.client() for _ in range(40)]
        self.machine.client().flush()                               # they are accepted
        signal_and_see(anchor.pid, signal.SIGSTOP)
        for i, client in enumerate(clients):
            client.send(ENTRY, START, f"w{i}")
        anchor.send_signal(signal.SIGCONT)
        for client in clients:
            self.assertEqual(client.answer(), (ANCHORED, 1))
        self.assertEqual(len(self.machine.entries()), 40)
        self.assertLess(len(self.machine.records()) - before, 10)
        self.assert_log_is_register()

    def test_more_than_one_batch(self):
        self.machine.start()
        clients = [self.machine.client() for _ in range(150)]
        for i, client in enumerate(clients):
            client.send(ENTRY, START, f"w{i}")
        for client in clients:
            self.assertEqual(client.answer(), (ANCHORED, 1))
        self.assertEqual(len(self.machine.entries()), 150)
        self.assert_log_is_register()

    def test_interval(self):
        self.machine.configure(Interval="1s")
        begun = time.monotonic()
        self.machine.start()
        client = self.machine.client()
        client.entry(START)
        client.send(STATE_ONLY, INTERVAL, "web", events=77)

        def intervals():
            return [e for e in self.machine.entries() if e["kind"] == "interval"]
        wait_until(lambda: len(intervals()) >= 2 and intervals()[-1]["events"] == 77, what="intervals")
        count = len(intervals())
        self.assertLessEqual(count, time.monotonic() - begun)       # none comes sooner
        client.entry(STOP)
        count = len(self.kinds())
        time.sleep(1.5)
        self.assertEqual(len(self.kinds()), count)     # nothing more of what has ended
        self.assert_log_is_register()

    def test_flush_brings_the_newest_state(self):
        self.machine.start()
        client = self.machine.client()
        client.entry(START)
        client.send(STATE_ONLY, INTERVAL, "web", events=5)
        self.assertEqual(self.machine.client().flush(), (ANCHORED, 0))
        self.assertEqual(self.machine.entries()[-1]["events"], 5)
        self.assert_log_is_register()

    def test_time_is_that_of_hearing(self):
        """Who says nothing does not become younger by being written down again."""
        process = self.machine.start()
        web, mail = self.machine.client(), self.machine.client()
        web.entry(START)
        mail.entry(START, "mail")
        for _ in range(2):
            self.assertEqual(web.flush(), (ANCHORED, 0))
        web.send(STATE_ONLY, INTERVAL, "web")
        self.assertEqual(web.flush(), (ANCHORED, 0))
        self.assert_log_is_register()

        def times(workload):
            return [e["time"] for e in self.machine.entries() if e["workload"] == workload and e["kind"] != "gone"]
        self.assertEqual((len(times("web")), len(set(times("web")[:3])), len(set(times("mail")))), (4, 1, 1))
        self.assertGreater(times("web")[3], times("web")[0])
        self.assertGreater(times("mail")[0], times("web")[1])       # which is behind it in the log
        self.machine.stop(process)
        self.machine.start()                                        # on that log
        self.assertIn("workloads: 2\n", self.machine.run("tpm", "status", "--config=" + self.machine.config)[0])

    def test_orchestrator_gone(self):
        self.machine.start()
        client = self.machine.client()
        client.entry(START)
        client.close()
        self.assertEqual(self.machine.client().flush(), (ANCHORED, 0))
        self.assertEqual(self.kinds(), ["start", "gone"])
        self.assertEqual(self.machine.client().entry(START), (ANCHORED, 3))


    def test_socket_of_a_service_manager(self):
        listening = self.machine.listen()
        self.machine.launch_on(listening)
        listening.close()
        self.assertEqual(self.machine.client().entry(START), (ANCHORED, 1))
        self.assert_log_is_register()


class Refusals(AnchorTest):
    def refused(self, result, *arguments, **keys):
        client = self.machine.client()
        before = len(self.machine.entries())
        self.assertEqual(client.entry(*arguments, **keys)[0], result)
        self.assertIsNone(client.answer())
        self.assertEqual(len(self.machine.entries()), before)

    def test_what_is_no_entry(self):
        self.machine.start()
        self.refused(GARBAGE, SEAL)                                 # before its start
        self.refused(GARBAGE, GONE)
        self.refused(GARBAGE, START, workload="")
        self.refused(GARBAGE, START, workload="../web")
        self.refused(GARBAGE, START, workload="x" * 72)
        self.refused(GARBAGE, START, workload='w","number":1')
        self.refused(GARBAGE, START, model="AB" * 32)
        self.refused(GARBAGE, START, model="ab" * 31)
        self.refused(GARBAGE, START, measurement="cd" * 48)         # another size than the state
        self.refused(GARBAGE, START, mode=3)
        self.refused(GARBAGE, 7)
        client = self.machine.client()
        client.socket.send(pack(ENTRY, START, "web")[:-1])
        self.assertEqual(client.answer(), (GARBAGE, 0))
        client = self.machine.client()
        client.socket.send(pack(ENTRY, START, "web") + b"x")
        self.assertEqual(client.answer(), (GARBAGE, 0))
        self.refused(GARBAGE, STATE_ONLY)
        self.assert_log_is_register()

    def test_another_workload_in_the_same_connection(self):
        self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.assertEqual(client.entry(STOP, workload="db"), (GARBAGE, 0))
        self.assertEqual(self.machine.client().flush(), (ANCHORED, 0))
        self.assertEqual(self.kinds(), ["start", "gone"])

    def test_two_of_one_name(self):
        self.machine.start()
        self.machine.client().entry(START)
        self.refused(BUSY, START)

    def test_older_model(self):
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START, version=7)
        client.entry(STOP, version=7)
        client.close()
        client = self.machine.client()
        self.assertEqual(client.entry(START, version=6), (OLD, 7))
        self.machine.stop(process)
        self.machine.tpm.reset()                                    # the log goes on after a boot
        self.machine.start()
        self.assertEqual(self.machine.client().entry(START, version=6), (OLD, 7))
        self.assertEqual(self.machine.client().entry(START, version=7), (ANCHORED, 3))

    def test_configuration(self):
        for line, why in (("Register=11", "expected 8, 9, 12, 13, 14 or 15"), ("Register=16", "expected 8"),
                          ("Register=24", "expected"), ("Counter=1500000", "none, or an index"), ("Interval=0s", "a time"),
                          ("Interval=5", "a time"), ("Directory=log", "absolute"), ("Quux=1", "unknown key"),
                          ("TCTI=", "expected device"), ("LogSize=3K", "a size"), ("LogSize=33M", "a size"),
                          ("LogSize=4096", "a size"), ("LogSize=M", "a size"), ("Keep=0", "a number from 1"),
                          ("Keep=10001", "a number from 1"), ("Keep=-1", "a number from 1"), ("Register=8\nRegister=9", "twice")):
            with open(self.machine.config, "w", encoding="utf-8") as file:
                file.write("[TPM]\n" + line + "\n")
            self.assertIn(why, self.machine.failed(self.machine.launch()), line)


class Counter(AnchorTest):
    """An old copy of the log, and what quixote tpm makes."""

    def setUp(self):
        super().setUp()
        self.machine.configure(Counter="01800511")

    def tpm(self, verb, *options, check=0):
        return self.machine.run("tpm", verb, "--config=" + self.machine.config, *options, check=check)

    def indices(self):
        return self.machine.tpm.run("getcap", "handles-nv-index").stdout.decode().split()

    def test_init_status_remove(self):
        others = self.indices()
        self.assertIn("none; quixote tpm init makes it", self.tpm("status")[0])
        self.assertIn("is made", self.tpm("init")[0])
        self.assertIn("is there", self.tpm("init")[0])
        self.machine.start()
        self.machine.client().entry(START)
        state = json.loads(self.tpm("status", "--json")[0])
        self.assertEqual((state["records"], state["workloads"], state["good"]), (2, 1, True))
        self.assertEqual(bytes.fromhex(state["value"]), self.machine.tpm.register())
        self.assertEqual(state["counter"], self.machine.records()[0]["content"]["counter"])
        self.assertIn("is removed", self.tpm("remove")[0])
        self.assertIn("is not there", self.tpm("remove")[0])
        self.assertEqual(self.indices(), others)
        self.assertTrue(os.path.exists(self.machine.log))

    def test_index_of_somebody_else(self):
        self.machine.tpm.run("nvdefine", "0x01800511", "-s", "8", "-a", "ownerread|ownerwrite|nt=counter")
        before = self.machine.tpm.run("nvreadpublic", "0x01800511").stdout
        for verb in ("init", "remove"):
            self.assertIn("was not made by quixote", self.tpm(verb, check=205)[1])
        self.assertEqual(self.machine.tpm.run("nvreadpublic", "0x01800511").stdout, before)

    def others(self):
        """What is in a TPM that is not ours: names, contents, who may do what."""
        tpm = self.machine.tpm
        found = [tpm.run("getcap", what).stdout for what in
                 ("handles-persistent", "handles-transient", "handles-loaded-session", "handles-saved-session",
                  "properties-variable", "pcrs")]
        found += [tpm.run("nvreadpublic", index).stdout for index in self.indices() if index != "-"]
        found += [tpm.run("nvread", index).stdout for index in ("0x01800510", "0x01800514", "0x01500010")]
        found.append(tpm.run("readpublic", "-c", "0x81000001").stdout)
        return found + [tpm.register(number) for number in range(24) if number != 13]

    def test_others_are_left_alone(self):
        """Neighbours of ours, keys that stay, sessions: through a whole life with evidence."""
        tpm, directory = self.machine.tpm, self.machine.dir
        for index, attributes in (("0x01800510", "ownerread|ownerwrite|authread|authwrite"),
                                  ("0x01800514", "ownerread|ownerwrite|authread|authwrite|no_da"),
                                  ("0x01500010", "ownerread|ownerwrite|authread|authwrite")):
            tpm.run("nvdefine", index, "-s", "32", "-a", attributes)
            tpm.run("nvwrite", index, "-i", "-", data=index.encode() + b"-" * 22)
        tpm.run("createprimary", "-c", directory + "/primary")
        tpm.run("evictcontrol", "-c", directory + "/primary", "0x81000001")
        tpm.run("flushcontext", "-t")
        self.machine.configure(Counter="01800511", Indices="web:01800512 db:01800513")
        before = self.others()
        for _ in range(2):
            self.tpm("init")
        process = self.machine.start()
        self.machine.client().entry(START)
        for arguments in (["attest", "--nonce=" + "5a" * 16], ["attest", "--enroll"], ["tpm", "status"]):
            self.machine.run(*arguments, "--config=" + self.machine.config)
        self.machine.stop(process)
        for _ in range(2):
            self.tpm("remove")
        self.assertEqual(self.others(), before)

    def test_init_that_was_interrupted(self):
        """The counter is there, and has not counted yet: its first value is for the TPM to choose."""
        self.tpm("init")
        self.machine.stop(self.machine.start())
        self.tpm("remove")                                          # the next one begins above it
        os.unlink(self.machine.log)
        self.machine.tpm.reset()
        mark = self.machine.dir + "/mark"
        with open(mark, "wb") as file:
            file.write(b"quixote: accepted state, counter")
        self.machine.tpm.run("nvdefine", "0x01800511", "-s", "8", "-a", "authread|authwrite|no_da|nt=counter", "-L", mark)
        self.assertIn("make it with quixote tpm init", self.machine.failed(self.machine.launch()))
        self.assertIn("is there, at ", self.tpm("init")[0])
        self.machine.stop(self.machine.start())
        self.machine.stop(self.machine.start())
        self.assertGreater(self.machine.records()[0]["content"]["counter"], 2)

    def test_owner(self):
        self.machine.tpm.run("changeauth", "-c", "owner", "secret")
        self.assertIn("--owner=FILE", self.tpm("init", check=205)[1])
        with open(self.machine.dir + "/owner", "w", encoding="ascii") as file:
            file.write("secret")
        self.tpm("init", "--owner=" + file.name)
        self.machine.start()                                        # which does not know the secret
        self.assertGreater(self.machine.records()[0]["content"]["counter"], 0)
        self.assertIn("--owner=FILE", self.tpm("remove", check=205)[1])
        self.tpm("remove", "--owner=" + file.name)

    def test_register_that_is_not_the_log(self):
        self.tpm("init")
        self.machine.start()
        self.machine.tpm.run("pcrextend", "13:sha256=" + "11" * 32)
        self.assertIn("does not say what the register says", self.tpm("status", check=1)[0])
        self.machine.tpm.reset()
        self.assertIn("of an earlier boot", self.tpm("status")[0])

    def test_old_copy_of_the_log(self):
        """A disk is put back to what it was a boot before: models of then would be accepted."""
        self.tpm("init")
        self.machine.stop(self.machine.start())
        with open(self.machine.log, encoding="ascii") as file:
            old = file.read()
        self.machine.tpm.reset()
        process = self.machine.start()
        self.machine.client().entry(START, version=9)
        self.machine.stop(process)
        with open(self.machine.log, encoding="ascii") as file:
            new = file.read()
        self.machine.tpm.reset()
        with open(self.machine.log, "w", encoding="ascii") as file:
            file.write(old)
        self.assertIn("an old copy was put in its place", self.machine.failed(self.machine.launch()))
        with open(self.machine.log, "w", encoding="ascii") as file:
            file.write(new)
        self.machine.start()
        self.assertEqual(self.machine.client().entry(START, version=8), (OLD, 9))

    def test_no_counter(self):
        self.assertIn("make it with quixote tpm init", self.machine.failed(self.machine.launch()))
        self.machine.configure(Counter="none")
        self.machine.stop(self.machine.start())
        self.machine.configure(Counter="01800511")
        self.tpm("init")
        self.assertIn("begun without a counter, and could be any", self.machine.failed(self.machine.launch()))
        os.unlink(self.machine.log)
        self.machine.stop(self.machine.start())
        self.machine.configure(Counter="none")
        self.assertIn("the log has a counter", self.machine.failed(self.machine.launch()))

    def test_counter_that_is_gone(self):
        self.tpm("init")
        self.machine.stop(self.machine.start())
        self.tpm("remove")
        self.assertIn("has lost the counter", self.machine.failed(self.machine.launch()))

    def test_no_tpm(self):
        self.machine.tpm.stop()
        for verb in ("init", "status", "remove"):
            self.assertIn("TCTI= in tpm.conf(5)", self.tpm(verb, check=205)[1])
        self.machine.tpm.start()


class Index(AnchorTest):
    """An NV index for one workload, to which keys can be bound."""

    def setUp(self):
        super().setUp()
        self.configure()

    def configure(self, **keys):
        self.machine.configure(Indices="web:01800512 db:01800513", **keys)

    def tpm(self, verb, *options, check=0):
        return self.machine.run("tpm", verb, "--config=" + self.machine.config, *options, check=check)

    def value(self, index="0x01800512"):
        return self.machine.tpm.run("nvread", index, "-C", index).stdout

    def heads(self):
        """As the specification says, from the log."""
        with open(self.machine.log, encoding="ascii") as lines:
            head, value = bytes(32), bytes(32)
            for line in lines.read().splitlines()[1:]:
                content = line[line.index('"entries":[') + 11:-3]
                for entry in content.replace("},{", "}\n{").splitlines():
                    if '{"workload":"web",' in entry:
                        head = hashlib.sha256(head + entry.encode()).digest()
                if '{"workload":"web",' in content:
                    value = hashlib.sha256(value + head).digest()
        return value

    def test_heads_of_a_chain(self):
        self.assertEqual(self.tpm("init")[0].count("is made"), 2)
        self.assertEqual(self.tpm("init")[0].count("is there"), 2)
        self.machine.start()
        client, other = self.machine.client(), self.machine.client()
        client.entry(START)
        other.entry(START, "mail")
        client.entry(SEAL)
        client.send(ENTRY, VIOLATION, "web", outside=1)
        client.send(ENTRY, STOP, "web", outside=1)
        self.assertEqual((client.answer()[0], client.answer()[0]), (ANCHORED, ANCHORED))
        self.assertEqual(self.value(), self.heads())
        self.assert_log_is_register()
        self.machine.stop(self.machine.anchors[-1])
        self.machine.start()                                        # the same boot
        self.machine.client().entry(START)
        self.assertEqual(self.value(), self.heads())
        self.machine.stop(self.machine.anchors[-1])
        self.machine.tpm.reset()
        self.machine.start()                                        # another
        self.machine.client().entry(START)
        self.assertNotEqual(self.value(), bytes(32))
        self.assertEqual(self.tpm("remove")[0].count("is removed"), 2)
        self.assertEqual(self.tpm("remove")[0].count("is not there"), 2)

    def test_killed_before_the_index(self):
        """The register has the line, the index has not."""
        self.tpm("init")
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        client.entry(SEAL)
        good = self.value()
        self.machine.stop(process)
        self.tpm("remove")
        self.tpm("init")
        with open(self.machine.log, encoding="ascii") as lines:
            first = lines.read().splitlines()[1]
        entry = first[first.index('"entries":[') + 11:-3]
        head = hashlib.sha256(bytes(32) + entry.encode()).digest()
        self.machine.tpm.run("nvextend", "0x01800512", "-C", "0x01800512", "-i", "-", data=head)
        self.assertNotEqual(self.value(), good)
        self.assertEqual(self.kinds(), ["start", "seal"])
        self.machine.start()
        self.assertEqual(self.value(), good)

    def test_somebody_else_extends_it(self):
        self.tpm("init")
        process = self.machine.start()
        self.machine.client().entry(START)
        self.machine.tpm.run("nvextend", "0x01800512", "-C", "0x01800512", "-i", "-", data=b"1" * 32)
        self.machine.client().send(ENTRY, START, "mail")
        self.assertIn("index 01800512 of web is not what the log says", self.machine.failed(process))

    def test_made_too_late(self):
        self.machine.configure()
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        client.entry(SEAL)
        self.machine.stop(process)
        self.configure()
        self.assertIn("make it with quixote tpm init", self.machine.failed(self.machine.launch()))
        self.tpm("init")
        self.assertIn("it was made after the start of web", self.machine.failed(self.machine.launch()))
        self.machine.tpm.reset()
        self.machine.start()

    def test_index_of_somebody_else(self):
        self.machine.tpm.run("nvdefine", "0x01800513", "-s", "32", "-a", "authread|authwrite|nt=extend")
        for verb in ("init", "remove"):
            self.assertIn("was not made by quixote", self.tpm(verb, check=205)[1])
        self.machine.tpm.run("nvreadpublic", "0x01800513")

    def test_configuration(self):
        for value in ("web", "web:", "web:01700000", ":01800512", "web:01800512 web:01800513", "a:01800512 b:01800512",
                      "a:01800512 b:01800513 c:01800514 d:01800515 e:01800516", "../web:01800512", "web:0180051g"):
            self.machine.configure(Indices=value)
            self.assertIn("expected up to four", self.machine.failed(self.machine.launch()), value)


# Ends the process that it is loaded into before or after step DIE of beginning the next file.
DIES = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int armed, steps;

static void step(void)
{
    if (armed && steps++ == atoi(getenv("DIE")))
        syscall(SYS_exit_group, 99);
}

#define STEP(type, name, parameters, arguments)         \\
    type name parameters                                \\
    {                                                   \\
        type (*real) parameters = dlsym(RTLD_NEXT, #name); \\
        type r;                                         \\
        step();                                         \\
        r = real arguments;                             \\
        step();                                         \\
        return r;                                       \\
    }

STEP(int, fsync, (int fd), (fd))
STEP(int, linkat, (int a, const char *b, int c, const char *d, int e), (a, b, c, d, e))
STEP(int, renameat, (int a, const char *b, int c, const char *d), (a, b, c, d))
STEP(int, unlinkat, (int a, const char *b, int c), (a, b, c))
STEP(int, connect, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))

ssize_t write(int fd, const void *data, size_t size)
{
    if (size > 200 && memmem(data, 200, "\\"checkpoint\\"", 12)) {
        armed = 1;
        step();
        syscall(SYS_write, fd, data, size / 2);
        step();
        syscall(SYS_write, fd, (const char *)data + size / 2, size - size / 2);
        step();
        return size;
    }
    return syscall(SYS_write, fd, data, size);
}
"""


class Files(AnchorTest):
    """The log goes on in another file, which begins with all that is known."""

    def setUp(self):
        super().setUp()
        self.configure()

    def configure(self, **keys):
        self.machine.configure(LogSize="4K", **keys)

    def serials(self):
        return [self.machine.records(path)[0]["content"]["file"] for path in self.machine.files()]

    def serial(self):
        return self.machine.records()[0]["content"]["file"]

    def fill(self, client, count=1, **keys):
        """Entries until so many files more have been begun."""
        wanted = self.serial() + count
        while self.serial() < wanted:
            self.assertEqual(client.entry(SEAL, **keys)[0], ANCHORED)

    def until_long(self, client):
        """So that the next entry begins the next file."""
        while os.path.getsize(self.machine.log) <= 4096:
            client.entry(SEAL)

    def test_each_goes_on_where_the_one_before_ended(self):
        self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.fill(client, 4)
        files = self.machine.files()
        self.assertEqual(self.serials(), [1, 2, 3, 4, 5])
        records = self.machine.records(*files)
        self.assertEqual([r["recnum"] for r in records], list(range(len(records))))
        numbers = [e["number"] for e in self.machine.entries(*files)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        value = self.machine.tpm.register()
        for at, path in enumerate(files):                           # from each of them on
            self.assertEqual(self.machine.replay(*files[at:]), value, path)
        for old, new in zip(files, files[1:]):
            first = self.machine.records(new)[0]["content"]
            with open(old, "rb") as file:
                self.assertEqual(first["before"], hashlib.sha256(file.read()).hexdigest())
            self.assertEqual(first["value"], self.machine.replay(old).hex())
            self.assertEqual(first["start"], "00" * 32)
            self.assertLess(os.path.getsize(old), 6000)

    def test_all_is_known(self):
        """Nobody has read the files before."""
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START, version=7)
        client.entry(VIOLATION, version=7, events=4, outside=1, measurement="ef" * 32)
        self.fill(client, version=7)
        client.entry(STOP, version=7)
        numbers = [e["number"] for e in self.machine.entries(*self.machine.files())]
        self.machine.stop(process)
        for path in self.machine.files()[:-1]:
            os.unlink(path)
        self.machine.start()
        self.assertEqual(self.machine.client().entry(START, version=6), (OLD, 7))
        self.assertEqual(self.machine.client().entry(START, version=7), (ANCHORED, len(numbers) + 1))
        chain, = self.machine.records()[0]["content"]["chains"]
        self.assertEqual(chain["violated"], 1)
        self.assert_log_is_register()

    def test_index(self):
        self.configure(Indices="web:01800512")
        self.machine.run("tpm", "init", "--config=" + self.machine.config)
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.fill(client, 2)
        self.machine.stop(process)
        self.machine.start()
        self.machine.client().entry(START)
        self.machine.run("tpm", "remove", "--config=" + self.machine.config)

    def test_killed_between_any_two_steps(self):
        self.configure(Keep="1")
        source, library = self.machine.dir + "/dies.c", self.machine.dir + "/dies.so"
        with open(source, "w", encoding="ascii") as file:
            file.write(DIES)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        process, steps = self.machine.start(), 0
        client = self.machine.client()
        client.entry(START)
        self.fill(client, 2)                                        # one is pruned by each from now on
        self.machine.stop(process)
        while True:
            process = self.machine.start(LD_PRELOAD=library, DIE=str(steps))
            client = self.machine.client()
            wanted = self.serial() + 1
            answer = client.entry(START)
            while answer and self.serial() < wanted:
                client.send(ENTRY, SEAL, "web")
                answer = client.answer()
            if answer:
                break
            self.assertEqual(process.wait(), 99)
            steps += 1
            self.machine.stop(self.machine.start())
            self.assert_log_is_register()
            records = self.machine.records(*self.machine.files()[-2:])
            numbers = [r["recnum"] for r in records]
            if len(set(numbers)) == len(numbers):                   # it is not both names of one file
                self.assertEqual(numbers, list(range(numbers[0], numbers[-1] + 1)), steps)
        self.assertGreater(steps, 14)

    def test_pruned(self):
        self.configure(Keep="2")
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.fill(client, 5)
        self.assertEqual(self.serials(), [4, 5, 6])
        self.assertEqual(self.machine.records()[0]["content"]["pruned"], 3)
        self.machine.stop(process)
        self.machine.tpm.reset()                                    # boots count as well
        self.machine.stop(self.machine.start())
        self.assertEqual(self.serials(), [5, 6, 7])
        self.assertEqual(self.machine.records()[0]["content"]["pruned"], 4)
        self.configure(Keep="9")                                    # what was pruned stays counted
        self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.fill(client)
        self.assertEqual(self.serials(), [5, 6, 7, 8])
        self.assertEqual(self.machine.records()[0]["content"]["pruned"], 4)
        self.assert_log_is_register()

    def test_log_that_was_taken_away(self):
        """The next one has a number of its own."""
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.fill(client, 2)
        self.machine.stop(process)
        os.unlink(self.machine.log)
        self.machine.start()
        self.assertEqual(self.serials(), [1, 2, 3])
        self.assertEqual(self.machine.records()[0]["content"]["kind"], "begin")

    def test_checkpoint_was_changed(self):
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        client.entry(VIOLATION, outside=1, measurement="ef" * 32)
        self.fill(client)
        self.machine.stop(process)
        with open(self.machine.log, encoding="ascii") as file:
            good = file.read()
        self.assertIn('"violated":1', good)
        changed = good.replace('"violated":1', '"violated":0')
        content = changed[changed.index('"content":') + 10:changed.index("\n") - 1]
        chain, = json.loads(content)["chains"]
        root = f"quixote anchor root 1\nweb {chain['last']['number']} {chain['version']} {chain['head']}\n"
        digest = hashlib.sha256(b"quixote anchor record 1\n" + hashlib.sha256(root.encode()).digest() +
                                content.encode()).hexdigest()
        consistent = changed.replace(json.loads(changed.splitlines()[0])["digests"][0]["digest"], digest, 1)
        for text, why in ((changed, "does not follow from its content"), (consistent, "not what the log says"),
                          (good.replace('"reset":', '"reset":9', 1), "does not follow from its content")):
            with open(self.machine.log, "w", encoding="ascii") as file:
                file.write(text)
            self.assertIn(why, self.machine.failed(self.machine.launch()))
        with open(self.machine.log, "w", encoding="ascii") as file:
            file.write(good)
        self.machine.start()

    def test_another_file_of_that_number(self):
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.until_long(client)
        with open(self.machine.log + ".1", "w", encoding="ascii") as file:
            file.write("whose?\n")
        client.send(ENTRY, SEAL, "web")
        self.assertIn("anchor.cel.1 is there, and another one; move it away", self.machine.failed(process))
        self.assertIsNone(client.answer())
        with open(file.name, encoding="ascii") as file:
            self.assertEqual(file.read(), "whose?\n")
        os.unlink(file.name)
        self.machine.start()
        self.machine.client().entry(START)
        self.assertEqual(self.serials(), [1, 2])
        self.assert_log_is_register()

    def test_disk_full(self):
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.until_long(client)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (600, 600))
        client.send(ENTRY, SEAL, "web")
        self.assertIn("make room", self.machine.failed(process))
        self.assertIsNone(client.answer())
        self.assertEqual(self.serials(), [1])
        self.machine.start()
        self.machine.client().entry(START)
        self.assertEqual(self.serials(), [1, 2])
        self.assert_log_is_register()

    def test_format_1_goes_on(self):
        """A log of the version before, in the same boot."""
        self.machine.stop(self.machine.start())
        begin = self.machine.records()[0]["content"]
        self.machine.tpm.reset()
        content = ('{"kind":"begin","format":1,"boot":"%s","reset":%d,"counter":0,"start":"%s","time":%d,"chains":[]}' %
                   (begin["boot"], begin["reset"] + 1, begin["start"], begin["time"]))
        root = hashlib.sha256(b"quixote anchor root 1\n").digest()
        digest = hashlib.sha256(b"quixote anchor record 1\n" + root + content.encode()).hexdigest()
        with open(self.machine.log, "w", encoding="ascii") as file:
            file.write('{"recnum":0,"pcr":13,"digests":[{"hashAlg":"sha256","digest":"%s"}],"content_type":"quixote",'
                       '"content":%s}\n' % (digest, content))
        self.machine.tpm.run("pcrextend", "13:sha256=" + digest)
        self.machine.start()
        client = self.machine.client()
        self.assertEqual(client.entry(START), (ANCHORED, 1))
        while len(self.machine.files()) == 1:
            client.entry(SEAL)
        self.assertEqual(self.machine.replay(*self.machine.files()), self.machine.tpm.register())
        self.assertEqual(self.serial(), 2)


class Failures(AnchorTest):
    """Rows of docs/failures.md."""

    def test_no_tpm(self):
        self.machine.tpm.stop()
        self.assertIn("no TPM: ", self.machine.failed(self.machine.launch()))
        self.machine.tpm.start()

    def test_tpm_goes_away_and_comes_back(self):
        process = self.machine.start()
        client = self.machine.client()
        client.entry(START)
        self.machine.tpm.stop()
        client.send(ENTRY, SEAL, "web")
        self.assertIn("the TPM: ", self.machine.failed(process))
        self.assertIsNone(client.answer())                          # never said to be anchored
        self.machine.tpm.start()                                    # which has reset it
        self.machine.start()
        client = self.machine.client()
        self.assertEqual(client.entry(RESUME)[0], ANCHORED)
        self.assertEqual(self.machine.records()[0]["content"]["chains"][0]["number"], 2)
        self.assert_log_is_register()

    def test_tpm_is_reset(self):
        process = self.machine.start()
        self.machine.client().entry(START)
        self.machine.tpm.reset()
        client = self.machine.client()
        client.send(ENTRY, START, "db")
        self.assertIn("the TPM was reset", self.machine.failed(process))
        self.assertIsNone(client.answer())
        first = self.machine.records()[0]["content"]
        self.machine.start()
        second = self.machine.records()[0]["content"]
        self.assertGreater(second["reset"], first["reset"])
        self.assertEqual({c["workload"] for c in second["chains"]}, {"web", "db"})
        with open(self.machine.log + ".1", encoding="ascii") as old:
            self.assertEqual(json.loads(old.readline())["content"], first)
        self.assertFalse(os.path.exists(self.machine.log + ".2"))
        self.assert_log_is_register()

    def test_somebody_else_extends_the_register(self):
        process = self.machine.start()
        self.machine.tpm.run("pcrextend", "13:sha256=" + "11" * 32)
        client = self.machine.client()
        client.send(ENTRY, START, "web")
        self.assertIn("something else has extended it", self.machine.failed(process))
        self.assertIsNone(client.answer())
        self.assertIn("something else has extended it", self.machine.failed(self.machine.launch()))
        self.machine.tpm.reset()
        self.machine.start()                                        # a boot later all is well

    def test_killed_between_log_and_register(self):
        """A line is on disk, and the anchor died before it extended the register with it."""
        process = self.machine.start()
        self.machine.client().entry(START)
        self.machine.stop(process)
        before = self.machine.tpm.register()
        with open(self.machine.log, encoding="ascii") as file:
            text = file.read().splitlines()[-1]
        entry = text[text.index("[{\"workload") + 1:-3]
        heads = [hashlib.sha256(bytes(32) + entry.encode()).hexdigest()]
        entry = entry.replace('"number":1', '"number":2').replace('"start"', '"stop"')
        heads.append(hashlib.sha256(bytes.fromhex(heads[0]) + entry.encode()).hexdigest())
        content = '{"kind":"append","entries":[' + entry + "]}"
        root = hashlib.sha256(f"quixote anchor root 1\nweb 2 0 {heads[1]}\n".encode()).digest()
        digest = hashlib.sha256(b"quixote anchor record 1\n" + root + content.encode()).hexdigest()
        with open(self.machine.log, "a", encoding="ascii") as file:
            file.write('{"recnum":2,"pcr":13,"digests":[{"hashAlg":"sha256","digest":"' + digest +
                       '"}],"content_type":"quixote","content":' + content + "}\n")
        self.assertNotEqual(self.machine.replay(), before)
        self.machine.start()
        self.assertEqual(self.kinds(), ["start", "stop"])
        self.assert_log_is_register()

    def test_line_was_cut_off(self):
        process = self.machine.start()
        self.machine.client().entry(START)
        self.machine.stop(process)
        with open(self.machine.log, "a", encoding="ascii") as file:
            file.write('{"recnum":2,"pcr":13,"dig')
        self.machine.start()
        self.assertEqual(self.machine.client().entry(START, "db"), (ANCHORED, 1))
        self.assert_log_is_register()

    def test_log_was_changed(self):
        process = self.machine.start()
        self.machine.client().entry(START)
        self.machine.stop(process)
        with open(self.machine.log, encoding="ascii") as file:
            text = file.read()
        for old, new, why in (('"kind":"start"', '"kind":"seal"', "does not follow from its content"),
                              ('"recnum":1', '"recnum":2', "not the next one"),
                              ('"pcr":13', '"pcr":12', "another register"),
                              ("web", "we b", "spelled in another way")):
            with open(self.machine.log, "w", encoding="ascii") as file:
                file.write(text.replace(old, new))
            self.assertIn(why, self.machine.failed(self.machine.launch()), old)
        with open(self.machine.log, "w", encoding="ascii") as file:
            file.write(text.splitlines(True)[0])                    # the end was cut off
        self.assertIn("is not what the log says", self.machine.failed(self.machine.launch()))
        with open(self.machine.log, "w", encoding="ascii") as file:
            file.write(text)
        self.machine.start()

    def test_disk_full(self):
        process = self.machine.start()
        self.machine.client().entry(START)
        size = os.path.getsize(self.machine.log)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + 100, size + 100))
        client = self.machine.client()
        client.send(ENTRY, START, "db")
        self.assertIn("make room", self.machine.failed(process))
        self.assertIsNone(client.answer())
        self.assertEqual(os.path.getsize(self.machine.log), size)   # no half line
        self.machine.start()
        self.assertEqual(self.machine.client().entry(START, "db"), (ANCHORED, 1))

    def test_log_that_is_too_long(self):
        self.machine.stop(self.machine.start())
        size = os.path.getsize(self.machine.log)
        os.truncate(self.machine.log, (64 << 20) + 1)
        self.assertIn("is not a log, or too long", self.machine.failed(self.machine.launch()))
        os.truncate(self.machine.log, size)
        self.machine.start()

    def test_two_anchors(self):
        self.machine.start()
        other = subprocess.run([ANCHOR, "--config=" + self.machine.config], capture_output=True, timeout=PATIENCE_SEC,
                               check=False)
        self.assertEqual(other.returncode, 1)
        self.assertIn(b"another anchor runs", other.stderr)

    def test_lockout(self):
        """Of the dictionary attack logic: nothing of ours has a secret that is protected by it."""
        process = self.machine.start()
        tpm = self.machine.tpm
        tpm.run("dictionarylockout", "--setup-parameters", "--max-tries=1", "--recovery-time=1000",
                "--lockout-recovery-time=1000")
        tpm.run("nvdefine", "0x01800600", "-s", "8", "-p", "right", "-a", "authread|authwrite|ownerwrite")
        tpm.run("nvwrite", "0x01800600", "-C", "0x01800600", "-P", "right", "-i", "-", data=b"12345678")
        for _ in range(2):
            tpm.run("nvread", "0x01800600", "-C", "0x01800600", "-P", "wrong", check=False)
        locked = tpm.run("nvread", "0x01800600", "-C", "0x01800600", "-P", "right", check=False)
        self.assertIn(b"lockout", locked.stderr.lower())
        self.assertEqual(self.machine.client().entry(START), (ANCHORED, 1))
        self.machine.stop(process)
        self.machine.start()
        self.assert_log_is_register()

    def test_others_use_the_tpm(self):
        """Its few sessions and objects are all taken: extending a register needs none."""
        self.machine.start()
        taken = 0
        for i in range(8):
            taken += self.machine.tpm.run("createprimary", "-c", f"{self.machine.dir}/key{i}",
                                          check=False).returncode != 0
            self.machine.tpm.run("startauthsession", "-S", f"{self.machine.dir}/session{i}", check=False)
        self.assertGreater(taken, 0)
        self.assertEqual(self.machine.client().entry(START), (ANCHORED, 1))
        self.assert_log_is_register()

    @unittest.skipUnless(os.getuid() == 0, "needs other users")
    def test_other_users(self):
        """It has no privilege; root and its own user may feed it, and nobody else."""
        machine = self.machine
        os.chmod(machine.dir, 0o755)
        os.chmod(machine.tpm.path, 0o666)
        os.chmod(machine.tpm.path + ".ctrl", 0o666)
        os.mkdir(machine.dir + "/run")
        for path in (machine.dir + "/log", machine.dir + "/run"):
            os.chown(path, 65534, 65534)
        machine.socket = machine.dir + "/run/socket"
        machine.configure(Socket=machine.socket)
        program = machine.dir + "/anchor"
        with open(program, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups "{ANCHOR}" "$@"\n')
        os.chmod(program, 0o755)
        machine.program = program
        process = machine.start()
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        self.assertEqual(set(status["Uid"].split()), {"65534"})
        self.assertEqual(machine.client().entry(START), (ANCHORED, 1))
        os.chmod(machine.socket, 0o666)                             # as if somebody had opened it
        child = os.fork()
        if child == 0:
            os.setresuid(65533, 65533, 65533)
            client = Client(machine.socket)
            try:
                os._exit(client.entry(START, "db") is not None)
            except OSError:
                os._exit(0)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(machine.client().flush(), (ANCHORED, 0))
        self.assertEqual({e["workload"] for e in machine.entries()}, {"web"})

    def test_sandbox(self):
        process = self.machine.start()
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)


if __name__ == "__main__":
    ANCHOR, QUIXOTE = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main(verbosity=2)
