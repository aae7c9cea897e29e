#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_workload.py - learning, enforcing, streams and exit status of a workload."""

import os
import pty
import re
import signal
import threading
import time
from unittest import mock

import harness
from harness import WorkloadTest, children, cmdline, load_records, main, numbered
from patience import PATIENCE_SEC, has_ended, wait_until


class Learning(WorkloadTest):
    def test_learned_is_trusted_and_the_rest_refused(self):
        known, unknown = load_records(2)
        err = self.train([known])
        self.assertRegex(err, r"^quixote: web: 1 new coefficients? in this run, 1 in all, 1 run\n$")

        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.config())
        kernel.wait_armed()
        kernel.send(numbered(known, 1), numbered(unknown, 2))
        kernel.send(numbered(known, 3))
        self.assertEqual(kernel.verdicts(3), ["trusted 1", "refused 2", "trusted 3"])
        status, _, err = self.finish(process)
        self.assertEqual(status, 0, err)
        self.assertIn("1 event outside the model", err)
        told = self.forensics()
        self.assertEqual([line["verdict"] for line in told], ["refused"])
        self.assertEqual(told[0]["record"]["event"]["number"], "2")

    def test_runs_add_up(self):
        records = load_records(3)
        self.train(records[:1])
        err = self.train(records)
        self.assertRegex(err, r"2 new coefficients in this run, 3 in all, 2 runs")

    def test_only_training_may_name_another_model(self):
        self.train(load_records(1))
        for mode, status in (("enforce", 201), ("shadow", 201), ("train", 0)):
            kernel = self.kernel()
            process = self.start(kernel, mode, self.config("/bin/true"), options=[f"--model={self.dir}/other"])
            self.assertEqual(self.finish(process)[0], status, mode)
        self.assertTrue(os.path.exists(self.dir + "/other"))

    def test_shadow_refuses_nothing(self):
        known, unknown = load_records(2)
        self.train([known])
        kernel = self.kernel()
        process = self.start(kernel, "shadow", self.config())
        kernel.wait_armed()
        kernel.send(numbered(known, 1), numbered(unknown, 2))
        self.assertEqual(kernel.verdicts(2), ["trusted 1", "trusted 2"])
        self.assertEqual(self.finish(process)[0], 0)
        self.assertNotIn("enforce\n", kernel.commands)
        self.assertEqual([line["verdict"] for line in self.forensics()], ["shadow"])

    def test_order_of_the_control_plane(self):
        self.train(load_records(1))
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.config())
        kernel.wait_armed()
        self.finish(process)
        verbs = [command.split()[0] for command in kernel.commands]
        self.assertEqual(verbs, ["create", "pseudonym", "state", "enforce", "seal", "arm"])
        words = kernel.commands[0].split()
        for word in ("tma=external", "remember=1", "exec=1", "batch=1", "deadline=60000", "gone=kill"):
            self.assertIn(word, words)

    def test_who_wants_all_events_is_asked_about_all(self):
        self.train(load_records(1))
        for keys in ({"Model_Trajectory": "16M"}, {"Failure_OnViolation": "warn"}):
            kernel = self.kernel()
            process = self.start(kernel, "enforce", self.config(**keys))
            kernel.wait_armed()
            self.finish(process)
            self.assertNotIn("remember=1", kernel.commands[0])
            self.assertFalse([command for command in kernel.commands if command.startswith("state")])

    def violation(self, action, kind="event"):
        known, unknown = load_records(1) + load_records(2, kind)[1:]
        self.train([known])
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.config(Failure_OnViolation=action))
        kernel.wait_armed()
        kernel.send(numbered(unknown, 7))
        return kernel, process

    def test_isolate(self):
        kernel, process = self.violation("isolate")
        self.assertEqual(kernel.verdicts(1), ["untrusted 7"])
        self.assertEqual(self.finish(process)[0], 0)

    def test_warn(self):
        kernel, process = self.violation("warn")
        self.assertEqual(kernel.verdicts(1), ["trusted 7"])
        self.assertEqual(self.finish(process)[0], 0)
        self.assertEqual([line["verdict"] for line in self.forensics()], ["shadow"])

    def test_kill(self):
        kernel, process = self.violation("kill")
        self.assertEqual(process.wait(PATIENCE_SEC), 207)
        with self.assertRaises(EOFError):       # it was killed waiting
            kernel.verdicts(1)
        self.assertIn("quixote explain", process.stderr.read().decode())
        self.assertEqual(len(self.forensics()), 1)

    def after_the_fact(self, action):
        records = load_records(1)
        late = load_records(1, "async_event", ("task_kill",))[0]
        self.train(records)
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.config(Failure_OnViolation=action,
                                                              Model_Trajectory="16M"))
        kernel.wait_armed()
        kernel.send(numbered(late, 9))
        self.assertEqual(kernel.verdicts(1), ["untrusted 9"])
        return process

    def test_deny_after_the_fact_is_one_step_harder(self):
        self.assertEqual(self.finish(self.after_the_fact("deny"))[0], 0)

    def test_isolate_after_the_fact_is_one_step_harder(self):
        self.assertEqual(self.after_the_fact("isolate").wait(PATIENCE_SEC), 207)


class Streams(WorkloadTest):
    def run_shell(self, script, data=b"", **keys):
        path = self.dir + "/script"
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        process = self.start(self.kernel(), "train", self.config(f"/bin/sh {path}", **keys))
        return self.finish(process, data)

    def test_bytes_are_unchanged(self):
        data = bytes(range(256)) * 4096
        status, out, _ = self.run_shell("cat; printf '\\0err' >&2", data)
        self.assertEqual((status, out), (0, data))

    def test_error_stream(self):
        _, out, err = self.run_shell("printf out; printf 'to err\\n' >&2")
        self.assertEqual(out, b"out")
        self.assertTrue(err.startswith("to err\n"), err)

    def plain(self, command, terminal="no", **streams):
        """Without the harness's pipes: (exit status, what is in the output file)."""
        out = self.dir + "/out"
        with open(out, "wb") as file:
            streams.setdefault("stdout", file)
            config = self.config(command, Workload_Terminal=terminal)
            process = self.start(self.kernel(), "train", config, **streams)
            process.wait(PATIENCE_SEC)
        with open(out, "rb") as file:
            return process.returncode, file.read()

    def test_from_and_to_files(self):
        data = os.urandom(3 << 20)
        with open(self.dir + "/in", "wb") as file:
            file.write(data)
        with open(self.dir + "/in", "rb") as file:
            self.assertEqual(self.plain("/bin/cat", stdin=file), (0, data))

    def test_from_nowhere(self):
        with open("/dev/null", "rb") as null:
            self.assertEqual(self.plain("/bin/cat", stdin=null), (0, b""))

    def test_input_that_nobody_reads(self):
        process = self.start(self.kernel(), "train", self.config("/bin/true"))
        self.assertEqual(process.wait(PATIENCE_SEC), 0)

    def test_output_that_nobody_reads(self):
        read, write = os.pipe()
        process = self.start(self.kernel(), "train", self.config("/usr/bin/yes"), stdout=write)
        os.close(write)
        os.read(read, 4096)
        os.close(read)
        self.assertEqual(process.wait(PATIENCE_SEC), 128 + signal.SIGPIPE)

    def test_slow_reader_holds_up_nothing_but_output(self):
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config("/usr/bin/yes"))
        pid = kernel.wait_armed()
        time.sleep(1)
        kernel.send(*[numbered(record, 1) for record in load_records(1)])
        self.assertEqual(kernel.verdicts(1), ["trusted 1"])
        os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE_SEC)
        self.assertEqual(process.returncode, 128 + signal.SIGKILL)

    def test_flags_of_shared_descriptors_are_left_alone(self):
        read, write = os.pipe()
        process = self.start(self.kernel(), "train", self.config("/bin/sleep 0.3"), stdout=write,
                             stdin=read)
        time.sleep(0.2)
        self.assertEqual([os.get_blocking(fd) for fd in (read, write)], [True, True])
        os.close(write)
        self.assertEqual(process.wait(PATIENCE_SEC), 0)
        os.close(read)

    def test_streams_are_pipes(self):
        status, out, err = self.run_shell("for i in 0 1 2; do [ -p /dev/fd/$i ] || exit 1; done; "
                                          "[ -t 0 ] && exit 2; exit 0")
        self.assertEqual(status, 0, err)

    def test_terminal(self):
        status, out, err = self.run_shell("tty; [ -t 2 ] && exec 3</dev/tty && echo controlling",
                                          Workload_Terminal="yes")
        self.assertEqual(status, 0, err)
        self.assertRegex(out, rb"^/dev/pts/\d+\r\ncontrolling\r\n$")

    def test_inherited_streams(self):
        status, out = self.plain("/usr/bin/readlink /proc/self/fd/1", terminal="inherit")
        self.assertEqual((status, out), (0, (self.dir + "/out\n").encode()))

    def test_exit_status(self):
        self.assertEqual(self.run_shell("exit 42")[0], 42)

    def test_killed_by_signal(self):
        self.assertEqual(self.run_shell("kill -SEGV $$")[0], 128 + signal.SIGSEGV)

    def test_working_directory_and_environment(self):
        _, out, _ = self.run_shell("pwd; echo $GREETING", Workload_WorkingDirectory="/usr",
                                   Workload_Environment="GREETING=hello")
        self.assertEqual(out, b"/usr\nhello\n")

    def test_program_is_looked_for_in_its_own_path(self):
        os.symlink("/bin/echo", self.dir + "/say")
        process = self.start(self.kernel(), "train", self.config("say here", Workload_Environment="PATH=" + self.dir))
        self.assertEqual(self.finish(process)[:2], (0, b"here\n"))

    def test_only_three_descriptors(self):
        _, out, _ = self.run_shell("ls /proc/$$/fd; true")
        self.assertEqual(out.split(), [b"0", b"1", b"10", b"2"])     # 10: sh's own script

    def test_what_stays_behind_is_ended(self):
        status, out, _ = self.run_shell("sleep 1000 & (setsid sleep 1000 &) ; echo done")
        self.assertEqual((status, out), (0, b"done\n"))

    def test_arguments_are_appended(self):
        process = self.start(self.kernel(), "train", self.config("/bin/echo one"), ["two", "3 4"])
        self.assertEqual(self.finish(process)[1], b"one two 3 4\n")


class SharedInput(WorkloadTest):
    """Somebody else reads the same pipe or terminal, and may take what was there to read."""

    def running(self, stdin):
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config("/bin/cat"), stdin=stdin)
        kernel.wait_armed()
        return process

    @staticmethod
    def flags(process, fd):
        """Those of descriptors of the same file, by number."""
        found = {}
        same = os.fstat(fd)
        for name in os.listdir(f"/proc/{process.pid}/fd"):
            try:
                if os.path.samestat(os.stat(f"/proc/{process.pid}/fd/{name}"), same):
                    with open(f"/proc/{process.pid}/fdinfo/{name}", encoding="ascii") as info:
                        found[int(name)] = int(re.search(r"^flags:\s+(\d+)$", info.read(), re.M).group(1), 8)
            except FileNotFoundError:
                pass            # closed meanwhile
        return found

    def check(self, process, fd):
        wait_until(lambda: len(self.flags(process, fd)) == 2, what="a description of its own")
        flags = self.flags(process, fd)
        self.assertFalse(flags.pop(0) & os.O_NONBLOCK, "changed for who shares it")
        self.assertTrue(flags.popitem()[1] & os.O_NONBLOCK)

    def test_pipe_of_others(self):
        reading, writing = os.pipe()
        process = self.running(reading)
        self.check(process, reading)

        def take():
            while os.read(reading, 1):
                pass
        other = threading.Thread(target=take)
        other.start()
        for _ in range(300):
            os.write(writing, b"x")
        process.send_signal(signal.SIGTERM)     # there is more to do than to wait for input
        self.assertEqual(process.wait(PATIENCE_SEC), 128 + signal.SIGTERM)
        os.close(writing)
        other.join(PATIENCE_SEC)
        os.close(reading)

    def test_terminal_of_others(self):
        master, slave = pty.openpty()
        process = self.running(slave)
        self.check(process, slave)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SEC), 128 + signal.SIGTERM)
        os.close(master)
        os.close(slave)

    def test_file_goes_on_where_it_is(self):
        with open(self.dir + "/input", "w+b", buffering=0) as file:
            file.write(b"first second")
            file.seek(len(b"first "))
            process = self.running(file)
            self.assertEqual(process.stdout.read(), b"second")
            self.assertEqual(process.wait(PATIENCE_SEC), 0)
            self.assertEqual(file.read(), b"")  # one position, from which others go on


class InstalledTest(WorkloadTest):
    def setUp(self):
        super().setUp()
        self.libexec = self.dir + "/libexec"        # an installation: all in one place
        os.mkdir(self.libexec)
        for place, names in ((os.path.dirname(harness.ORCHESTRATOR), ["quixote-shim", "quixote-bundle"]),
                             (harness.LIBEXEC, ["quixote-tma", "quixote-recorder"])):
            for name in names:
                os.symlink(os.path.abspath(os.path.join(place, name)), self.libexec + "/" + name)


class Drivers(InstalledTest):

    def drive(self, script, command, data=b"", **keys):
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config(command, **keys),
                             ["/bin/sh", "-c", script], libexec=self.libexec, driver=True)
        return kernel, *self.finish(process, data)

    def test_tool_is_armed_each_time(self):
        kernel, status, out, err = self.drive(
            "echo $QUIXOTE_SHIM_SOCKET; id -u; id -un; (cd /usr; id -g)", "/usr/bin/id")
        self.assertEqual(status, 0, err)
        socket, uid = out.decode().split()[:2]
        self.assertEqual(uid, str(os.getuid()))
        kernel.wait(lambda: len(kernel.armed) == 3)
        self.assertFalse(os.path.exists(os.path.dirname(socket)), "the directory is left")

    def test_tool_has_streams_and_status(self):
        _, status, out, err = self.drive(
            f"cd {self.dir}; printf 'a b' | cat > file; cat file; cat /no/such 2>/dev/null; "
            "echo $?; echo end | cat; exit 7", "cat")
        self.assertEqual((status, out), (7, b"a b1\nend\n"), err)

    def test_tool_sees_no_driver(self):
        _, status, out, err = self.drive("env", "env", Workload_Environment="GREETING=hello")
        self.assertEqual(status, 0, err)
        lines = out.decode().splitlines()
        self.assertIn("GREETING=hello", lines)
        self.assertIn("PATH=" + os.environ["PATH"], lines)
        self.assertEqual([line for line in lines if "SHIM" in line], [])

    def test_tool_may_be_its_own_driver(self):
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config("/bin/echo"), ["echo", "a b", "c"], libexec=self.libexec,
                             driver=True)
        status, out, err = self.finish(process)
        self.assertEqual((status, out), (0, b"a b c\n"), err)
        kernel.wait(lambda: len(kernel.armed) == 1)

    def test_many_at_once(self):
        kernel, status, out, err = self.drive(
            "for i in $(seq 40); do echo $i & done; wait; "
            "for i in $(seq 40); do /usr/bin/env echo $i & done; wait", "/bin/echo")
        self.assertEqual(status, 0, err)
        kernel.wait(lambda: len(kernel.armed) == 40)
        self.assertEqual(len(out.split()), 80)

    def test_signal_reaches_the_program(self):
        _, status, _, err = self.drive("sleep 1000 & pid=$!; env sleep 0.3; kill $pid; wait $pid; "
                                       "exit $?", "/bin/sleep")
        self.assertEqual(status, 128 + signal.SIGTERM, err)

    def test_driver_that_does_not_run_it(self):
        _, status, _, err = self.drive("true", "/usr/bin/id")
        self.assertEqual(status, 0)
        self.assertIn("the driver never started /usr/bin/id", err)

    def test_only_its_own_children(self):
        program = ("import os, socket, array; s = socket.socket(socket.AF_UNIX, "
                   "socket.SOCK_SEQPACKET); s.connect(os.environ['QUIXOTE_SHIM_SOCKET']); "
                   "fd = os.pidfd_open(os.getppid()); s.sendmsg([b'x'], [(socket.SOL_SOCKET, "
                   "socket.SCM_RIGHTS, array.array('i', [fd]))]); "
                   "print(int.from_bytes(s.recv(4), 'little', signed=True))")
        kernel, status, out, err = self.drive(f'python3 -c "{program}"', "/usr/bin/id")
        self.assertEqual((status, out), (0, b"-1\n"), err)
        self.assertEqual(kernel.armed, [])

    def test_one_descriptor_only(self):
        """Two fit into the room of one; neither stays open where nobody knows of it."""
        program = ("import os, socket, array, select; s = socket.socket(socket.AF_UNIX, "
                   "socket.SOCK_SEQPACKET); s.connect(os.environ['QUIXOTE_SHIM_SOCKET']); "
                   "r, w = os.pipe(); s.sendmsg([b'x'], [(socket.SOL_SOCKET, "
                   "socket.SCM_RIGHTS, array.array('i', [w, w]))]); os.close(w); "
                   "print(int.from_bytes(s.recv(4), 'little', signed=True), "
                   "select.select([r], [], [], 60)[0] == [r])")
        kernel, status, out, err = self.drive(f'python3 -c "{program}"', "/usr/bin/id")
        self.assertEqual((status, out), (0, b"-74 True\n"), err)
        self.assertEqual(kernel.armed, [])

    def test_service_is_ended_with_its_driver(self):
        kernel, status, out, err = self.drive(
            "echo driver; exit 5", "/bin/sh -c \"trap 'echo service ended; exit 9' TERM; "
            "while :; do sleep 0.05; done\"", Workload_Type="service")
        self.assertEqual(status, 5, err)
        kernel.wait(lambda: len(kernel.armed) == 1)
        self.assertIn(b"driver\n", out)
        self.assertTrue(os.path.exists(self.model))

    def test_service_that_ends_before_its_driver(self):
        """At once, or when the driver has begun, which it says by a file."""
        for when in (":", f"while [ ! -e {self.dir}/up ]; do sleep 0.05; done"):
            for end, told in (("exit 3", 3), ("exit 0", 0), ("kill -9 $$", 128 + signal.SIGKILL)):
                with self.subTest(when=when, end=end):
                    _, status, _, err = self.drive(f": >{self.dir}/up; exec sleep 1000", f"/bin/sh -c '{when}; {end}'",
                                                   Workload_Type="service")
                    self.assertEqual(status, 206, err)
                    self.assertIn(f"the service ended before its driver, with status {told}:", err)
                    self.assertEqual(err.count("\n"), 1, err)
                    self.assertFalse(os.path.exists(self.model))
                    if os.path.exists(self.dir + "/up"):
                        os.unlink(self.dir + "/up")

    def test_service_that_does_not_start(self):
        _, status, _, err = self.drive("exit 5", "/no/such/service", Workload_Type="service")
        self.assertEqual(status, 206)
        self.assertIn("/no/such/service", err)

    def test_no_such_driver(self):
        for kind in ("tool", "service"):
            with self.subTest(kind):
                process = self.start(self.kernel(), "train",
                                     self.config("/bin/sleep 1000", Workload_Type=kind),
                                     ["/no/such/driver"], libexec=self.libexec, driver=True)
                status, _, err = self.finish(process)
                self.assertEqual(status, 206)
                self.assertIn("/no/such/driver: No such file or directory", err)

    def test_enforcing_needs_no_driver(self):
        process = self.start(self.kernel(), "enforce", self.config(), ["true"], driver=True)
        self.assertEqual(self.finish(process)[0], 201)


# Stands for crun: its container is a process that sleeps, and there is one of each id.
RUNTIME = """#!/bin/sh
[ "$1" != --root ] || shift 2
echo "$@" >>{0}/asked
verb=$1
while [ $# -gt 1 ]; do
    [ "$1" != --pid-file ] || file=$2
    shift
done
case $verb in
create) setsid sleep 1000 & echo $! >{0}/"$1"; cp {0}/"$1" "$file" ;;
delete) [ ! -e {0}/"$1" ] || kill -KILL $(cat {0}/"$1"); rm -f {0}/"$1" ;;
esac
exit 0
"""


class Bundles(InstalledTest):
    def setUp(self):
        super().setUp()
        self.train(load_records(1))
        self.path = self.config("/bundle")
        with open(self.path, encoding="utf-8") as file:
            text = file.read().replace("Command=/bundle", "Bundle=" + self.dir).replace("Type=tool\n", "")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        os.mkdir(self.dir + "/bin")
        with open(self.dir + "/bin/crun", "w", encoding="utf-8") as file:
            file.write(RUNTIME.format(self.dir))
        os.chmod(self.dir + "/bin/crun", 0o755)
        patch = mock.patch.dict(os.environ, PATH=self.dir + "/bin:" + os.environ["PATH"])
        patch.start()
        self.addCleanup(patch.stop)

    def tearDown(self):
        if os.path.exists(self.dir + "/quixote-web"):
            os.kill(self.container(), signal.SIGKILL)       # only a failed test leaves one
        super().tearDown()

    def container(self):
        with open(self.dir + "/quixote-web", encoding="ascii") as file:
            return int(file.read())

    def asked(self):
        with open(self.dir + "/asked", encoding="utf-8") as file:
            return file.read().splitlines()

    def run_container(self):
        """It, its orchestrator, and what its runtime was asked until it runs."""
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.path, libexec=self.libexec)
        kernel.wait_armed()
        wait_until(lambda: self.asked()[-1].startswith("start "), what="the start of the container")
        return self.container(), process, self.asked()

    def end_container(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process)[0], 128 + signal.SIGTERM)

    def test_two_runs_of_one_name(self):
        pid, first, asked = self.run_container()
        second = self.start(self.kernel(), "enforce", self.path, libexec=self.libexec)
        status, _, err = self.finish(second)
        self.assertEqual(status, 206, err)
        self.assertIn("another container of this name runs", err)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertEqual(self.asked(), asked)
        self.assertFalse(has_ended(pid))
        self.assertIsNone(first.poll())
        self.end_container(first)
        self.end_container(self.run_container()[1])     # nobody is in its way any more


class Ending(WorkloadTest):
    def test_signal_is_forwarded(self):
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config("/bin/sleep 1000"))
        pid = kernel.wait_armed()
        wait_until(lambda: b"sleep" in cmdline(pid))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SEC), 128 + signal.SIGTERM)

    def test_second_signal_kills(self):
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config("/bin/sh -c \"trap '' TERM; echo up; "
                                                          "while :; do sleep 0.1; done\""))
        self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertIn(process.wait(PATIENCE_SEC), (128 + signal.SIGTERM, 128 + signal.SIGKILL))
        self.assertEqual(children(process.pid), {})

    def test_no_such_program(self):
        process = self.start(self.kernel(), "train", self.config("/no/such/program"))
        status, _, err = self.finish(process)
        self.assertEqual(status, 206)
        self.assertRegex(err, r"^quixote: web: /no/such/program: No such file or directory: .*\n$")
        self.assertFalse(os.path.exists(self.model))

    def test_no_such_directory(self):
        process = self.start(self.kernel(), "train",
                             self.config(Workload_WorkingDirectory="/no/such"))
        status, _, err = self.finish(process)
        self.assertEqual(status, 206)
        self.assertIn("WorkingDirectory=", err)


if __name__ == "__main__":
    main()
