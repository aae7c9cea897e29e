# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_review.py - models told, compared, merged and converted."""

import html.parser
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from story import Story, coe, file, record, text

QUIXOTE = None


def job(digest="1" * 64, hosts="0100644", changed=False, creds=None, **options):
    """A script that runs curl; changed, curl does other things, and executes nc."""
    story = Story(QUIXOTE, **options)
    script = story.executed("/bin/sh", script="/srv/job.sh")
    curl = story.executed("/usr/bin/curl", previous=script, digest=digest)
    story.learned(record("file_open", {"file": file("/etc/passwd")}, task_id=curl), 5)
    story.learned(record("file_open", {"file": file("/etc/hosts", mode=hosts)}, task_id=curl, creds=creds))
    if changed:
        story.learned(record("file_open", {"file": file("/etc/ssl/<b>`x`*@you #1.pem")}, task_id=curl))
        netcat = story.executed("/usr/bin/nc", previous=curl)
        story.learned(record("file_open", {"file": file("/etc/services")}, task_id=netcat))
    else:
        story.learned(record("file_open", {"file": file("/etc/group")}, task_id=curl))
    return story


class ReviewTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = directory.name

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        with open(self.path(name), "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as content:
            return content.read()

    def run_quixote(self, *arguments):
        return subprocess.run([QUIXOTE, *arguments], text=True, capture_output=True, check=False)

    def quixote(self, *arguments, status=0):
        done = self.run_quixote(*arguments)
        self.assertEqual((done.returncode, done.stderr), (status, ""), arguments)
        return done.stdout

    def check_refused(self, arguments, status, said):
        done = self.run_quixote(*arguments)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertIn(said, done.stderr)


class ShowTest(ReviewTest):
    def test_filters(self):
        model = self.write("job.model", job(changed=True).model())
        curl = "job.sh (/bin/sh) → curl\n"
        rows = [
            (["--program=curl", "--path=/etc/host?"], curl + "    open /etc/hosts for reading\n"),
            (["--program=/usr/bin/c*", "--path=/etc/ssl/"], curl + "    open /etc/ssl/<b>`x`*@you #1.pem for reading\n"),
            (["--program=nc"], "job.sh (/bin/sh) → curl → nc\n    open /etc/services for reading\n"),
            (["--event=file_open", "--path=*s"], curl + "    open /etc/hosts for reading\n"
             "job.sh (/bin/sh) → curl → nc\n    open /etc/services for reading\n"),
            (["--event=socket_connect"], ""),
            (["--path=/etc/host"], ""),
            (["--program=url"], ""),
        ]
        for options, told in rows:
            with self.subTest(options):
                self.assertEqual(self.quixote("model", "show", *options, model), told)
        programs = json.loads(self.quixote("model", "show", "--json", "--program=nc", model))["programs"]
        self.assertEqual([program["path"] for program in programs], ["/usr/bin/nc"])

    def test_refused(self):
        model = self.write("job.model", job().model())
        self.check_refused(["model", "show", "--event=file_opn", model], 201, "no such event, did you mean file_open?")
        self.check_refused(["model", "show", "--event=", model], 201, "--event=: no such event")
        self.check_refused(["model", "show", "--path=a", "--path=b", model], 201, "--path=b is given twice")


class DiffTest(ReviewTest):
    def diff(self, old, new, *options, status=1):
        return self.quixote("model", "diff", *options, self.write("old.model", old.model()),
                            self.write("new.model", new.model()), status=status)

    def test_same(self):
        told = self.diff(job(), job(), status=0)
        self.assertEqual(told, "job: no difference in behaviour\n")
        self.assertEqual(self.diff(job(), job(), "--markdown", status=0),
                         "### What job may do\n\nNo difference in behaviour.\n")

    def test_everything(self):
        self.assertEqual(self.diff(job(), job("2" * 64, "0100600", True)), """\
job.sh (/bin/sh) → curl
    ~ its content: was 111111111111…, is 222222222222…
    + may now open /etc/ssl/<b>`x`*@you #1.pem for reading
    - may no longer open /etc/group for reading
    ~ open /etc/hosts for reading: file.inode.mode was 0100644, is 0100600
job.sh (/bin/sh) → curl → nc (new)
    + may now open /etc/services for reading
job: programs: 1 new, 0 gone, 1 with other content; what they may do: 2 new, 1 gone, 1 changed
""")

    def test_other_way_round(self):
        told = self.diff(job(changed=True), job())
        self.assertIn("job.sh (/bin/sh) → curl → nc (gone)\n    - may no longer open /etc/services", told)

    def test_new_content_alone(self):
        """Every coefficient is another, and it does the same."""
        told = self.diff(job(), job("3" * 64))
        self.assertEqual(told.splitlines()[1:], [
            "    ~ its content: was 111111111111…, is 333333333333…",
            "job: programs: 0 new, 0 gone, 1 with other content; what they may do: 0 new, 0 gone, 0 changed"])

    def test_one_object_is_one_line(self):
        new = job()
        for flags in (0x8000, 0x8001):
            new.learned(record("file_open", {"file": file("/etc/a b", flags)}))
        told = self.diff(job(), new)
        self.assertIn("    + may now use /etc/a b: open for reading, open for writing\n", told)
        self.assertIn("* new: may now use /etc/a b: open for reading, open for writing\n", self.diff(job(), new, "--markdown"))

    def test_a_program_of_two_contents(self):
        """As after training with the next version of it."""
        both = job()
        other = job("2" * 64)
        both.programs.update(other.programs)
        both.points.update(other.points)
        self.assertIn("    ~ its content: is also 222222222222…\n", self.diff(job(), both))
        self.assertIn("    ~ its content: was 222222222222…\n", self.diff(both, job()))

    def test_credentials(self):
        self.assertIn("    ~ open /etc/hosts for reading: COE.uid was 1000, is 0; ", self.diff(job(), job(creds=coe(0))))

    def test_parameters(self):
        told = self.diff(job(), job(fields="strict", pseudonyms=["/b"], scratch=["/tmp/", "/var/lib/x/"]))
        for line in ("~ projection: was portable, is strict", "+ content that does not matter: /b",
                     "+ scratch directory: /var/lib/x/", "- scratch directory: /var/tmp/"):
            self.assertIn(line + "\n", told)

    def test_markdown_shows_hostile_text_and_does_not_act(self):
        told = self.diff(job(), job("2" * 64, changed=True), "--markdown")
        self.assertIn("**job.sh &#40;/bin/sh&#41; → curl**\n\n* changed: its content", told)
        self.assertIn("* new: may now open /etc/ssl/&#60;b&#62;&#96;x&#96;&#42;&#64;you &#35;1.pem for reading\n", told)
        self.assertIn("\nIn all: programs: 1 new, 0 gone, 1 with other content;", told)
        for character in "<>`@":
            self.assertNotIn(character, told)

    def test_json(self):
        told = json.loads(self.diff(job(), job(changed=True), "--json"))
        self.assertEqual((told["name"], told["different"]), ("job", True))
        self.assertEqual([(change["kind"], change["what"]) for change in told["changes"]], [
            ("new", "open /etc/ssl/<b>`x`*@you #1.pem for reading"), ("gone", "open /etc/group for reading"),
            ("new", None), ("new", "open /etc/services for reading")])
        self.assertEqual(told["changes"][0]["event"], "file_open")
        self.assertIn(told["changes"][0]["coefficient"], self.read("new.model"))
        self.assertEqual(json.loads(self.diff(job(), job(), "--json", status=0))["changes"], [])

    def test_refused(self):
        model = self.write("a.model", job().model())
        self.check_refused(["model", "diff", model], 201, "a pair OLD NEW is expected")
        self.check_refused(["model", "diff", "--json", "--markdown", model, model], 201, "either --json or --markdown")
        self.check_refused(["model", "diff", model, "/nowhere"], 203, "/nowhere: No such file or directory")
        self.check_refused(["model", "diff", self.write("b.model", job().model()[:-1]), model], 203, "cut off in this line")


class MergeTest(ReviewTest):
    def test_union(self):
        models = [self.write(f"{i}.model", story.model()) for i, story in enumerate((job(), job(changed=True)))]
        out = self.path("out.model")
        self.assertEqual(self.quixote("model", "merge", f"--output={out}", *models),
                         f"{out}: 5 coefficients of 3 programs, training runs: 2\n")
        points = [json.loads(line) for line in self.read("out.model").splitlines() if line.startswith('{"coeff')]
        self.assertEqual(sorted((point["count"], point["runs"]) for point in points),
                         [(1, 1), (1, 1), (1, 1), (2, 2), (10, 2)])
        self.quixote("model", "diff", out, out)
        self.quixote("model", "merge", f"--output={models[0]}", "--json", *models)
        self.assertEqual(self.read("0.model"), self.read("out.model"))

    def test_refused(self):
        model = self.write("a.model", job().model())
        out = f"--output={self.path('out.model')}"
        rows = [
            ([out, model], 201, "two MODELs or more is expected"),
            ([model, model], 201, "--output=FILE is missing"),
            ([out, model, self.write("b.model", job().model("mail"))], 203, "they are for two workloads, job and mail"),
            ([out, model, self.write("c.model", job(fields="strict").model())], 203, "learned with other Fields="),
            ([out, model, self.write("d.model", job(pseudonyms=["/a"]).model())], 203, "learned with other Pseudonym="),
            ([out, model, "/nowhere"], 203, "/nowhere: No such file or directory"),
            (["--output=/nowhere/out", model, model], 203, "/nowhere/out: No such file or directory"),
        ]
        for arguments, status, said in rows:
            with self.subTest(arguments):
                self.check_refused(["model", "merge", *arguments], status, said)
        self.assertEqual([name for name in os.listdir(self.dir) if "out" in name], [])


class ConvertTest(ReviewTest):
    def setUp(self):
        super().setUp()
        self.story = job(fields="strict", pseudonyms=["/etc/motd"], scratch=[])
        self.model = self.write("job.model", self.story.model())
        self.upstream = self.write("job.upstream", self.quixote("model", "convert", self.model))
        events = [*self.story.programs.values(), *(event for event, _ in self.story.points.values())]
        self.records = self.write("records", "".join(text(event) + "\n" for event in events))

    def convert(self, *arguments):
        return ["model", "convert", f"--records={self.records}", f"--output={self.path('out.model')}", *arguments]

    def test_there_and_back(self):
        lines = self.read("job.upstream").splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["#", "pseudonym", "state", "state", "state", "seal", "end"])
        self.assertEqual(sorted(line.split()[1] for line in lines if line.startswith("state")), sorted(self.story.points))
        told = self.quixote(*self.convert("--name=job", self.upstream, "/etc/issue", "/etc/motd"))
        self.assertEqual(told, f"{self.path('out.model')}: 3 coefficients\n")
        self.quixote("model", "diff", self.model, self.path("out.model"))

    def test_only_what_was_there(self):
        """A record that the file has no coefficient of does not get in."""
        state = next(line for line in self.read("job.upstream").splitlines() if line.startswith("state"))
        self.write("one", state + "\nend\n")
        self.assertIn('"coefficients": 1', self.quixote(*self.convert("--json", self.path("one"))))

    def test_refused(self):
        rows = [
            (["model", "convert"], 201, "one FILE is expected"),
            (["model", "convert", self.model, self.model], 201, "one MODEL is expected"),
            (["model", "convert", "--records=a", self.upstream], 201, "--records= and --output= belong together"),
            (["model", "convert", self.upstream], 203, "job.upstream:1: not a model"),
            (self.convert(self.model), 203, "job.model:1: unknown line"),
            (self.convert("/nowhere"), 203, "/nowhere: No such file or directory"),
            (self.convert(self.upstream), 203, "1 of its pseudonyms are of none of the PATHs"),
            (self.convert("--fields=portable", self.upstream, "/etc/motd"), 203, "the identity of a program in it does not follow"),
            (self.convert("--digest=sha512", self.upstream, "/etc/motd"), 203, "not a digest of the length"),
            (self.convert("--digest=md5", self.upstream), 201, "--digest=md5: unknown"),
            (self.convert("--fields=all", self.upstream), 201, "expected strict or portable"),
            (self.convert("--name=", self.upstream), 201, "--name=: no name for a workload"),
            (self.convert(self.write("more", "state " + "1" * 64 + "\nend\n")), 203, "no record made 1 of its 1 states"),
            (self.convert(self.write("cut", "state 11")), 203, "cut:1: the file was cut off in this line"),
        ]
        for arguments, status, said in rows:
            with self.subTest(arguments):
                self.check_refused(arguments, status, said)
        self.assertNotIn("out.model", os.listdir(self.dir))


class Page(html.parser.HTMLParser):
    """What a page consists of."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.texts.append(data)


class ReportTest(ReviewTest):
    NAMES = ("<img src=x onerror=alert(1)>", "</details><script>alert(1)</script>\"'&amp;", "</table><script>alert(2)</script>",
             "alice <b>", "</td><script>")

    def setUp(self):
        super().setUp()
        story = Story(QUIXOTE)
        script = story.executed("/bin/sh", script="/srv/job.sh")
        hostile = story.executed("/usr/bin/" + self.NAMES[0], previous=script)
        netcat = story.executed("/usr/bin/nc", previous=hostile)
        story.learned(record("file_open", {"file": file("/etc/" + self.NAMES[1])}, task_id=hostile), 3)
        story.learned(record("file_open", {"file": file("/etc/passwd")}, task_id=netcat))
        story.learned(record("file_open", {"file": file("/etc/passwd")}, task_id=script))
        story.refuse(record("file_open", {"file": file("/etc/" + self.NAMES[2])}, task_id=hostile))
        lines = story.model(runs=3).splitlines()
        life = [f'{{"run": {run}, "events": 4, "coefficients": 3, "new": {new}}}' for run, new in ((1, 2), (2, 1), (3, 0))]
        life.append('{"change": 1, "time": "2026-11-25T15:04:05Z", "by": "alice <b>", "what": "accept", '
                    '"why": "</td><script>", "note": ""}')
        lines = lines[:1] + life + lines[1:-1]
        self.model = self.write("job.model", "\n".join([*lines, f'{{"end": {len(lines)}}}']) + "\n")
        self.write("forensics.jsonl", story.forensics())

    def test_hostile_text_is_shown_and_does_not_act(self):
        page = self.quixote("model", "report", f"--state={self.dir}", self.model)
        parsed = Page(page)
        self.assertEqual(parsed.tags, {
            "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "div", "b", "span", "code", "svg", "line",
            "rect", "polyline", "text", "details", "summary", "ul", "li", "table", "tr", "th", "td"})
        self.assertFalse(parsed.attributes & {"src", "href", "style", "onerror", "onclick", "id"})
        shown = "\n".join(parsed.texts)
        for name in self.NAMES:
            self.assertIn(name, shown)
        self.assertIn("default-src 'none'; style-src 'unsafe-inline'", page)
        self.assertNotIn("http://", page)
        self.assertNotIn("https://", page)

    def test_everything_is_there(self):
        page = self.quixote("model", "report", f"--state={self.dir}", self.model)
        for heading in ("Refused", "How it was learned", "Programs", "Files and other names", "Peers", "Changed by people"):
            self.assertIn(f"<h2>{heading}</h2>", page)
        self.assertEqual(page.count('<rect class="bar"'), 3)
        self.assertEqual(page.count("<details"), page.count("</details>"))
        self.assertEqual(page.count("<code>/etc/passwd</code>"), 1)
        self.assertNotIn("<h2>Refused</h2>", self.quixote("model", "report", self.model))

    @unittest.skipUnless(shutil.which("chromium"), "chromium is not there")
    def test_in_a_browser(self):
        """Headless Chromium sees the same, and runs nothing."""
        self.quixote("model", "report", f"--state={self.dir}", f"--output={self.path('page.html')}", self.model)
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--user-data-dir=" + self.path("browser"), "--dump-dom", "file://" + self.path("page.html")],
            capture_output=True, text=True, timeout=120, check=True)
        seen, written = Page(done.stdout), Page(self.read("page.html"))
        self.assertEqual(seen.tags - {"tbody"}, written.tags)
        self.assertEqual("".join("".join(seen.texts).split()), "".join("".join(written.texts).split()))

    def test_output(self):
        out = self.path("page.html")
        told = json.loads(self.quixote("model", "report", "--json", f"--output={out}", f"--state={self.dir}", self.model))
        self.assertEqual(told, {"report": out, "programs": 3, "coefficients": 3, "refused": 1})
        self.assertTrue(self.read("page.html").endswith("</html>\n"))

    def test_refused(self):
        self.check_refused(["model", "report"], 201, "one FILE is expected")
        self.check_refused(["model", "report", "--json", self.model], 201, "--json is for --output=")
        self.check_refused(["model", "report", "/nowhere"], 203, "/nowhere: No such file or directory")
        self.check_refused(["model", "report", "--output=/nowhere/a", self.model], 205, "No such file or directory")


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(1)
    unittest.main()
