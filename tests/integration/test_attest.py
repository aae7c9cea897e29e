#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_attest.py - evidence made with a simulated TPM, and what a verifier without one says of it."""

import base64
import fcntl
import hashlib
import json
import mmap
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

try:
    import cbor2
except ImportError:
    cbor2 = None

from patience import PATIENCE_SEC
from simulator import ANCHORED, ANSWER, INTERVAL, MODEL, SEAL, START, STATE_ONLY, STOP, VIOLATION, Machine

ANCHOR = QUIXOTE = CHANGED = None   # set below
NONCE = "00112233445566778899aabbccddeeff"


class AttestTest(unittest.TestCase):
    """A machine of which the key is known, with one workload that runs within its model."""

    # A TPM that is known: to make its RSA key takes longer than all the rest.
    known = None

    def setUp(self):
        if not AttestTest.known:
            AttestTest.known = self.make_known()
        self.machine = Machine(ANCHOR, QUIXOTE, state=self.known + "/state")
        self.addCleanup(self.machine.close)
        self.dir = self.machine.dir
        shutil.copy(self.known + "/ak.pem", self.dir)
        self.machine.start()
        self.client = self.machine.client()
        self.client.entry(START, version=3)
        self.client.entry(SEAL, version=3)

    def make_known(self):
        directory = tempfile.mkdtemp(prefix="quixote-known-")
        unittest.addModuleCleanup(shutil.rmtree, directory)
        machine = Machine(ANCHOR, QUIXOTE)
        try:
            self.machine, self.dir = machine, machine.dir
            self.enroll()
            machine.tpm.stop()
            shutil.copytree(machine.dir + "/state", directory + "/state")
            shutil.copy(machine.dir + "/ak.pem", directory)
        finally:
            machine.close()
        return directory

    def quixote(self, *arguments, **options):
        return self.machine.run(*arguments, **options)

    def attest(self, *names, nonce=NONCE, machine=None, **options):
        machine = machine or self.machine
        return machine.run("attest", "--nonce=" + nonce, "--config=" + machine.config, *names, **options)[0]

    def write(self, name, text):
        path = self.dir + "/" + name
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def preload(self, source):
        """A library for LD_PRELOAD."""
        library = self.dir + "/preload.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, self.write("preload.c", source)], check=True)
        return library

    def enroll(self, *options, machine=None, name="ak.pem"):
        machine = machine or self.machine
        secret = f"{self.dir}/secret-{name}"
        request = self.write("request", machine.run("attest", "--enroll", "--config=" + machine.config)[0])
        challenge = self.quixote("verify", "--challenge=" + request, "--secret=" + secret,
                                 *(options or ["--no-certificate"]))[0]
        answer = machine.run("attest", "--activate=" + self.write("challenge", challenge),
                             "--config=" + machine.config)[0]
        return self.write(name, self.quixote("verify", "--accept=" + self.write("answer", answer),
                                             "--secret=" + secret)[0])

    def policy(self, workload=f"[Workload web]\nModel={MODEL}\n", machine=""):
        return self.write("policy", f"[Machine]\nKey=ak.pem\n{machine}{workload}")

    def verify(self, evidence, *options, check=0, nonce=NONCE, **keys):
        path = self.write("evidence", evidence)
        return self.quixote("verify", "--policy=" + self.policy(**keys), "--nonce=" + nonce, *options, path,
                            check=check)

    def refused(self, why, evidence, **keys):
        out, err = self.verify(evidence, check=1, **keys)
        self.assertEqual(out, "")
        self.assertIn(why, err)

    def untrusted(self, why, evidence, **keys):
        out, _ = self.verify(evidence, check=1, **keys)
        self.assertIn("web: NOT trusted: " + why, out)


class Evidence(AttestTest):
    def test_trusted(self):
        out, _ = self.verify(self.attest())
        self.assertEqual(out, "web: trusted: runs under model abababababab, version 3; 0 events, none outside of it; "
                              "entry 3 of its chain\n")
        told = json.loads(self.verify(self.attest(), "--json")[0])
        self.assertEqual((told["workloads"]["web"]["trusted"], told["workloads"]["web"]["model"]), (True, MODEL))

    def test_another_nonce(self):
        evidence = self.attest()
        self.refused("made for another nonce", evidence, nonce="ff" * 16)
        self.refused("made for another nonce", evidence, nonce=NONCE + "00")
        self.refused("made for another nonce", evidence, nonce=NONCE[:-2])

    def test_another_machine(self):
        """With the same log and the same register."""
        other = Machine(ANCHOR, QUIXOTE)
        self.addCleanup(other.close)
        other.start()
        client = other.client()
        client.entry(START, version=3)
        self.policy()
        self.refused("not signed by the machine's key", self.attest(machine=other))

    def test_old(self):
        evidence = self.attest()
        time.sleep(2.1)
        self.refused("older than MaxAge=", evidence, machine="MaxAge=1s\n")

    def test_clock_that_is_ahead(self):
        self.policy()
        ahead = self.preload("""
            #define _GNU_SOURCE
            #include <time.h>
            #include <unistd.h>
            #include <sys/syscall.h>
            int clock_gettime(clockid_t clock, struct timespec *ret)
            {
                int r = syscall(SYS_clock_gettime, clock, ret);
                if (clock == CLOCK_REALTIME)
                    ret->tv_sec += 600;
                return r;
            }
        """)
        evidence = self.attest(env=dict(os.environ, LD_PRELOAD=ahead))
        self.refused("from the future", evidence)

    def test_workload_of_which_nothing_is_heard(self):
        """The anchor writes it down again for each evidence, and says when it had heard of it."""
        self.machine.stop(self.machine.anchors[-1])
        library = self.preload("""
            #define _GNU_SOURCE
            #include <fcntl.h>
            #include <stdlib.h>
            #include <sys/mman.h>
            #include <sys/syscall.h>
            #include <time.h>
            #include <unistd.h>
            static const volatile int *ahead;
            __attribute__((constructor)) static void begin(void)    /* the sandbox comes later */
            {
                ahead = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, open(getenv("AHEAD"), O_RDONLY), 0);
            }
            int clock_gettime(clockid_t clock, struct timespec *ret)
            {
                int r = syscall(SYS_clock_gettime, clock, ret);
                if (clock == CLOCK_REALTIME)
                    ret->tv_sec += *ahead;
                return r;
            }
        """)
        path = self.write("ahead", bytes(4))
        with open(path, "r+b") as file:
            clock = mmap.mmap(file.fileno(), 4)
        self.addCleanup(clock.close)

        def set_clock(ahead):
            clock[:] = struct.pack("=i", ahead)
        self.machine.start(LD_PRELOAD=library, AHEAD=path)
        client = self.machine.client()
        client.entry(START, version=3)
        self.verify(self.attest())
        for seconds, why in ((-3600, "nothing was heard of it for longer than MaxAge="),
                             (3600, "what was heard of it is from the future")):
            set_clock(seconds)
            client.send(STATE_ONLY, INTERVAL, "web", version=3)
            client.flush()                                          # that was read
            set_clock(0)
            self.untrusted(why, self.attest())
            self.untrusted(why, self.attest())
            client.send(STATE_ONLY, INTERVAL, "web", version=3)
            client.flush()
            self.verify(self.attest())
        set_clock(3600)
        client.entry(STOP, version=3)
        set_clock(0)
        self.untrusted("it does not run", self.attest())
        self.verify(self.attest(), workload=f"[Workload web]\nModel={MODEL}\nState=any\n")

    def test_every_changed_bit_is_refused(self):
        """One file, all of its bytes, each of their bits: by the code that quixote verify runs."""
        self.policy()
        evidence = self.write("evidence", self.attest())
        done = subprocess.run([CHANGED, self.dir + "/ak.pem", NONCE, evidence], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        size = os.path.getsize(evidence)
        self.assertIn(f"{8 * size} changed bits refused", done.stdout.decode())

    def test_changed_files_through_the_command(self):
        evidence = self.attest().encode()
        for at in range(0, len(evidence), len(evidence) // 40):
            changed = bytearray(evidence)
            changed[at] ^= 1
            self.assertEqual(self.verify(bytes(changed), check=1)[0], "")
        for changed in (b"", b"\n", evidence[:-1], evidence + b"\n", evidence + b"x", evidence[1:],
                        evidence.splitlines(True)[0], evidence.splitlines(True)[1], evidence * 2):
            self.assertEqual(self.verify(changed, check=1)[0], "")

    def test_log_that_was_cut(self):
        """Root of the machine leaves out what happened, and has the TPM sign that."""
        process = self.machine.anchors[-1]
        self.client.entry(VIOLATION, version=3, outside=1, measurement="ef" * 32)
        self.machine.stop(process)
        with open(self.machine.log, encoding="ascii") as file:
            lines = file.read().splitlines(True)
        with open(self.machine.log, "w", encoding="ascii") as file:
            file.writelines(lines[:-2])
        _, err = self.machine.run("attest", "--nonce=" + NONCE, "--config=" + self.machine.config, check=205)
        self.assertIn("the anchor (", err)                          # and itself does not start on it
        self.assertIn("not what the log says", self.machine.failed(self.machine.launch()))

    def test_log_that_was_begun_anew(self):
        """Within a boot the register keeps what was before."""
        self.client.entry(VIOLATION, version=3, outside=1, measurement="ef" * 32)
        self.machine.stop(self.machine.anchors[-1])
        os.unlink(self.machine.log)
        self.machine.start()
        client = self.machine.client()
        client.entry(START, version=3)
        self.refused("the log was begun anew", self.attest())

    def test_firmware(self):
        evidence = self.attest()
        good = "".join(f"PCR{i}={self.machine.tpm.register(i).hex()}\n" for i in (0, 7, 11))
        self.verify(evidence, machine=good)
        self.refused("register 4 is not as it must be", evidence, machine=good + f"PCR4={'11' * 32}\n")

    def test_kernel_replaced(self):
        self.machine.tpm.run("pcrextend", "4:sha256=" + "22" * 32)
        self.refused("register 4 is not as it must be", self.attest(), machine=f"PCR4={'00' * 32}\n")

    def aggregate(self, text):
        """Evidence from a kernel that says this of its boot."""
        library = self.preload("""
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdlib.h>
            #include <string.h>
            int open(const char *path, int flags, int mode)
            {
                int (*real)(const char *, int, int) = dlsym(RTLD_NEXT, "open");
                if (!strcmp(path, "/sys/kernel/security/tsem/aggregate"))
                    path = getenv("AGGREGATE");
                return real(path, flags, mode);
            }
            int open64(const char *path, int flags, int mode)
            {
                return open(path, flags, mode);
            }
        """)
        return self.attest(env=dict(os.environ, LD_PRELOAD=library, AGGREGATE=self.write("aggregate", text)))

    def test_aggregate(self):
        registers = b"".join(self.machine.tpm.register(i) for i in range(8))
        good = self.aggregate(hashlib.sha256(registers).hexdigest() + "\n")
        self.assertIn(hashlib.sha256(registers).hexdigest(), good)
        self.verify(good)
        self.verify(good, machine="Aggregate=yes\n")
        for text in ("00" * 32 + "\n", "", "00" * 32, "zz" * 32 + "\n", "11" * 33 + "\n"):
            none = self.aggregate(text)                              # it is not said in another way
            self.assertIn('"aggregate":""', none)
            self.verify(none)
            self.refused("it has no aggregate of the registers 0 to 7", none, machine="Aggregate=yes\n")

    def test_registers_that_were_made_to_look_right(self):
        """After a reset of the TPM alone, whose registers anybody can extend to what they should be."""
        booted = b"".join(self.machine.tpm.register(i) for i in range(7)) + bytes(31) + b"1"
        other = self.aggregate(hashlib.sha256(booted).hexdigest() + "\n")
        self.refused("booted with other registers 0 to 7 than are quoted", other)

    def test_after_a_reset_of_the_tpm(self):
        """The log of before is none of now, also if the register is made to say the same."""
        self.policy()
        self.machine.stop(self.machine.anchors[-1])
        self.machine.tpm.reset()
        with open(self.machine.log, encoding="ascii") as file:
            lines = file.read().splitlines(True)
        for line in lines:
            self.machine.tpm.run("pcrextend", "13:sha256=" + json.loads(line)["digests"][0]["digest"])
        self.assertEqual(self.machine.replay(), self.machine.tpm.register())
        # An anchor that is told the truth begins anew; this one answers whatever it is asked.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(self.machine.socket + "2")
            listening.listen()
            self.machine.configure(Socket=self.machine.socket + "2")

            def answer():
                with listening.accept()[0] as client:
                    client.recv(4096)
                    client.send(ANSWER.pack(ANCHORED, 0, 0))
            thread = threading.Thread(target=answer)
            thread.start()
            evidence = self.attest()
            thread.join()
        self.refused("not of this boot of the TPM", evidence)

    def test_after_a_restart_of_the_tpm(self):
        """Registers begin anew, and no reset is counted: what came last could be taken back."""
        self.policy()
        self.machine.stop(self.machine.anchors[-1])
        resets = self.machine.tpm.run("readclock").stdout
        self.machine.tpm.run("shutdown")        # of its state; it is started with CLEAR
        self.machine.tpm.reset()
        for key in (b"reset_count", b"restart_count"):
            before, after = (next(line for line in text.splitlines() if key + b":" in line and b"re" + key not in line)
                             for text in (resets, self.machine.tpm.run("readclock").stdout))
            self.assertEqual(before == after, key == b"reset_count")
        with open(self.machine.log, encoding="ascii") as file:
            for line in file:
                self.machine.tpm.run("pcrextend", "13:sha256=" + json.loads(line)["digests"][0]["digest"])
        self.assertEqual(self.machine.replay(), self.machine.tpm.register())
        self.machine.start()
        evidence = self.attest()
        self.refused("was started again without a reset", evidence)
        self.verify(evidence, machine="Suspend=yes\n")

    def test_a_name_as_long_as_names_may_be(self):
        """It is not that of another workload that begins alike."""
        client, other = self.machine.client(), self.machine.client()
        name = 64 * "a"
        client.entry(START, workload=name, version=3)
        evidence = self.attest()
        self.verify(evidence, workload=f"[Workload {name}]\nModel={MODEL}\n")
        other.entry(START, workload=name[:40], version=3)
        client.entry(VIOLATION, workload=name, version=3, outside=1, measurement="ee" * 32)
        out, _ = self.verify(self.attest(), check=1, workload=f"[Workload {name}]\nModel={MODEL}\n")
        self.assertIn(name + ": NOT trusted: it has left its model", out)


class FilesTest(AttestTest):
    """A log that goes on in further files."""

    def setUp(self):
        super().setUp()
        self.machine.stop(self.machine.anchors[-1])
        self.configure()
        self.machine.start()
        self.client = self.machine.client()
        self.client.entry(START, version=3)

    def configure(self, **keys):
        self.machine.configure(LogSize="4K", **keys)

    def fill(self, files=1, **keys):
        wanted = len(self.machine.files()) + files
        while len(self.machine.files()) < wanted:
            self.assertEqual(self.client.entry(SEAL, version=3, **keys)[0], ANCHORED)

    def evidence(self, *options, **keys):
        return self.attest(*options, **keys)

    def older(self):
        """All files but the newest, one behind the other."""
        text = b""
        for path in self.machine.files()[:-1]:
            with open(path, "rb") as file:
                text += file.read()
        return self.write("older", text)

    def told(self, *arguments, **keys):
        return json.loads(self.verify(*arguments, "--json", **keys)[0])

    def extend_by(self, line, number):
        """What root can do: a checkpoint of a better past, into the log and the register."""
        content = line[line.index('"content":') + 10:-2].replace('"violated":1', '"violated":0')
        content = content.replace('"outside":1', '"outside":0').replace("ef" * 32, "cd" * 32)
        content = content.replace(f'"records":{json.loads(content)["records"]}', f'"records":{number}')
        chain, = json.loads(content)["chains"]
        root = f"quixote anchor root 1\nweb {chain['last']['number']} {chain['version']} {chain['head']}\n"
        digest = hashlib.sha256(b"quixote anchor record 1\n" + hashlib.sha256(root.encode()).digest() +
                                content.encode()).hexdigest()
        self.machine.tpm.run("pcrextend", "13:sha256=" + digest)
        with open(self.machine.log, "w", encoding="ascii") as file:
            file.write('{"recnum":%d,"pcr":13,"digests":[{"hashAlg":"sha256","digest":"%s"}],"content_type":"quixote",'
                       '"content":%s}\n' % (number, digest, content))


class Files(FilesTest):
    def test_whole(self):
        self.fill(3)
        told = self.told(self.evidence())
        self.assertEqual((told["first"], told["believed"], told["workloads"]["web"]["trusted"]), (0, False, True))
        self.assertEqual(told["records"], len(self.machine.records(*self.machine.files())))

    def test_newest(self):
        self.fill(2)
        evidence = self.evidence("--from=newest")
        first = self.machine.records()[0]["recnum"]
        self.refused(f"begins with the checkpoint of record {first}, and nothing tells", evidence)
        out, _ = self.verify(evidence, machine="Checkpoint=yes\n")
        self.assertIn(f"; what was before record {first} is believed", out)
        told = self.told(evidence, machine="Checkpoint=yes\n")
        self.assertEqual((told["first"], told["believed"]), (first, True))
        out, _ = self.verify(evidence, "--log=" + self.older())
        self.assertNotIn("believed", out)

    def test_from_a_record(self):
        self.fill(3)
        firsts = [self.machine.records(path)[0]["recnum"] for path in self.machine.files()]
        for number, first in ((firsts[2], firsts[2]), (firsts[2] + 1, firsts[2]), (firsts[2] - 1, firsts[1]), (0, 0),
                              (99999999, firsts[3])):
            told = self.told(self.evidence(f"--from={number}"), machine="Checkpoint=yes\n")
            self.assertEqual(told["first"], first, number)

    def test_options(self):
        for option in ("--from=", "--from=-1", "--from=new", "--from=1x", "--from=01"):
            self.machine.run("attest", "--nonce=" + NONCE, option, "--config=" + self.machine.config, check=201)
        self.machine.run("attest", "--enroll", "--from=1", "--config=" + self.machine.config, check=201)

    def test_log_that_is_another(self):
        self.fill(2)
        evidence = self.evidence("--from=newest")
        with open(self.older(), "rb") as file:
            lines = file.read().splitlines(True)
        for text, why in ((b"".join(lines[:-1]), "does not reach up to its log"),
                          (b"".join(lines[1:]), "its log is not one: line 1: it is not a checkpoint"),
                          (b"".join(lines[:1] + lines[2:]), "its number is not the next one"),
                          (b"".join(lines).replace(b'"events":0', b'"events":1', 1), "does not follow from its content"),
                          (b"", "and nothing tells what was before")):
            self.write("older", text)
            out, err = self.verify(evidence, f"--log={self.dir}/older", check=1)
            self.assertEqual(out, "")
            self.assertIn(why, err)
        self.verify(evidence, f"--log={self.dir}/nowhere", check=205)

    def test_violation_before_the_checkpoint(self):
        self.client.entry(VIOLATION, version=3, outside=1, measurement="ef" * 32)
        self.fill(2, outside=0)
        self.untrusted("it has left its model", self.evidence())
        self.untrusted("it has left its model", self.evidence("--from=newest"), machine="Checkpoint=yes\n")

    def test_checkpoint_of_who_became_root(self):
        """A violation is in the register. Root has it extended with a checkpoint that does not know it."""
        before = self.evidence()
        self.client.entry(VIOLATION, version=3, outside=1, measurement="ef" * 32)
        self.verify(self.evidence(), f"--state={self.dir}/late", check=1)
        self.verify(before, f"--state={self.dir}/early")
        self.fill(1, outside=1, measurement="ef" * 32)
        self.machine.stop(self.machine.anchors[-1])
        old, new = self.machine.files()
        with open(old, "rb") as file:
            lines = file.read().splitlines(True)
        with open(new, encoding="ascii") as file:
            line = file.readline()
        value = json.loads(line)["content"]["value"]
        self.extend_by(line.replace(value, self.machine.tpm.register().hex()), len(lines))
        self.machine.start()
        client = self.machine.client()
        client.entry(START, version=3)
        whole, newest = self.evidence(), self.evidence("--from=newest")
        self.refused("it does not say what the lines before it led to", whole)
        self.refused("and nothing tells what was before", newest)
        out, _ = self.verify(newest, "--log=" + self.older(), check=1)
        self.assertEqual(out, "")
        for state in ("early", "late"):
            out, err = self.verify(newest, f"--state={self.dir}/{state}", check=1)
            self.assertEqual(out, "")
        self.assertIn("are missing after what was seen", err)
        self.verify(newest, machine="Checkpoint=yes\n")             # which is why it is not the default

    def test_file_that_is_missing(self):
        self.fill(2)
        os.rename(self.machine.log + ".1", self.dir + "/archived")
        _, err = self.machine.run("attest", "--nonce=" + NONCE, "--config=" + self.machine.config, check=205)
        self.assertIn("anchor.cel.1, with the records before ", err)
        self.assertIn("bring it back from where it was archived, or give --from=", err)
        out, _ = self.quixote("tpm", "status", "--config=" + self.machine.config)
        self.assertIn("2 to 3 are there, unchanged; 1 is missing", out)
        state = json.loads(self.quixote("tpm", "status", "--json", "--config=" + self.machine.config)[0])
        self.assertEqual([state[key] for key in ("file", "oldest", "pruned", "missing", "changed", "good")],
                         [3, 2, 0, True, False, True])
        with open(self.dir + "/archived", "rb") as file:
            archived = file.read()
        with open(self.machine.log + ".1", "wb") as file:
            file.write(archived.replace(b'"events":0', b'"events":1', 1))
        _, err = self.machine.run("attest", "--nonce=" + NONCE, "--config=" + self.machine.config, check=205)
        self.assertIn("it is not what the file after it says", err)
        out, _ = self.quixote("tpm", "status", "--config=" + self.machine.config, check=1)
        self.assertIn("1 is another than was written", out)
        os.rename(self.dir + "/archived", self.machine.log + ".1")
        self.verify(self.evidence())
        self.assertIn("files:     1 to 3 are there, unchanged\n",
                      self.quixote("tpm", "status", "--config=" + self.machine.config)[0])

    def test_pruned(self):
        self.machine.stop(self.machine.anchors[-1])
        self.configure(Keep="1")
        self.machine.start()
        self.client = self.machine.client()
        self.client.entry(START, version=3)
        while self.machine.records()[0]["content"]["file"] < 3:
            self.client.entry(SEAL, version=3)
        out, _ = self.quixote("tpm", "status", "--config=" + self.machine.config)
        self.assertIn("2 to 3 are there, unchanged; up to 1 removed as Keep= says", out)
        self.assertNotIn("missing", out)


class Remembered(FilesTest):
    """A verifier that remembers how far it has seen the log."""

    def seen(self, evidence, check=0, **keys):
        return self.verify(evidence, f"--state={self.dir}/seen", check=check, **keys)

    def unseen(self, why, evidence, **keys):
        with open(self.dir + "/seen", "rb") as file:
            before = file.read()
        out, err = self.seen(evidence, check=1, **keys)
        self.assertEqual(out, "")
        self.assertIn(why, err)
        with open(self.dir + "/seen", "rb") as file:
            self.assertEqual(file.read(), before)

    def test_goes_on(self):
        first = self.evidence()
        self.seen(first)
        self.assertEqual(os.stat(self.dir + "/seen").st_mode & 0o777, 0o600)
        self.seen(first)                                            # nothing has happened since
        self.client.entry(SEAL, version=3)
        second = self.evidence()
        self.seen(second)
        self.unseen("it is older than what was seen: it has", first)
        self.seen(second)

    def test_what_is_not_trusted_was_seen_as_well(self):
        first = self.evidence()
        self.client.entry(VIOLATION, version=3, outside=1, measurement="ef" * 32)
        self.seen(self.evidence(), check=1)
        self.unseen("it is older than what was seen", first)

    def test_two_verifiers_at_once(self):
        """Neither waits; who came later is told, and has written nothing."""
        first = self.evidence()
        self.seen(first)
        self.client.entry(SEAL, version=3)
        second = self.evidence()
        with open(self.dir + "/seen", "rb") as file:
            before = file.read()
        with open(self.dir + "/seen.lock", "rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            out, err = self.seen(second, check=205)
            self.assertEqual((out, err), ("", f"quixote: {self.dir}/seen: another quixote verify uses it; type it again when "
                                              "that has ended\n"))
            with open(self.dir + "/seen", "rb") as file:
                self.assertEqual(file.read(), before)
            self.verify(second)                                     # nobody remembers that
        self.seen(second)
        self.assertEqual(os.stat(self.dir + "/seen.lock").st_mode & 0o777, 0o600)
        os.unlink(self.dir + "/seen.lock")
        os.symlink(self.dir + "/elsewhere", self.dir + "/seen.lock")
        self.seen(second, check=205)
        self.assertFalse(os.path.exists(self.dir + "/elsewhere"))

    def test_verifiers_at_once(self):
        """What the last one has written is whole, and one of them at least had the file."""
        self.policy()
        path = self.write("evidence", self.evidence())
        running = [subprocess.Popen([QUIXOTE, "verify", f"--policy={self.dir}/policy", "--nonce=" + NONCE,
                                     f"--state={self.dir}/seen", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                   for _ in range(8)]
        told = [(process.communicate(timeout=PATIENCE_SEC)[1], process.returncode) for process in running]
        self.assertIn((b"", 0), told)
        self.assertEqual({status for _, status in told} - {0, 205}, set())
        self.assertTrue(all(b"another quixote verify uses it" in err for err, status in told if status))
        self.seen(self.evidence())

    def test_what_is_refused_was_not_seen(self):
        self.client.entry(SEAL, version=3)
        self.assertEqual(self.seen(self.evidence(), check=1, nonce="ff" * 16)[0], "")
        self.assertFalse(os.path.exists(self.dir + "/seen"))

    def test_newest_file_after_what_was_seen(self):
        evidence = self.evidence()
        self.seen(evidence)
        records = self.told(evidence)["records"]
        self.fill(1)
        self.unseen(f"the records {records} to {self.machine.records()[0]['recnum'] - 1} are missing after what was seen: "
                    f"have it made with --from={records}", self.evidence("--from=newest"))
        out, _ = self.seen(self.evidence(f"--from={records}"))
        self.assertNotIn("believed", out)
        out, _ = self.seen(self.evidence("--from=newest"))          # now that these were seen
        self.assertNotIn("believed", out)
        self.fill(2)
        out, _ = self.verify(self.evidence("--from=newest"), f"--state={self.dir}/seen", "--log=" + self.older())
        self.assertNotIn("believed", out)

    def test_what_was_believed_is_not_proved(self):
        """By having been seen: who does not believe checkpoints wants to know what was before."""
        self.fill(2)
        believes = "Checkpoint=yes\n"
        newest = self.evidence("--from=newest")
        first = self.machine.records()[0]["recnum"]
        said = f"; what was before record {first} is believed"
        why = f"begins with the checkpoint of record {first}, and nothing tells what was before"
        self.assertIn(said, self.seen(newest, machine=believes)[0])
        self.unseen("its log " + why, newest)
        self.fill(2)
        self.unseen("its log " + why, self.evidence(f"--from={first}"))
        whole = self.evidence()
        told = self.seen(self.evidence(f"--from={first}"), machine=believes)[0]
        self.assertIn(said, told)                                   # and so on, whoever goes on from there
        newest = self.evidence("--from=newest")
        self.assertGreater(self.machine.records()[0]["recnum"], first)
        self.assertIn(said, self.seen(newest, machine=believes)[0])
        self.unseen("its log, as far as it was seen, " + why, newest)
        second = self.machine.records(self.machine.files()[1])[0]["recnum"]
        self.assertLess(second, first)                              # which proves more
        out, _ = self.seen(self.evidence(f"--from={second}"), machine=believes)
        self.assertIn(f"; what was before record {second} is believed", out)
        self.unseen("its log, as far as it was seen, " + why.replace(str(first), str(second)),
                    self.evidence("--from=newest"))
        shutil.copy(self.dir + "/seen", self.dir + "/kept")
        self.unseen("it is older than what was seen", whole)
        for evidence, options in ((self.evidence(), ()), (self.evidence("--from=newest"), ("--log=" + self.older(),))):
            shutil.copy(self.dir + "/kept", self.dir + "/seen")
            out, _ = self.verify(evidence, f"--state={self.dir}/seen", *options)
            self.assertNotIn("believed", out)
            out, _ = self.seen(self.evidence("--from=newest"))      # now it is
            self.assertNotIn("believed", out)

    def test_seen_up_to_the_end_of_a_file(self):
        """The checkpoint is the first that was not seen."""
        while os.path.getsize(self.machine.log) <= 4096:
            evidence = self.evidence()
        self.seen(evidence)
        self.client.entry(SEAL, version=3)
        self.assertEqual(self.machine.records()[0]["recnum"], self.told(evidence)["records"])
        out, _ = self.seen(self.evidence("--from=newest"))
        self.assertNotIn("believed", out)

    def test_checkpoint_of_who_became_root(self):
        """Right behind what was seen."""
        self.client.entry(VIOLATION, version=3, outside=1, measurement="ef" * 32)
        while os.path.getsize(self.machine.log) <= 4096:
            evidence = self.evidence()
        self.seen(evidence, check=1)
        self.machine.stop(self.machine.anchors[-1])
        with open(self.dir + "/seen", encoding="ascii") as file:    # it has what the log led to
            line = file.read().splitlines(True)[1]
        os.rename(self.machine.log, self.machine.log + ".1")
        self.extend_by(line, json.loads(line)["recnum"])
        self.machine.start()
        client = self.machine.client()
        client.entry(START, version=3)
        newest = self.evidence("--from=newest")
        self.verify(newest, machine="Checkpoint=yes\n")
        self.unseen("its log is another than the one that was seen", newest)
        self.unseen("its log is another than the one that was seen", newest, machine="Checkpoint=yes\n")

    def test_boots(self):
        first = self.evidence()
        self.seen(first)
        self.machine.stop(self.machine.anchors[-1])
        self.machine.tpm.reset()
        self.machine.start()
        client = self.machine.client()
        client.entry(START, version=3)
        self.seen(self.evidence())
        self.unseen("of an earlier boot", first)
        self.machine.stop(self.machine.anchors[-1])
        self.machine.tpm.reset()
        for path in self.machine.files():                           # a violation, say, was in it
            os.unlink(path)
        self.machine.start()
        client = self.machine.client()
        client.entry(START, version=3)
        evidence = self.evidence()
        self.unseen("the chain of web does not go on from its entry", evidence)
        self.verify(evidence)                                       # who remembers nothing cannot see it

    def test_counter(self):
        self.machine.stop(self.machine.anchors[-1])
        self.machine.tpm.reset()
        self.configure(Counter="01800511")
        os.unlink(self.machine.log)
        self.machine.run("tpm", "init", "--config=" + self.machine.config)
        self.machine.start()
        self.client = self.machine.client()
        self.client.entry(START, version=3)
        self.seen(self.evidence())
        self.machine.stop(self.machine.anchors[-1])
        self.machine.tpm.reset()
        self.configure()
        os.rename(self.machine.log, self.dir + "/away")
        self.machine.start()
        client = self.machine.client()
        for _ in range(20):                                         # with more entries than before
            client.entry(START, version=3)
        self.unseen("does not count on from the boot that was seen", self.evidence())

    def test_file_that_is_none(self):
        evidence = self.evidence()
        self.seen(evidence)
        with open(self.dir + "/seen", "rb") as file:
            good = file.read()
        first, second = good.splitlines(True)
        for text in (b"", b"\n", first, second, second + first, good + b"\n", good + second, good[:-1], good[:-2],
                     good.replace(b'"made":', b'"made": '), good.replace(b'"violated":0', b'"violated":1'),
                     good.replace(b"quixote-seen-1", b"quixote-seen-2"), good.replace(b'"recnum":', b'"recnum":9'),
                     *(good.replace(b"}\n", b',"believed":' + number + b"}\n", 1)
                       for number in (b"", b"0", b"01", b"-1", b"x", b"1,", b"18446744073709551616",
                                      b"%d" % json.loads(second)["recnum"], b'1,"believed":1'))):
            self.write("seen", text)
            _, err = self.seen(evidence, check=205)
            self.assertIn("it is not what quixote verify --state writes", err)
        self.write("seen", good.replace(json.loads(first)["key"].encode(), b"12" * 32))
        _, err = self.seen(evidence, check=1)
        self.assertIn("it is about another machine", err)
        self.write("seen", good)
        self.seen(evidence)
        os.unlink(self.dir + "/seen")
        os.mkdir(self.dir + "/seen")
        self.seen(evidence, check=205)


class Workloads(AttestTest):
    def test_violation(self):
        self.client.entry(VIOLATION, version=3, outside=1, measurement="ef" * 32)
        self.untrusted("it has left its model", self.attest())

    def test_violation_that_was_taken_back(self):
        """Whoever feeds the anchor cannot: the next entries say less, the chain does not forget."""
        self.client.entry(VIOLATION, version=3, outside=1, measurement="ef" * 32)
        self.client.send(STATE_ONLY, INTERVAL, "web", version=3)
        self.untrusted("it has left its model", self.attest())

    def test_lost(self):
        self.client.send(STATE_ONLY, INTERVAL, "web", version=3, lost=1)
        self.untrusted("events of it got no verdict", self.attest())

    def test_ended(self):
        self.client.entry(STOP, version=3)
        evidence = self.attest()
        self.untrusted("it does not run", evidence)
        self.verify(evidence, workload=f"[Workload web]\nModel={MODEL}\nState=any\n")

    def test_orchestrator_gone(self):
        self.client.close()
        self.untrusted("it does not run", self.attest())

    def test_shadow(self):
        client = self.machine.client()
        client.entry(START, "db", mode=1)
        out, _ = self.verify(self.attest(), check=1, workload=f"[Workload db]\nModel={MODEL}\n")
        self.assertIn("its model is not enforced", out)
        self.verify(self.attest(), workload=f"[Workload db]\nModel={MODEL}\nMode=shadow\n")

    def test_another_model(self):
        self.untrusted("its model is another", self.attest(), workload=f"[Workload web]\nModel={'12' * 32}\n")

    def test_old_version(self):
        self.untrusted("its model is older", self.attest(),
                       workload=f"[Workload web]\nModel={MODEL}\nMinimumVersion=4\n")

    def test_never_run(self):
        out, _ = self.verify(self.attest(), check=1, workload=f"[Workload mail]\nModel={MODEL}\n")
        self.assertIn("mail: NOT trusted: it has not run since", out)

    def test_signed_model(self):
        """Only the public keys are known to the verifier."""
        keys = self.dir + "/keys.d"
        os.mkdir(keys, 0o755)
        model, config = self.dir + "/job.model", self.dir + "/web.cfg"
        shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "models", "job.model"), model)
        with open(model, encoding="utf-8") as file:
            name = json.loads(file.readline())["name"]
        self.write("web.cfg", f"[Workload]\nName={name}\nType=tool\nCommand=/bin/true\n[Model]\nFile={model}\n")
        for key in ("alice", "mallory"):
            self.quixote("key", "new", f"{self.dir}/{key}")
        shutil.copy(self.dir + "/alice.pub", keys)
        with open(model, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        client = self.machine.client()
        client.entry(START, name, model=digest, version=5)
        wanted = f"[Workload {name}]\nKeys=keys.d\n"
        for signer, version, said in (("alice", 5, "signed by alice"), ("alice", 6, "another model than it ran under"),
                                      ("mallory", 5, "not signed by as many")):
            if os.path.exists(model + ".sig"):
                os.unlink(model + ".sig")
            self.quixote("model", "sign", f"--key={self.dir}/{signer}.key", f"--version={version}", model)
            out, _ = self.verify(self.attest(config), check=0 if "signed by alice" in said else 1, workload=wanted)
            self.assertIn(said, out)
        out, _ = self.verify(self.attest(), check=1, workload=wanted)
        self.assertIn("no signature of its model", out)


class Enrolment(AttestTest):
    def test_from_request_to_key(self):
        """Each time the same key."""
        with open(self.enroll(name="again.pem"), "rb") as again, open(self.dir + "/ak.pem", "rb") as known:
            self.assertEqual(again.read(), known.read())

    def test_key_of_another_machine(self):
        """A challenge for one TPM's key is nothing to another TPM."""
        other = Machine(ANCHOR, QUIXOTE)
        self.addCleanup(other.close)
        request = self.write("request", self.quixote("attest", "--enroll", "--config=" + self.machine.config)[0])
        challenge = self.quixote("verify", "--challenge=" + request, f"--secret={self.dir}/secret", "--no-certificate")[0]
        _, err = other.run("attest", "--activate=" + self.write("challenge", challenge), "--config=" + other.config,
                           check=1)
        self.assertIn("it is for another machine", err)

    def test_stolen_name(self):
        """The key of one machine is told with the TPM of another: its TPM does not answer."""
        other = Machine(ANCHOR, QUIXOTE)
        self.addCleanup(other.close)
        mine = json.loads(self.quixote("attest", "--enroll", "--config=" + self.machine.config)[0])
        theirs = json.loads(other.run("attest", "--enroll", "--config=" + other.config)[0])
        mixed = dict(mine, ak=theirs["ak"])
        request = self.write("request", json.dumps(mixed, separators=(",", ":")) + "\n")
        challenge = self.quixote("verify", "--challenge=" + request, f"--secret={self.dir}/secret", "--no-certificate")[0]
        _, err = self.quixote("attest", "--activate=" + self.write("challenge", challenge),
                              "--config=" + self.machine.config, check=1)
        self.assertIn("it is for another machine", err)

    def test_wrong_answer(self):
        request = self.write("request", self.quixote("attest", "--enroll", "--config=" + self.machine.config)[0])
        self.quixote("verify", "--challenge=" + request, f"--secret={self.dir}/secret", "--no-certificate")
        for answer in ("00" * 32 + "\n", "", "\n", "00" * 31 + "\n"):
            out, err = self.quixote("verify", "--accept=" + self.write("answer", answer), f"--secret={self.dir}/secret",
                                    check=1)
            self.assertEqual(out, "")
            self.assertIn("not the answer", err)

    def test_key_that_signs_anything(self):
        """As attestation keys are not restricted in some places: it could sign what looks like a quote."""
        request = json.loads(self.quixote("attest", "--enroll", "--config=" + self.machine.config)[0])
        public = bytearray(base64.b64decode(request["ak"]))
        attributes = int.from_bytes(public[4:8], "big")
        for bit in (16, 1, 5):                                      # restricted, fixedTPM, sensitiveDataOrigin
            changed = public[:]
            changed[4:8] = (attributes ^ 1 << bit).to_bytes(4, "big")
            path = self.write("request", json.dumps(dict(request, ak=base64.b64encode(changed).decode()),
                                                    separators=(",", ":")) + "\n")
            _, err = self.quixote("verify", "--challenge=" + path, f"--secret={self.dir}/secret", "--no-certificate",
                                  check=1)
            self.assertIn("not made as it must be", err)
        self.assertFalse(os.path.exists(self.dir + "/secret"))

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], check=False, capture_output=True, cwd=self.dir)
        self.assertEqual(done.returncode, 0, (arguments, done.stderr))

    def make_authority(self, subject="/CN=TPM maker"):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", subject,
                     "-days", "2")

    def certificate(self, public, extensions=""):
        """Of an endorsement key, by that authority."""
        modulus = public[-256:]
        sequence = b"\x02\x82\x01\x01\x00" + modulus + b"\x02\x03\x01\x00\x01"
        rsa = b"\x30\x82" + len(sequence).to_bytes(2, "big") + sequence
        algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
        bits = b"\x03\x82" + (len(rsa) + 1).to_bytes(2, "big") + b"\0" + rsa
        spki = algorithm + bits
        self.write("ek.der", b"\x30\x82" + len(spki).to_bytes(2, "big") + spki)
        self.write("extensions", extensions)
        self.openssl("pkey", "-pubin", "-inform", "DER", "-in", "ek.der", "-out", "ek.pem")
        self.openssl("req", "-new", "-key", "ca.key", "-subj", "/CN=TPM", "-out", "ek.csr")
        self.openssl("x509", "-req", "-in", "ek.csr", "-force_pubkey", "ek.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "1",
                     "-extfile", "extensions", "-outform", "DER", "-out", "ek.crt")
        with open(self.dir + "/ek.crt", "rb") as file:
            return file.read()

    def test_certificate(self):
        request = json.loads(self.quixote("attest", "--enroll", "--config=" + self.machine.config)[0])
        self.assertEqual(request["certificate"], "")
        _, err = self.quixote("verify", "--challenge=" + self.dir + "/request", "--roots=/dev/null", f"--secret={self.dir}/s",
                              check=205)
        path = self.write("request", json.dumps(request, separators=(",", ":")) + "\n")
        _, err = self.quixote("verify", "--challenge=" + path, "--roots=/dev/null", f"--secret={self.dir}/s", check=1)
        self.assertIn("its TPM has no certificate", err)
        self.make_authority()
        certificate = self.certificate(base64.b64decode(request["ek"]))
        tpm = self.machine.tpm
        tpm.run("nvdefine", "0x01c00002", "-C", "p", "-s", str(len(certificate)), "-a",
                "ppwrite|ppread|ownerread|authread|no_da|platformcreate")
        tpm.run("nvwrite", "0x01c00002", "-C", "p", "-i", "-", data=certificate)
        self.enroll(f"--roots={self.dir}/ca.pem")
        shutil.copy(self.dir + "/ca.pem", self.dir + "/first.pem")
        self.make_authority("/CN=Another maker")
        request = self.write("request", self.quixote("attest", "--enroll", "--config=" + self.machine.config)[0])
        _, err = self.quixote("verify", "--challenge=" + request, f"--roots={self.dir}/ca.pem", f"--secret={self.dir}/s",
                              check=1)
        self.assertIn("the certificate of its TPM: ", err)

    def test_certificate_of_something_else(self):
        """An authority certifies other keys as well, also its own and those of servers."""
        self.make_authority()
        request = json.loads(self.quixote("attest", "--enroll", "--config=" + self.machine.config)[0])
        public = base64.b64decode(request["ek"])
        authority, encipher, use = ("not that of a TPM: " + why for why in (
            "it is that of an authority", "its key may not encipher keys", "it is for other uses"))
        # As swtpm_cert makes them, and with less or more in them.
        tpm = ("""
            extendedKeyUsage=2.23.133.8.1
            subjectAltName=critical,dirName:tpm
            basicConstraints=critical,CA:FALSE
            subjectDirectoryAttributes=DER:3019301706056781050210310E300C0C03322E30020100020200A4
            keyUsage=critical,keyEncipherment
            [tpm]
            1.2.23.133.2.1=id:00001014
            2.2.23.133.2.2=swtpm
            3.2.23.133.2.3=id:20191023
        """)
        rows = ((tpm, None), ("keyUsage=keyEncipherment,digitalSignature", None), ("extendedKeyUsage=serverAuth,2.23.133.8.1", None),
                ("basicConstraints=CA:FALSE", None),
                ("basicConstraints=CA:TRUE", authority), ("basicConstraints=CA:TRUE\n" + tpm.replace("basic", "#"), authority),
                ("keyUsage=keyCertSign,keyEncipherment", authority), ("keyUsage=digitalSignature", encipher),
                ("keyUsage=keyAgreement\nextendedKeyUsage=2.23.133.8.1", encipher),
                ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth", encipher),
                ("keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth", use),
                ("extendedKeyUsage=serverAuth", use), ("extendedKeyUsage=anyExtendedKeyUsage", use),
                ("extendedKeyUsage=2.23.133.8.3", use), ("extendedKeyUsage=2.23.133.8.1.1", use),
                ("extendedKeyUsage=2.23.133.8.10", use), ("extendedKeyUsage=DER:3000", use),
                ("extendedKeyUsage=DER:30030000", "certificate"), ("keyUsage=DER:3000", "certificate"),
                ("1.2.3.4=critical,DER:0500", "unhandled critical extension"))
        for extensions, why in rows:
            changed = dict(request, certificate=base64.b64encode(self.certificate(public, extensions)).decode())
            path = self.write("request", json.dumps(changed, separators=(",", ":")) + "\n")
            _, err = self.quixote("verify", "--challenge=" + path, f"--roots={self.dir}/ca.pem", f"--secret={self.dir}/secret",
                                  check=1 if why else 0)
            self.assertIn(why or "", err, extensions)
            self.assertEqual(os.path.exists(self.dir + "/secret"), not why, extensions)
            if not why:
                os.unlink(self.dir + "/secret")


class Policies(AttestTest):
    def test_refused(self):
        rows = (("[Machine]\n", "Key: is missing"), ("[Machine]\nKey=ak.pem\n", "Workload: is missing"),
                ("[Machine]\nKey=ak.pem\n[Workload web]\nMode=enforce\n", "neither Model= nor Keys="),
                ("[Machine]\nKey=ak.pem\nKey=b\n", "given twice"), ("[Machine]\nQuux=1\n", "unknown key"),
                ("[Machine]\nMaxAge=5\n", "a time"), ("[Machine]\nMaxAge=0s\n", "a time"),
                ("[Machine]\nPCR0=00\n", "64 small hexadecimal"), ("[Machine]\nPCR9=" + "00" * 32, "unknown key"),
                ("[Machine]\nRegister=10\n", "expected 8"), ("[Machine]\nCheckpoint=maybe\n", "yes or no"),
                ("[Machine]\nAggregate=\n", "yes or no"), ("[Machine]\nModel=" + MODEL, "unknown key"),
                ("[Workload ../web]\nModel=" + MODEL, "no section"), ("[Quux]\nKey=1\n", "no section"),
                ("[Workload web]\nMode=train\n", "enforce or shadow"), ("[Workload web]\nKey=ak.pem\n", "unknown key"),
                ("[Workload web]\nModel=" + MODEL.upper(), "64 small"), ("[Workload web]\nThreshold=0\n", "from 1"),
                ("key\n", ":1: not understood"), ("Key=ak.pem\n", "stands before any section"),
                (f"[Machine]\nKey=ak.pem\n[Workload web]\nModel={MODEL}\n[Workload db]\n#Model=\n", "db: has neither"),
                (f"[Machine]\nKey=ak.pem\n[Workload web]\nModel={MODEL}\n[Wrkload db]\n", ":5: Wrkload db: is no section"),
                (f"[Workload {65 * 'a'}]\nModel={MODEL}\n", "is no section"), ("[Workload web] Mode=shadow\n", "behind the section"),
                ("[Machine]\nSuspend=perhaps\n", "yes or no"), ("[Machine]\nKey=a\x01\n", ":2: byte 6 (0x01) is a control"),
                ("[Machine]\nKey=ak.pem\n  Quux=1\n", ":3: Quux: unknown key"),
                # The end of a long comment is no line.
                ("[Machine]\n#" + 198 * "x" + "Quux=1\nKey=ak.pem\n", "Workload: is missing"),
                ("#" + 32770 * "x" + "\n", ":1: the line is too long"), (262145 * "#", "too long"))
        evidence = self.write("evidence", self.attest())
        for text, why in rows:
            _, err = self.quixote("verify", "--policy=" + self.write("policy", text), "--nonce=" + NONCE, evidence, check=202)
            self.assertIn(why, err, text)

    def test_new_nonce(self):
        first, second = (self.quixote("verify", "--new-nonce")[0].strip() for _ in range(2))
        self.assertEqual(len(bytes.fromhex(first)), 32)
        self.assertNotEqual(first, second)
        self.verify(self.attest(nonce=first), nonce=first)


@unittest.skipUnless(cbor2, "needs python3-cbor2")
class Token(AttestTest):
    """As somebody reads it who knows RFC 8392, 9052 and 9711, by a library that is not ours."""

    TRUSTED, WORDS, MODEL, VERSION = range(-70001, -70005, -1)

    def token(self, check=0, **keys):
        """(claims, payload, protected header, signature)."""
        if not os.path.exists(self.dir + "/verifier.key"):
            self.quixote("key", "new", self.dir + "/verifier")
        path = self.dir + "/token"
        self.verify(self.attest(), f"--token={path}", f"--key={self.dir}/verifier.key", check=check, **keys)
        with open(path, "rb") as file:
            data = file.read()
        token = cbor2.loads(data)
        self.assertEqual((token.tag, token.value.tag, len(token.value.value)), (61, 18, 4))
        self.assertEqual(cbor2.dumps(token), data)                  # nothing behind it, shortest heads
        header, unprotected, payload, signature = token.value.value
        self.assertEqual((cbor2.loads(header), unprotected, len(signature)), ({1: -8}, {}, 64))
        return cbor2.loads(payload), payload, header, signature

    def test_claims(self):
        claims, payload, _, _ = self.token()
        self.assertEqual(cbor2.dumps(claims, canonical=True), payload)  # one spelling
        self.assertEqual(set(claims), {6, 10, 265, 266})
        self.assertIs(type(claims[6]), int)
        self.assertLess(abs(claims[6] - time.time()), 60)
        self.assertEqual(claims[10], bytes.fromhex(NONCE))
        self.assertEqual(claims[265], "tag:quixote,2026:eat-2")
        web = claims[266]["web"]
        self.assertIn("runs under model", web.pop(self.WORDS))
        self.assertEqual(web, {self.TRUSTED: True, self.MODEL: bytes.fromhex(MODEL), self.VERSION: 3})

    def test_not_trusted(self):
        both = f"[Workload web]\nModel={'12' * 32}\n[Workload mail]\nModel={MODEL}\n"
        claims, _, _, _ = self.token(check=1, workload=both)
        self.assertEqual([claims[266][name][self.TRUSTED] for name in ("web", "mail")], [False, False])
        self.assertEqual(set(claims[266]["mail"]), {self.TRUSTED, self.WORDS})

    def test_nonces(self):
        """Of all lengths that RFC 9711 has."""
        for size in (8, 64):
            evidence = self.attest(nonce="5a" * size)
            if not os.path.exists(self.dir + "/verifier.key"):
                self.quixote("key", "new", self.dir + "/verifier")
            self.verify(evidence, f"--token={self.dir}/token", f"--key={self.dir}/verifier.key", nonce="5a" * size)
            with open(self.dir + "/token", "rb") as file:
                token = cbor2.load(file)
            self.assertEqual(cbor2.loads(token.value.value[2])[10], b"\x5a" * size)

    def test_signature(self):
        _, payload, header, signature = self.token()
        signed = cbor2.dumps(["Signature1", header, b"", payload])

        def verified(signed, signature):
            return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", self.dir + "/verifier.pub", "-rawin",
                                   "-in", self.write("signed", signed), "-sigfile", self.write("sig", signature)],
                                  capture_output=True, check=False).returncode == 0
        self.assertTrue(verified(signed, signature))
        self.assertFalse(verified(signed[:-1] + bytes([signed[-1] ^ 1]), signature))


if __name__ == "__main__":
    ANCHOR, QUIXOTE, CHANGED = sys.argv[1:4]
    del sys.argv[1:4]
    unittest.main(verbosity=2)
