# SPDX-License-Identifier: LGPL-2.1-or-later
"""learners.py - three that learn a service from its days and say of other days what they would
refuse: TSEM, AppArmor, TOMOYO. All three see the same days at the same time, on one kernel, and none refuses.
Each knows of one directory per service in which names do not matter.
"""
import json
import os
import re
import shutil
import subprocess

from services import run, write

SECURITY = "/sys/kernel/security/"


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Learner:
    """Of one service: learns from days that happen between begin() and snapshot(), keeps what it has learned
    by name, and from judge() on counts what is outside it."""

    def __init__(self, service):
        self.service = service

    def refused(self):
        """What was outside it since it was asked last: of each thing that a person would have to allow, its words."""
        raise NotImplementedError

    def size(self, _name):
        """Lines of what it has learned."""
        raise NotImplementedError


class Tsem(Learner):
    title = "TSEM"

    def __init__(self, service):
        super().__init__(service)
        self.dir = "/etc/quixote/" + service.name
        os.makedirs(self.dir)
        shutil.chown(self.dir, "root")

    def config(self, name, mode):
        path = "%s/%s.cfg" % (self.dir, name)
        write(path, "[Workload]\nName={name}\nType=service\nCommand={command}\nUser={user}\nEnvironment={environment}\n"
              "[Model]\nFile={dir}/{model}.model\nMode={mode}\nScratch={home}/ /tmp/ /var/tmp/ /dev/shm/\n"
              "[Trust]\nAllowUnsigned=yes\n".format(
                  name=self.service.name, command=self.service.command, user=self.service.user, mode=mode,
                  environment=self.service.environment, dir=self.dir, model=name, home=self.service.home))
        return path

    def begin(self):
        self.config("learned", "train")

    def command(self, name):
        """A day is driven by these words."""
        if name:
            return ["run", "-c", self.config(name, "shadow")]
        return ["train", "-c", self.dir + "/learned.cfg"]

    def snapshot(self, name):
        shutil.copy(self.dir + "/learned.model", "%s/%s.model" % (self.dir, name))

    def judge(self, _name):
        pass

    def refused(self):
        told = run(os.environ["QUIXOTE_BUILD"] + "/cli/quixote", "explain", "--json", self.service.name)
        shutil.rmtree("/var/lib/quixote/" + self.service.name)   # it tells of earlier days, too
        return {r["coefficient"]: (r["who"], r["what"]) for r in map(json.loads, told.splitlines())}

    def size(self, name):
        return sum('"coefficient"' in line for line in read("%s/%s.model" % (self.dir, name)).splitlines())


class AppArmor(Learner):
    """Complains, and its own tool makes rules of that; asked, it is told: as it was seen, and children inherit."""
    title = "AppArmor"
    profiles = "/etc/apparmor.d/"
    own = """abi <abi/3.0>,
include <tunables/global>
profile %s %s flags=(complain,attach_disconnected) {
  %s/{,**} rwkl,
  /tmp/{,**} rwkl,
  /var/tmp/{,**} rwkl,
  /dev/shm/{,**} rwkl,
}
"""

    def __init__(self, service):
        super().__init__(service)
        self.profile = self.profiles + service.name
        self.seen = ""
        self.mark = "begin %s" % service.name

    def load(self):
        run("/sbin/apparmor_parser", "--replace", "--skip-cache", self.profile)

    def begin(self):
        write("/proc/sys/kernel/printk_ratelimit", "0")
        # It goes by the file, whatever links lead to it.
        write(self.profile, self.own % (self.service.name, os.path.realpath(self.service.program), self.service.home))
        self.load()
        self.told()

    def told(self):
        """What it has told since it was asked last; the log is a ring."""
        log = run("dmesg", "--raw").decode(errors="replace")
        _, found, text = log.rpartition(self.mark + "\n")
        if not found and not self.mark.startswith("begin"):
            raise OSError("the log has lost what AppArmor said")
        self.mark = "mark %s %d" % (self.service.name, len(log) + len(self.seen))
        write("/dev/kmsg", self.mark + "\n")
        return "".join(re.sub(r"^<\d+>", "", line) + "\n" for line in text.splitlines() if 'apparmor="ALLOWED"' in line)

    def snapshot(self, name):
        self.seen += self.told()
        if not self.seen:
            raise OSError("AppArmor has seen nothing of %s" % self.service.name)
        write("/run/apparmor.log", "".join(
            # The tool is older than the kernel, and does not know its classes.
            "Jan  1 00:00:00 here kernel: %s\n" % re.sub(r' class="\w+"', "", line) for line in self.seen.splitlines()))
        self.ask()
        text = re.sub(r"flags=\([^)]*\)", "flags=(complain,attach_disconnected)", read(self.profile))
        # As its tool proposes beside what was seen.
        text = re.sub(r"/proc/\d+/", "/proc/@{pid}/", text)
        write(self.profile, text)
        write("%s.%s" % ("/run/" + self.service.name, name), text)

    def ask(self):
        with subprocess.Popen(["/usr/bin/python3", "/usr/sbin/aa-logprof", "--json", "-d", self.profiles, "-f",
                               "/run/apparmor.log"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT) as tool:
            said = []
            for line in tool.stdout:
                said.append(line)
                try:
                    question = json.loads(line)
                except ValueError:
                    continue
                answer = self.answer(question)
                if answer:
                    tool.stdin.write(json.dumps(answer) + "\n")
                    tool.stdin.flush()
        if tool.returncode:
            raise OSError("aa-logprof: %d %s" % (tool.returncode, "".join(said)[-2000:]))

    @staticmethod
    def answer(question):
        kind = question.get("dialog")
        if kind == "yesno":
            return {"dialog": kind, "response": "yes", "response_key": "y"}
        if kind != "promptuser":
            return None
        options, items = question["options"] or [], question["menu_items"]
        as_seen = [n for n, option in enumerate(options) if "include" not in option] or [0]
        for text in ("(I)nherit", "(A)llow", "(S)ave Changes"):
            if text in items or "[" + text + "]" in items:
                key = re.search(r"\((.)\)", text).group(1).lower()
                return {"dialog": kind, "response_key": key, "selected": as_seen[-1]}
        raise OSError("aa-logprof asks: %s" % question)

    def judge(self, name):
        shutil.copy("%s.%s" % ("/run/" + self.service.name, name), self.profile)
        self.load()
        self.told()

    def refused(self):
        found = set()
        for line in self.told().splitlines():
            fields = dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line))
            if fields.get("operation") not in ("profile_replace", "profile_load"):
                found.add(tuple(fields.get(key) for key in ("profile", "operation", "name", "requested_mask", "capname",
                                                            "family", "sock_type", "signal")))
        return {rule: rule for rule in found}

    def size(self, name):
        text = read("%s.%s" % ("/run/" + self.service.name, name))
        return sum(line.rstrip().endswith(",") for line in text.splitlines()) - 1


class Tomoyo(Learner):
    title = "TOMOYO"
    tree = SECURITY + "tomoyo/"
    directories = ("/tmp", "/var/tmp", "/dev/shm")
    # What a directory in which names do not matter takes in its language.
    freely = ("read", "write", "append", "unlink", "truncate", "rmdir", "symlink", "getattr", "execute-")
    numbered = {"create": "0-0777", "mkdir": "0-0777", "chmod": "0-07777", "chown": "0-4294967295", "chgrp": "0-4294967295",
                "mkfifo": "0-0777", "mksock": "0-0777", "ioctl": "0-4294967295"}

    def __init__(self, service):
        super().__init__(service)
        self.saved = {}

    @classmethod
    def start(cls):
        """Activated when the program that it was told of (TOMOYO_trigger=) runs; the program that then loads
        the policy (TOMOYO_loader=) is this one."""
        write("/run/tomoyo-loader", "#!/bin/sh\necho %s >%smanager\n"
              "printf '%%s\\n' PROFILE_VERSION=20150505 "
              "'0-CONFIG={ mode=disabled grant_log=no reject_log=no }' "
              "'1-PREFERENCE={ max_audit_log=1024 max_learning_entry=100000 }' '1-CONFIG={ mode=learning grant_log=no reject_log=no }' "
              "'2-PREFERENCE={ max_audit_log=65536 max_learning_entry=0 }' '2-CONFIG={ mode=permissive grant_log=no reject_log=yes }' "
              ">%sprofile\n" % (os.path.realpath("/proc/self/exe"), cls.tree, cls.tree))
        os.chmod("/run/tomoyo-loader", 0o755)
        shutil.copy("/usr/bin/true", "/run/tomoyo-trigger")
        run("/run/tomoyo-trigger")

    @staticmethod
    def without_numbers(rule):
        """Of pipes and sockets, which are others each time."""
        return re.sub(r"\b(pipe|socket):\[\d+\]", r"\1:[\\$]", rule)

    def domain(self):
        return "<kernel> " + self.service.program

    def say(self, name, text):
        fd = os.open(self.tree + name, os.O_WRONLY)
        for line in text.splitlines():
            os.write(fd, line.encode() + b"\n")
        os.close(fd)

    def begin(self):
        self.say("exception_policy", "initialize_domain %s from any\n" % self.service.program)
        for directory in (self.service.home,) + self.directories:
            group = "scratch-" + self.service.name
            self.say("exception_policy", "path_group {g} {d}/\npath_group {g} {d}/\\*\npath_group {g} {d}/\\{{\\*\\}}/\n"
                     "path_group {g} {d}/\\{{\\*\\}}/\\*\n".format(g=group, d=directory))
        group = "@scratch-" + self.service.name
        rules = ["file %s %s" % (word, group) for word in self.freely if not word.endswith("-")]
        rules += ["file %s %s %s" % (word, group, numbers) for word, numbers in self.numbered.items()]
        rules += ["file %s %s %s" % (word, group, group) for word in ("rename", "link")]
        self.say("domain_policy", "%s\nuse_profile 1\n%s\n" % (self.domain(), "\n".join(rules)))
        if self.domain() + "\n" not in read(self.tree + "domain_policy"):
            raise OSError("TOMOYO did not take a domain: is it active?")

    def domains(self):
        """Those of the service, with their rules."""
        found, current = {}, None
        for line in read(self.tree + "domain_policy").splitlines():
            if line.startswith("<kernel>"):
                current = line if line == self.domain() or line.startswith(self.domain() + " ") else None
                if current:
                    found[current] = []
            elif current and line and not line.startswith(("use_profile", "use_group", "quota_exceeded")):
                found[current].append(self.without_numbers(line))
        return found

    def snapshot(self, name):
        self.saved[name] = self.domains()

    def judge(self, name):
        for domain, rules in self.domains().items():
            self.say("domain_policy", "select %s\n%s\n" % (domain, "\n".join("delete " + rule for rule in rules)))
        for domain, rules in self.saved[name].items():
            self.say("domain_policy", "%s\nuse_profile 2\n%s\n" % (domain, "\n".join(rules)))
        self.refused()

    def refused(self):
        found = set()
        fd = os.open(self.tree + "audit", os.O_RDONLY | os.O_NONBLOCK)
        text = b""
        while True:
            try:
                data = os.read(fd, 65536)
            except BlockingIOError:
                break
            if not data:
                break
            text += data
        os.close(fd)
        for block in text.decode(errors="replace").replace("\0", "\n").split("\n#"):
            header, domain, *rules = [line for line in block.splitlines() if line] or ("", "")
            if "granted=no" in header and domain.startswith(self.domain()):
                found.add((domain, *map(self.without_numbers, rules)))
        return {rule: rule for rule in found}

    def size(self, name):
        return sum(len(rules) for rules in self.saved[name].values())


LEARNERS = (Tsem, AppArmor, Tomoyo)
