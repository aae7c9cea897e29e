# SPDX-License-Identifier: LGPL-2.1-or-later
"""peers.py - who else decides about programs, each configured for one case as finely as it can
be, for tests/vm/comparison-peers.

A peer is made when the workload lies in its directory, learns where it can learn, and is seen
to be in force before it is asked.
"""
import os
import subprocess

import comparison
from comparison import PROGRAMS, at, execute, fork, libraries, script, wait, write
from kernel import expect

SECURITY = "/sys/kernel/security/"
SHELLS = ("sh", "serve", "backup")


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

    def learn(self, command):
        """Run what the workload is known to do."""
        return passes(command)

    def ask(self, command, meanwhile):
        return "allowed" if passes(command, meanwhile) else "refused"

    def enforce(self):
        """From now on nothing is learned."""

    def in_force(self):
        """What nobody has allowed is refused."""
        write("other", "x\n")
        expect(not passes(read_other()), "%s is not in force" % self.name)

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
