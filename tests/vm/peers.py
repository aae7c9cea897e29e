# SPDX-License-Identifier: LGPL-2.1-or-later
"""peers.py - who else decides about programs, each configured for one case as finely as it can
be, for tests/vm/comparison-peers.

A peer is made when the workload lies in its directory, learns where it can learn, and is seen
to be in force before it is asked.
"""
import ctypes
import fcntl
import glob
import hashlib
import json
import mmap
import os
import shutil
import signal
import struct
import subprocess

import comparison
from comparison import PROGRAMS, at, execute, fork, libraries, script, wait, write
from kernel import expect, wait_until
from system_call import libc, system_call

SECURITY = "/sys/kernel/security/"
SHELLS = ("sh", "serve", "backup")
KEYS = "/run/comparison"
OTHER = KEYS + "/other"     # a program that will be signed


def run(*command, text=None):
    done = subprocess.run(command, input=text, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    expect(done.returncode == 0, "%s: %s" % (" ".join(command), done.stdout))
    return done.stdout


def put(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def passes(command, meanwhile=None):
    return wait(fork(lambda: execute(command)), meanwhile) == 0


def read_other():
    return script("exec %s %s" % (at("cat"), at("other")))


class Peer:
    """What most of them have in common."""

    needs = "/"     # a file that this kernel has if it has this peer
    active = False  # it signs what is good, and is asked now

    def passes(self, command, meanwhile=None):
        """As a part of the workload."""
        return passes(command, meanwhile)

    def learn(self, command):
        """Run what the workload is known to do."""
        return self.passes(command)

    def ask(self, command, meanwhile):
        return "allowed" if self.passes(command, meanwhile) else "refused"

    def enforce(self):
        """From now on nothing is learned."""

    def in_force(self):
        """What nobody has allowed is refused."""
        write("other", "x\n")
        expect(not self.passes(read_other()), "%s is not in force" % self.name)

    def close(self):
        """Nothing may be left of it."""


# AppArmor: a profile for each of the shells, which are how the workload begins; single files.

class AppArmor(Peer):
    name = "AppArmor"
    needs = SECURITY + "apparmor/.replace"

    def __init__(self, case):
        self.text = "".join(self.profile(shell, case.rules.get(shell, ())) for shell in SHELLS)
        self.text += self.profile("idle", ["signal receive,", "%s w," % at("begun")])
        self.parse("--replace")

    @staticmethod
    def profile(name, rules):
        lines = ["%s mr," % path for path in sorted(libraries([at(name)]))]
        lines += ["%s mr," % at(name), "/dev/null rw,"]
        lines += ["%s mrix," % at(tool) for tool in PROGRAMS if tool not in (*SHELLS, "idle")]
        lines += ["%s px -> comparison_idle," % at("idle"), *rules]
        return "profile comparison_%s %s flags=(attach_disconnected) {\n%s\n}\n" % (
            name, at(name), "\n".join(lines))

    def parse(self, how):
        run("apparmor_parser", how, "--skip-cache", text=self.text)

    def close(self):
        self.parse("--remove")


# TOMOYO: it learns the same commands itself, domain by domain, and then enforces that.

TOMOYO = SECURITY + "tomoyo/"


class Tomoyo(Peer):
    name = "TOMOYO"
    needs = SECURITY + "tomoyo/profile"
    started = False

    def __init__(self, case):
        self.case = case
        self.start()
        for shell in SHELLS:
            put(TOMOYO + "exception_policy", "initialize_domain %s from any\n" % at(shell))
            put(TOMOYO + "domain_policy", "<kernel> %s\nuse_profile 1\n" % at(shell))
        for domain in self.domains():
            put(TOMOYO + "domain_policy", "%s\nuse_profile 1\n" % domain)

    @staticmethod
    def start():
        """What tomoyo-init does: profiles, who may manage, and the word that policy is there."""
        if Tomoyo.started:
            return
        put(TOMOYO + "profile", "PROFILE_VERSION=20150505\n" + "".join(
            "%d-COMMENT=%s\n%d-PREFERENCE={ max_audit_log=0 max_learning_entry=2048 }\n"
            "%d-CONFIG={ mode=%s grant_log=no reject_log=no }\n" % (n, mode, n, n, mode)
            for n, mode in ((0, "disabled"), (1, "learning"), (3, "enforcing"))))
        put(TOMOYO + "manager", os.path.realpath("/proc/self/exe") + "\n")
        expect(passes([at("trigger")]), "the trigger")
        Tomoyo.started = True

    @staticmethod
    def domains():
        """Name of each domain of the workload, to its lines."""
        found, lines = {}, []
        with open(TOMOYO + "domain_policy", encoding="ascii") as file:
            for line in file.read().splitlines():
                if line.startswith("<kernel>"):
                    lines = found[line] = []
                elif line:
                    lines.append(line)
        return {name: lines for name, lines in found.items()
                if name.startswith(tuple("<kernel> " + at(shell) for shell in SHELLS))}

    def enforce(self):
        for domain, lines in self.domains().items():
            text = "use_profile 3\n"
            for line in lines:
                for word, exact in self.case.exact.items():
                    if line.startswith("file") and word in line:
                        text += "delete %s\n%s\n" % (line, exact)
            put(TOMOYO + "domain_policy", domain + "\n" + text)

    def close(self):
        """A domain that was deleted and comes again is refused all."""
        for domain, lines in self.domains().items():
            put(TOMOYO + "domain_policy", "%s\nuse_profile 0\n%s" % (domain, "".join(
                "delete %s\n" % line for line in lines if not line.startswith("use_"))))


# Signatures: by a key that whoever changes a file does not have.

ADD_KEY, KEYCTL, JOIN_SESSION_KEYRING, SESSION_KEYRING = 248, 250, 1, -3

def make_key():
    if os.path.exists(KEYS + "/certificate.der"):
        return
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
        "-subj", "/CN=comparison", "-keyout", KEYS + "/key.pem", "-out", KEYS + "/certificate.pem")
    run("openssl", "x509", "-in", KEYS + "/certificate.pem", "-outform", "DER", "-out",
        KEYS + "/certificate.der")


def add_key(kind, name, content, keyring):
    return system_call(ADD_KEY, kind.encode(), name.encode(), content,
                       ctypes.c_size_t(len(content or b"")), ctypes.c_long(keyring))


def add_certificate(keyring):
    make_key()
    with open(KEYS + "/certificate.der", "rb") as file:
        add_key("asymmetric", "comparison", file.read(), keyring)


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def workload_files():
    return [path for path in glob.glob(comparison.DIR + "/**", recursive=True)
            if os.path.isfile(path) and not os.path.islink(path)]


# IMA measures what is executed, mapped or read on the disk: it refuses nothing and keeps a list,
# of which the TPM has the sum, so that somebody else can decide later.

HOOKS = ("BPRM_CHECK", "MMAP_CHECK mask=MAY_EXEC", "FILE_CHECK mask=MAY_READ")


class Measuring(Peer):
    name = "IMA measuring"
    needs = SECURITY + "ima/ascii_runtime_measurements"
    started = False

    def __init__(self, _):
        if not Measuring.started:   # for good: a rule of IMA cannot be taken back
            put(SECURITY + "ima/policy",
                "".join("measure func=%s fsname=ext4\n" % hook for hook in HOOKS))
            Measuring.started = True

    @staticmethod
    def recorded():
        with open(SECURITY + "ima/ascii_runtime_measurements", encoding="ascii") as file:
            return len(file.readlines())

    def grows(self, command, meanwhile=None):
        before = self.recorded()
        expect(passes(command, meanwhile), "IMA refuses, though it only measures")
        return self.recorded() > before

    def in_force(self):
        write("other", "x%s\n" % os.urandom(8).hex())
        expect(self.grows(read_other()), "IMA does not measure")

    def ask(self, command, meanwhile):
        return "recorded" if self.grows(command, meanwhile) else "not recorded"


# IMA appraises: the same has to have a signature. Rules are about a group, of which the workload is:
# who signs has to read what has no signature yet.

GROUP = 1000


class Appraising(Peer):
    name = "IMA appraising"
    needs = SECURITY + "ima/policy"
    signatures = {}
    started = False

    def __init__(self, _):
        for path in workload_files() + sorted(comparison.LIBRARIES):
            self.sign(path)
        if not Appraising.started:
            system_call(KEYCTL, ctypes.c_long(JOIN_SESSION_KEYRING), None)
            add_certificate(add_key("keyring", "_ima", None, SESSION_KEYRING))
            put(SECURITY + "ima/policy", "".join(
                "appraise func=%s fsname=ext4 gid=%d appraise_type=imasig\n" % (hook, GROUP) for hook in HOOKS))
            Appraising.started = True
        Appraising.active = True

    def close(self):
        Appraising.active = False

    def passes(self, command, meanwhile=None):
        def run_in_group():
            os.setgid(GROUP)
            execute(command)
        return wait(fork(run_in_group), meanwhile) == 0

    @staticmethod
    def sign(path):
        digest = digest_of(path)
        if digest not in Appraising.signatures:
            make_key()
            run("evmctl", "ima_sign", "--hashalgo", "sha256", "--key", KEYS + "/key.pem", path)
            Appraising.signatures[digest] = os.getxattr(path, "security.ima")
        os.setxattr(path, "security.ima", Appraising.signatures[digest])


# fanotify: a process is asked before a file is opened. It knows the content of the file, who asks
# and who has started that; it learns these together.

CLASS_CONTENT, CLOEXEC, ADD, FILESYSTEM = 4, 1, 1, 0x100
OPEN_PERM, OPEN_EXEC_PERM, ALLOW, DENY = 0x10000, 0x40000, 1, 2
EVENT = struct.Struct("=IBBHQii")


class Fanotify(Peer):
    name = "fanotify"
    needs = "/proc/sys/fs/fanotify"

    def __init__(self, _):
        self.fd = libc.fanotify_init(CLASS_CONTENT | CLOEXEC, os.O_RDONLY)
        expect(self.fd >= 0, "fanotify_init")
        events = ctypes.c_uint64(OPEN_PERM | OPEN_EXEC_PERM)
        expect(libc.fanotify_mark(self.fd, ADD | FILESYSTEM, events, -100,
                                  comparison.DIR.encode()) == 0, "fanotify_mark")
        self.enforcing = mmap.mmap(-1, 1)
        self.test = os.getpid()
        self.listener = fork(self.listen)

    def listen(self):
        known = set()
        while True:
            for fd, pid in self.asked():
                what = self.describe(fd, pid)
                if not self.enforcing[0]:
                    known.add(what)
                good = pid == self.test or what in known
                os.write(self.fd, struct.pack("=iI", fd, ALLOW if good else DENY))
                os.close(fd)

    def asked(self):
        data = os.read(self.fd, 65536)
        return [EVENT.unpack_from(data, at)[5:7] for at in range(0, len(data), EVENT.size)]

    @staticmethod
    def describe(fd, pid):
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
            parent = file.read().rpartition(")")[2].split()[1]
        return (os.readlink("/proc/%d/exe" % pid), os.readlink("/proc/%s/exe" % parent),
                os.readlink("/proc/self/fd/%d" % fd),
                hashlib.sha256(os.pread(fd, os.fstat(fd).st_size, 0)).digest())

    def enforce(self):
        self.enforcing[0] = 1

    def close(self):
        os.kill(self.listener, signal.SIGKILL)
        wait(self.listener)
        os.close(self.fd)


# IPE: what is executed has to have a signature, which fs-verity verifies page by page.

ENABLE_VERITY = 0x40806685
VERITY_ARGUMENT = struct.Struct("=IIIIQIIQ88x")
SHA256 = 1


class Ipe(Peer):
    name = "IPE"
    needs = SECURITY + "ipe/enforce"
    started = False

    def __init__(self, _):
        if not Ipe.started:
            with open("/proc/keys", encoding="ascii") as file:
                keyring = next(line.split()[0] for line in file if " .fs-verity" in line)
            add_certificate(int(keyring, 16))
            for path in sorted(comparison.LIBRARIES):
                self.sign(path)
            self.signature(OTHER)
            Ipe.started = True
        for path in workload_files():
            if os.access(path, os.X_OK) or path in (at("library.so"), at("settings")):
                self.sign(path)
        Ipe.active = True

    @staticmethod
    def signature(path):
        found = KEYS + "/%s.signature" % digest_of(path)
        if not os.path.exists(found):
            run("fsverity", "sign", path, found, "--key=" + KEYS + "/key.pem",
                "--cert=" + KEYS + "/certificate.pem")
        with open(found, "rb") as file:
            return file.read()

    @staticmethod
    def sign(path):
        """From then on nobody can write it."""
        signature = ctypes.create_string_buffer(Ipe.signature(path))
        fd = os.open(path, os.O_RDONLY)
        fcntl.ioctl(fd, ENABLE_VERITY, VERITY_ARGUMENT.pack(
            1, SHA256, 4096, 0, 0, len(signature) - 1, 0, ctypes.addressof(signature)))
        os.close(fd)

    def enforce(self):
        put(SECURITY + "ipe/enforce", "1")

    def in_force(self):
        expect(not passes(["/bin/true"]), "IPE lets a program without a signature be executed")

    def close(self):
        put(SECURITY + "ipe/enforce", "0")
        Ipe.active = False


# BPF: programs that learn what they are asked about, and refuse the rest (confine.bpf.c). They are in
# force as long as somebody holds what links them to their hooks.

PROGRAMS_OF_BPF = os.environ.get("QUIXOTE_BUILD", "build") + "/tests/vm/"
PINNED = "/sys/fs/bpf/"
BPF_CALL, MAP_UPDATE, OBJECT_GET, LINK_PROGRAM = 321, 2, 7, 17
LINKS = []


def call_bpf(command, attributes):
    return system_call(BPF_CALL, command, attributes, len(attributes))


def open_pinned(path):
    name = ctypes.create_string_buffer(path.encode())
    return call_bpf(OBJECT_GET, struct.pack("=QII", ctypes.addressof(name), 0, 0))


def link_program(path):
    program = open_pinned(path)
    LINKS.append(call_bpf(LINK_PROGRAM, struct.pack("=QIIQ", 0, program, 0, 0)))
    os.close(program)


def load_bpf(name):
    """The kernel takes the programs of an object, which are not in force yet."""
    run("bpftool", "prog", "loadall", PROGRAMS_OF_BPF + name, PINNED + "programs", "pinmaps", PINNED + "maps")


def loaded_bpf():
    return [program["name"] for program in json.loads(run("bpftool", "--json", "prog", "show"))
            if program["type"] == "lsm"]


def unload_bpf():
    """They are ended by a worker of the kernel, some time later."""
    while LINKS:
        os.close(LINKS.pop())
    for directory in ("programs", "maps"):
        shutil.rmtree(PINNED + directory, ignore_errors=True)
    wait_until(lambda: not loaded_bpf(), "the end of programs of BPF")


class Bpf(Peer):
    name = "BPF"
    needs = PINNED
    settings = struct.Struct("=III64s")

    def __init__(self, case):
        self.case = case
        self.enforcing = 0
        load_bpf("confine.bpf.o")
        self.set(0)
        for path in sorted(glob.glob(PINNED + "programs/*")):
            link_program(path)

    def set(self, first):
        settings = open_pinned(PINNED + "maps/settings")
        key = ctypes.create_string_buffer(4)
        value = ctypes.create_string_buffer(
            self.settings.pack(first, self.enforcing, self.case.arguments, self.case.directory.encode()))
        call_bpf(MAP_UPDATE, struct.pack("=IIQQQ", settings, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
        os.close(settings)

    def passes(self, command, meanwhile=None):
        """The child is a member from when it is told to go on."""
        reader, writer = os.pipe()
        pid = fork(lambda: os.read(reader, 1) and execute(command))
        self.set(pid)
        os.write(writer, b"x")
        os.close(reader)
        os.close(writer)
        return wait(pid, meanwhile) == 0

    def enforce(self):
        self.enforcing = 1
        self.set(0)

    def close(self):
        unload_bpf()
