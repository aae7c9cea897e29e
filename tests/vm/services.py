# SPDX-License-Identifier: LGPL-2.1-or-later
"""services.py - five services as Debian ships them, and days of work for them. What a day brings
is drawn by its number: common things each day, others now and then, in any order. Programs are
expected where their packages put them; data of a service is in /srv/NAME.
"""
import http.server
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time

PATIENCE_SEC = 60
SRV = "/srv/"


def run(*command, data=None, check=True, environment=None):
    result = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                            timeout=PATIENCE_SEC, env=dict(os.environ, **environment) if environment else None)
    if check and result.returncode:
        raise OSError("%s: %d %s" % (" ".join(command), result.returncode, result.stderr.decode()[-300:]))
    return result.stdout


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def install():
    """What ./check has unpacked, in the places where installing puts it."""
    with subprocess.Popen(["tar", "-C", os.environ["QUIXOTE_BUILD"] + "/debian", "--exclude=./.*", "--exclude=*.deb", "-c", "."],
                          stdout=subprocess.PIPE) as packed:
        subprocess.run(["tar", "-C", "/", "-x", "--keep-directory-symlink"], stdin=packed.stdout, check=True)
    compile_modules()


def compile_modules():
    """As installing them does. What is compiled has no date but its source's, so it is the same on each machine."""
    where = os.environ["QUIXOTE_BUILD"] + "/debian"
    modules = [directory[len(where):] + "/" + name for directory, _, names in os.walk(where + "/usr/lib/python3/dist-packages")
               for name in names if name.endswith(".py")]
    if modules:
        run("/usr/bin/python3", "-E", "-S", "-m", "py_compile", *sorted(modules))


def give(path, user):
    for directory, _, names in os.walk(path):
        for each in [directory] + [directory + "/" + name for name in names]:
            shutil.chown(each, user)


class Service:
    """What there is to know of one: how it is started, and what may be asked of it, with how
    often that happens in a day of ten."""
    name = program = user = command = ""
    operations = ()
    environment = ""

    def __init__(self):
        self.home = SRV + self.name

    def prepare(self):
        """Its files, once for a machine."""

    def answers(self):
        raise NotImplementedError

    def pid(self):
        """Of its main process: the oldest that runs its program."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    words = file.read().split(b"\0")
                with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as file:
                    since = int(file.read().rpartition(")")[2].split()[19])
            except OSError:
                continue
            if self.program.encode() in words[:2] or words[0].startswith(self.program.encode() + b":") or \
                    words[0].startswith(os.path.basename(self.program).encode() + b":"):
                found.append((since, int(pid)))
        if not found:
            raise OSError("%s does not run" % self.name)
        return min(found)[1]

    def wait_up(self):
        end = time.monotonic() + PATIENCE_SEC
        while not self.answers():
            if time.monotonic() > end:
                raise OSError("%s did not answer in %d s" % (self.name, PATIENCE_SEC))
            time.sleep(0.1)

    def day(self, number):
        """Number 0 is a day on which everything happens."""
        chance = random.Random("%s %d" % (self.name, number))
        if number == 0:
            chosen = [operation for _, operation in self.operations] * 2
        else:
            chosen = self.some(chance)
        chance.shuffle(chosen)
        self.wait_up()
        for operation in chosen:
            operation(self, chance)

    def some(self, chance):
        chosen = [operation for of_ten, operation in self.operations if chance.random() * 10 < of_ten]
        return chosen + [operation for of_ten, operation in self.operations if of_ten == 10] * 2


def curl(*arguments, data=None):
    return run("curl", "-sk", "--max-time", "20", *arguments, data=data, check=False)


class Backend(http.server.BaseHTTPRequestHandler):
    """What a proxy stands in front of."""

    def do_POST(self):
        size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"%d" % size)

    def log_message(self, *arguments):
        pass


class Nginx(Service):
    name, program, user = "nginx", "/usr/sbin/nginx", "www-data"
    command = '/usr/sbin/nginx -c /srv/nginx/nginx.conf -g "daemon off;"'
    configuration = """
worker_processes 1;
pid /srv/nginx/tmp/nginx.pid;
error_log /srv/nginx/logs/error.log;
events { worker_connections 64; }
http {
    access_log /srv/nginx/logs/access.log;
    client_body_temp_path /srv/nginx/tmp/body;
    proxy_temp_path /srv/nginx/tmp/proxy;
    fastcgi_temp_path /srv/nginx/tmp/fastcgi;
    uwsgi_temp_path /srv/nginx/tmp/uwsgi;
    scgi_temp_path /srv/nginx/tmp/scgi;
    client_body_buffer_size 8k;
    server {
        listen 127.0.0.1:8080;
        listen 127.0.0.1:8443 ssl;
        ssl_certificate /srv/nginx/cert.pem;
        ssl_certificate_key /srv/nginx/key.pem;
        root /srv/nginx/www;
        location /list/ { autoindex on; }
        location /post { proxy_pass http://127.0.0.1:8081; }
    }
}
"""

    def prepare(self):
        write(self.home + "/nginx.conf", self.configuration)
        write(self.home + "/www/index.html", "hello\n")
        write(self.home + "/www/big", "0123456789" * 10000)
        write(self.home + "/www/list/one", "1\n")
        for name in ("logs", "tmp"):
            os.makedirs(self.home + "/" + name, exist_ok=True)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-keyout", self.home + "/key.pem", "-out", self.home + "/cert.pem")
        give(self.home, self.user)

    def day(self, number):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 8081), Backend) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            super().day(number)
            server.shutdown()

    def answers(self):
        return curl("http://127.0.0.1:8080/") == b"hello\n"

    def page(self, chance):
        curl("http://127.0.0.1:8080/?%d" % chance.randrange(1000))

    def missing(self, chance):
        curl("http://127.0.0.1:8080/none-%d" % chance.randrange(1000))

    def part(self, chance):
        curl("-r", "%d-%d" % (chance.randrange(1000), 1000 + chance.randrange(9000)), "http://127.0.0.1:8080/big")

    def secure(self, chance):
        curl("https://127.0.0.1:8443/?%d" % chance.randrange(1000))

    def small_post(self, chance):
        curl("--data-binary", "@-", "http://127.0.0.1:8080/post", data=b"x" * chance.randrange(1, 5000))

    def large_post(self, chance):
        curl("--data-binary", "@-", "http://127.0.0.1:8080/post", data=b"x" * chance.randrange(20000, 200000))

    def listing(self, chance):
        curl("http://127.0.0.1:8080/list/?%d" % chance.randrange(1000))

    def reload(self, _chance):
        os.kill(self.pid(), signal.SIGHUP)
        time.sleep(0.5)
        self.wait_up()

    def rotate(self, chance):
        os.rename(self.home + "/logs/access.log", self.home + "/logs/access.log.%d" % chance.randrange(9))
        os.kill(self.pid(), signal.SIGUSR1)
        time.sleep(0.3)

    def news(self, chance):
        write(self.home + "/www/news.html", "today %d\n" % chance.randrange(10**9))
        curl("http://127.0.0.1:8080/news.html")

    operations = ((10, page), (8, missing), (6, part), (8, secure), (6, small_post), (4, large_post),
                  (3, listing), (3, reload), (3, rotate), (5, news))


class PostgreSQL(Service):
    name, program, user = "postgresql", "/usr/lib/postgresql/15/bin/postgres", "nobody"
    command = program + " -D /srv/postgresql/data -k /srv/postgresql -c listen_addresses= -c jit=off"
    client = "/usr/lib/postgresql/15/bin/psql"

    def prepare(self):
        os.makedirs(self.home)
        shutil.chown(self.home, self.user)
        run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-c",
            "cd / && /usr/lib/postgresql/15/bin/initdb -U nobody -D /srv/postgresql/data")

    def sql(self, text, check=True):
        return run(self.client, "-qAt", "-h", self.home, "-U", "nobody", "postgres", "-c", text, check=check)

    def answers(self):
        return self.sql("select 1", check=False) == b"1\n"

    def insert(self, chance):
        self.sql("create table if not exists visits (id int, who text)")
        self.sql("insert into visits select n, md5(n::text) from generate_series(1, %d) n" % chance.randrange(1, 2000))

    def count(self, _chance):
        self.sql("select count(*) from pg_class")

    def index(self, chance):
        name = "t%d" % chance.randrange(10**6)
        self.sql("drop table if exists {t}; create table {t} as select n from generate_series(1, 500) n;"
                 "create index on {t} (n)".format(t=name))

    def spill(self, _chance):
        self.sql("set work_mem = '64kB'; select count(*) from (select n from generate_series(1, 30000) n order by md5(n::text)) s")

    def parallel(self, _chance):
        self.sql("create table if not exists wide as select n, repeat('x', 200) t from generate_series(1, 3000) n")
        self.sql("set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;"
                 "select count(*) from wide where t like '%x'")

    def vacuum(self, _chance):
        """With something to give back at the end of a file, as there is now and then."""
        self.sql("create table if not exists gone as select n from generate_series(1, 3000) n; delete from gone")
        self.sql("vacuum analyze")
        self.sql("insert into gone select n from generate_series(1, 3000) n")

    def dump(self, _chance):
        run("/usr/lib/postgresql/15/bin/pg_dump", "-h", self.home, "-U", "nobody", "postgres")

    def checkpoint(self, _chance):
        self.sql("checkpoint")
        self.sql("select pg_switch_wal()")

    def extension(self, _chance):
        self.sql("create extension if not exists plpgsql; do $$ begin perform 1; end $$")

    def database(self, chance):
        name = "d%d" % chance.randrange(10**6)
        self.sql("create database " + name)
        self.sql("drop database " + name)

    def reload(self, _chance):
        os.kill(self.pid(), signal.SIGHUP)
        time.sleep(0.3)
        self.wait_up()

    operations = ((10, insert), (8, count), (5, index), (5, spill), (3, parallel), (4, vacuum), (4, dump), (4, checkpoint),
                  (3, extension), (3, database), (3, reload))


class Redis(Service):
    name, program, user = "redis", "/usr/bin/redis-server", "nobody"
    command = "/usr/bin/redis-server /srv/redis/redis.conf"

    def prepare(self):
        write(self.home + "/redis.conf", "bind 127.0.0.1\nport 6379\ndir /srv/redis/data\nlogfile /srv/redis/data/log\n"
              "pidfile /srv/redis/data/pid\nappendonly yes\nsave 3600 1\n")
        os.makedirs(self.home + "/data")
        give(self.home, self.user)

    def ask(self, *words):
        return run("redis-cli", *words, check=False)

    def answers(self):
        return self.ask("ping") == b"PONG\n"

    def keep(self, chance):
        self.ask("set", "key%d" % chance.randrange(100), "x" * chance.randrange(1, 5000))

    def fetch(self, chance):
        self.ask("get", "key%d" % chance.randrange(100))

    def wait_saved(self):
        end = time.monotonic() + PATIENCE_SEC
        while re.search(rb"rdb_bgsave_in_progress:1|aof_rewrite_in_progress:1|aof_rewrite_scheduled:1",
                        self.ask("info", "persistence")):
            if time.monotonic() > end:
                raise OSError("redis goes on saving")
            time.sleep(0.1)

    def save(self, _chance):
        self.wait_saved()
        self.ask("bgsave")
        self.wait_saved()

    def rewrite(self, _chance):
        self.wait_saved()
        self.ask("bgrewriteaof")
        self.wait_saved()

    def script(self, chance):
        self.ask("eval", "return redis.call('incrby', KEYS[1], ARGV[1])", "1", "sum", str(chance.randrange(9)))

    def set_up(self, chance):
        self.ask("config", "set", "maxmemory", "%dmb" % chance.randrange(50, 90))

    def rewrite_configuration(self, _chance):
        self.ask("config", "rewrite")

    def flush(self, _chance):
        self.ask("flushall", "async")

    def clients(self, chance):
        run("redis-benchmark", "-q", "-n", "200", "-c", str(chance.randrange(2, 20)), "-t", "set,lpush", check=False)

    operations = ((10, keep), (9, fetch), (5, save), (4, rewrite), (4, script), (3, set_up), (2, rewrite_configuration),
                  (2, flush), (3, clients))


class Mosquitto(Service):
    name, program, user = "mosquitto", "/usr/sbin/mosquitto", "nobody"
    command = "/usr/sbin/mosquitto -c /srv/mosquitto/mosquitto.conf"

    def prepare(self):
        write(self.home + "/mosquitto.conf", "listener 1883 127.0.0.1\nallow_anonymous true\npersistence true\n"
              "persistence_location /srv/mosquitto/data/\nlog_dest file /srv/mosquitto/data/log\n"
              "listener 8883 127.0.0.1\ncertfile /srv/mosquitto/cert.pem\nkeyfile /srv/mosquitto/key.pem\n")
        os.makedirs(self.home + "/data")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-keyout", self.home + "/key.pem", "-out", self.home + "/cert.pem")
        give(self.home, self.user)

    def publish_to(self, *words):
        return run("mosquitto_pub", "-h", "127.0.0.1", *words, check=False)

    def answers(self):
        return subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-t", "up", "-m", "1"], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0

    def publish(self, chance):
        self.publish_to("-t", "a/%d" % chance.randrange(9), "-m", "x" * chance.randrange(1, 3000))

    def sure(self, chance):
        self.publish_to("-q", "2", "-t", "b/%d" % chance.randrange(9), "-m", "x")

    def retain(self, chance):
        self.publish_to("-r", "-t", "c/%d" % chance.randrange(9), "-m", "x")
        run("mosquitto_sub", "-h", "127.0.0.1", "-t", "c/#", "-C", "1", "-W", "5", check=False)

    def secure(self, _chance):
        self.publish_to("-p", "8883", "--cafile", self.home + "/cert.pem", "--insecure", "-t", "d", "-m", "x")

    def remember(self, chance):
        run("mosquitto_sub", "-h", "127.0.0.1", "-c", "-i", "me%d" % chance.randrange(3), "-q", "1", "-t", "b/#", "-E",
            check=False)

    def save(self, _chance):
        os.kill(self.pid(), signal.SIGUSR1)
        time.sleep(0.3)

    def reload(self, _chance):
        os.kill(self.pid(), signal.SIGHUP)
        time.sleep(0.3)

    operations = ((10, publish), (7, sure), (5, retain), (4, secure), (3, remember), (3, save), (3, reload))


class Radicale(Service):
    """A server for calendars and addresses, in Python."""
    name, program, user = "radicale", "/usr/bin/radicale", "nobody"
    command = "/usr/bin/radicale --config /srv/radicale/config"
    environment = "PYTHONDONTWRITEBYTECODE=1"
    url = "http://127.0.0.1:5232/sancho/"
    event = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:a\r
BEGIN:VEVENT\r
UID:%d\r
DTSTAMP:20260101T000000Z\r
DTSTART:20260101T000000Z\r
SUMMARY:windmills\r
%sEND:VEVENT\r
END:VCALENDAR\r
"""

    def prepare(self):
        write(self.home + "/config", "[server]\nhosts = 127.0.0.1:5232\n[auth]\ntype = none\n[rights]\ntype = owner_only\n"
              "[storage]\nfilesystem_folder = /srv/radicale/data\n")
        os.makedirs(self.home + "/data")
        give(self.home, self.user)

    def ask(self, *words, data=None):
        return curl("-u", "sancho:x", *words, data=data)

    def answers(self):
        return b"Radicale" in curl("http://127.0.0.1:5232/.web/") or b"adicale" in curl("http://127.0.0.1:5232/.web/")

    def calendar(self, _chance):
        self.ask("-X", "MKCALENDAR", self.url + "work/")

    def add(self, chance):
        self.calendar(chance)
        number = chance.randrange(10**6)
        self.ask("-X", "PUT", "-H", "Content-Type: text/calendar", "--data-binary", "@-", "%swork/%d.ics" % (self.url, number),
                 data=self.event % (number, b""))

    def repeat(self, chance):
        self.calendar(chance)
        number = chance.randrange(10**6)
        self.ask("-X", "PUT", "-H", "Content-Type: text/calendar", "--data-binary", "@-", "%swork/%d.ics" % (self.url, number),
                 data=self.event % (number, b"RRULE:FREQ=WEEKLY;COUNT=3\r\n"))
        self.report(chance)

    def list(self, _chance):
        self.ask("-X", "PROPFIND", "-H", "Depth: 1", self.url)

    def report(self, _chance):
        self.ask("-X", "REPORT", "-H", "Depth: 1", "-H", "Content-Type: text/xml", "--data-binary", "@-", self.url + "work/",
                 data=b'<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><D:getetag/>'
                      b'<C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
                      b'<C:time-range start="20260101T000000Z" end="20260301T000000Z"/></C:comp-filter></C:comp-filter>'
                      b'</C:filter></C:calendar-query>')

    def whole(self, _chance):
        self.ask(self.url + "work/")

    def web(self, _chance):
        self.ask("http://127.0.0.1:5232/.web/")

    def foreign(self, _chance):
        self.ask("http://127.0.0.1:5232/other/")

    def remove(self, _chance):
        self.ask("-X", "DELETE", self.url + "work/")

    def nonsense(self, _chance):
        self.ask("-X", "PUT", "--data-binary", "@-", self.url + "work/x.ics", data=b"nothing")

    operations = ((10, add), (6, repeat), (7, list), (5, report), (4, whole), (4, web), (3, foreign), (2, remove), (2, nonsense))


SERVICES = {service.name: service for service in (Nginx, PostgreSQL, Redis, Mosquitto, Radicale)}
