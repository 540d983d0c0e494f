#!/usr/bin/python3
"""The driver of kill_loop.sh: feeds companies, kills, waits, has it counted.

A stop is anything that is done to the worker.  It is unclean when a process
may not finish what it has begun (a SIGTERM and a fast restart are clean); a
SIGKILL is one for all, since PostgreSQL then ends all of its processes.  A
point is fault point and action, e.g. ("dot_written", "kill9").
"""
import argparse
import glob
import os
import random
import re
import signal
import subprocess
import sys
import time

from accounting import Accounting
from cluster import Cluster

ACTIONS = ("kill9", "error", "exit")
LATE_ACTIONS = ("sleep", "stop")
OUTBOX_POINTS = ("letter_written", "letter_renamed")
# Points that are reached when a worker ends or begins
START_POINTS = ("launch", "worker_start", "worker_started", "recovery", "stop")
# What a short run begins with
TELLING = (("barrier", "kill9"), ("claim", "kill9"), ("dot", "kill9"), ("dot_written", "exit"), ("dot_written", "kill9"),
           ("answered", "kill9"), ("commit", "exit"), ("commit_done", "error"), ("record_rows", "error"), ("recovery", "kill9"))
# kind: how often
KINDS = {
    "kill -9 of a worker": 4,
    "kill -9 of the postmaster": 3,
    "restart -m immediate": 3,
    "restart -m fast": 2,
    "SIGTERM to a worker": 2,
    "SIGTERM twice": 2,
    "kill9 at the barrier, twice in a row": 1,
}
# How many workers a stop ends without letting them finish
NONE, ONE, ALL = 0, 1, 2


class Loop:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.cluster = Cluster(options.work, options.pgbin)
        self.store = os.path.join(options.work, "mails.jsonl")
        self.outbox = os.path.join(options.work, "outbox")
        self.fed = 0
        self.told = set()    # workers that have had a SIGTERM
        self.stops = []      # (time, kind, whom it ended uncleanly, is the server down, through the outbox)
        self.hits = {}       # point: times hit
        self.misses = {}     # point: times not hit
        self.helpers = []
        self.in_outbox = False
        self.outbox_used = False   # since the whole server was down
        self.releases = 0
        self.started = time.monotonic()
        self.faults = self.read_points()

    @staticmethod
    def read_points():
        points = set()
        for name in glob.glob("src/**/*.c", recursive=True):
            with open(name, encoding="utf-8") as file:
                points.update(re.findall(r'\bBRIM_FAULT\("(\w+)"\)', file.read()))
        if not points:
            raise SystemExit("kill_loop: there are no fault points in src/")
        return sorted(points)

    # --- servers that are not killed

    def helper(self, *command):
        """A server that ends when we do, since its standard input does; returns its port."""
        process = subprocess.Popen(["/usr/bin/python3", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)
        self.helpers.append(process)
        ready = re.match(r"READY port=(\d+)", process.stdout.readline())
        if not ready:
            raise SystemExit("kill_loop: %s did not start" % command[0])
        return int(ready.group(1))

    def set_up(self):
        options = self.options
        # about 100 mails a second, however many connections there are
        longest = options.connections * options.workers / 100
        self.url = "smtp://127.0.0.1:%d" % self.helper(
            "test/soak/mail_server.py", str(longest), str(options.seed), "--store", self.store)
        key = os.path.join(options.work, "tmp", "key")
        with open(key, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write("kill-key\n")
        gemini = self.helper("test/lib/gemini_server.py", "--key-value", "kill-key", "--latency-ms", "20")
        self.cluster.configure(
            worker_role="brim_worker", databases="kill", workers=options.workers,
            smtp_connections=options.connections, smtp_url=self.url, send_interval=0, batch_size=100000,
            outbox_directory=self.outbox, gemini_url="http://127.0.0.1:%d" % gemini, gemini_api_key_file=key,
            classify="on", generate="on", send="on")
        self.feed(max(60, options.rows // 20))

    def feed(self, count):
        """More companies.  After a crash nobody knows whether the insert was committed, so it may come again."""
        if count <= 0:
            return
        self.cluster.sql(
            "INSERT INTO brim.lead (company_name, domain, contact_name, contact_email, employee_count, industry,"
            "       tech_stack, recent_job_posts, news_mentions)"
            " SELECT 'Company ' || i, 'company' || i || '.example', 'Contact ' || i, 'contact@company' || i || '.example',"
            "        60 + i %% 200, CASE i %% 2 WHEN 0 THEN 'SaaS' ELSE 'Biotech' END, '{hubspot}', '{Head of Operations}',"
            "        ARRAY['Company ' || i || ' had a [funding] round']"
            "   FROM generate_series(%d, %d) AS i ON CONFLICT (company_id) DO NOTHING" % (self.fed + 1, self.fed + count))
        self.fed += count

    def open_companies(self):
        return int(self.cluster.value(
            "SELECT (SELECT count(*) FROM brim.generation WHERE status IN ('queued', 'running'))"
            " + (SELECT count(DISTINCT e.company_id) FROM brim.outbound_email AS e"
            "     WHERE e.status IN ('queued', 'claimed', 'committing') AND NOT EXISTS (SELECT FROM brim.outbound_email AS o"
            "           WHERE o.company_id = e.company_id AND o.status = 'uncertain'))"))

    def feed_for(self, done, kills):
        wanted = self.options.rows * done // kills - self.fed
        left = self.open_companies()
        self.feed(max(wanted, 60 - left))

    # --- stops

    def note(self, kind, ended, is_down=False, when=None):
        self.stops.append((when or time.time(), kind, ended, is_down, self.outbox_used))
        if is_down:
            self.outbox_used = self.in_outbox

    def note_crash(self, kind, workers):
        """The others go on until the postmaster has ended them, too; that is when the stop is over."""
        deadline = time.monotonic() + 10
        while set(workers) & set(self.cluster.workers()) and time.monotonic() < deadline:
            time.sleep(0.001)
        self.note(kind, ALL, True)

    def a_worker(self):
        self.cluster.wait_workers(1)
        workers = self.cluster.workers()
        return self.random.choice(workers) if workers else None

    def kill(self, kind):
        cluster = self.cluster
        if kind.endswith("twice in a row"):
            # the second death can be that of a suspect, which is held as poison then
            return [self.fault(("at_barrier", "kill9")) for _ in range(2)][-1]
        if kind.startswith("restart"):
            mode = kind.split()[-1]
            # for a worker that waits for answers since a SIGTERM this is the second one
            ended = ALL if mode != "fast" else ONE if self.told & set(cluster.workers()) else NONE
            cluster.pg_ctl("stop", "-m", mode)
            self.note(kind, ended, True)
            cluster.start()
        elif kind == "kill -9 of the postmaster":
            cluster.kill_postmaster()
            # its children notice by themselves, and go on until then
            self.note(kind, ALL, True, cluster.start())
        else:
            worker = self.a_worker()
            if worker is None:
                return False
            if kind == "kill -9 of a worker":
                workers = cluster.workers()
                cluster.send(worker, signal.SIGKILL)
                self.note_crash(kind, workers)
                return True
            # one that still waits for answers since another SIGTERM gets it for the second time
            ended = ONE if worker in self.told else NONE
            self.told.add(worker)
            cluster.send(worker, signal.SIGTERM)
            if kind == "SIGTERM twice":
                # closer together they count as one request
                time.sleep(self.random.choice((0.05, 0.55, 0.7)))
                if worker in cluster.workers():
                    cluster.send(worker, signal.SIGTERM)
            self.note(kind, ONE if kind == "SIGTERM twice" else ended)
        return True

    def use_outbox(self, wanted):
        if wanted != self.in_outbox:
            self.cluster.configure(smtp_url="" if wanted else self.url)
            self.in_outbox = wanted
            self.outbox_used = True

    def terminate_one(self):
        worker = self.a_worker()
        if worker is not None:
            self.cluster.send(worker, signal.SIGTERM)

    def fault(self, point):
        """Plant a fault, wait until somebody runs into it; was it hit?"""
        name, action = point
        cluster = self.cluster
        self.use_outbox(name in OUTBOX_POINTS)
        cluster.wait_workers(self.options.workers)
        if self.open_companies() < 20:
            self.feed(40)
        workers = cluster.workers()
        cluster.plant(name, action, 300 if action == "sleep" else None)
        if name in START_POINTS:
            self.terminate_one()
        if name.startswith(("generation", "classification", "events")):
            self.feed(5)
        hit, kind = cluster.wait_hit(3), "fault point, " + action
        if hit and action == "stop":
            time.sleep(0.2)
            stopped, workers = cluster.stopped(), cluster.workers()
            number = self.random.choice((signal.SIGCONT, signal.SIGKILL))
            for pid in stopped:
                cluster.send(pid, number)
            if number == signal.SIGKILL and stopped:
                self.note_crash(kind, workers)
            else:
                self.note(kind, NONE)
        elif hit and action == "kill9":
            self.note_crash(kind, workers)
        elif hit:
            self.note(kind, ONE if action == "exit" else NONE)
            if action == "sleep":
                self.terminate_one()
        if hit:
            self.hits[point] = self.hits.get(point, 0) + 1
        else:
            self.misses[point] = self.misses.get(point, 0) + 1
        self.use_outbox(False)
        return hit

    def schedule(self):
        """What to do, in order: kinds of KINDS and points."""
        kills = self.options.kills
        points = [(name, action) for name in self.faults for action in ACTIONS]
        late = [(name, action) for name in self.faults for action in LATE_ACTIONS]
        self.random.shuffle(points)
        self.random.shuffle(late)
        share = kills if self.options.points else kills // 2
        self.every_point = share >= len(points)
        if not self.every_point:
            points.sort(key=lambda point: point not in TELLING)
        chosen = (points + late)[:share]
        while len(chosen) < share:
            chosen.append(self.random.choice(points + late))
        names = list(KINDS)
        chosen += self.random.choices(names, [KINDS[name] for name in names], k=kills - len(chosen))
        self.random.shuffle(chosen)
        return chosen

    def run(self):
        plan = self.schedule()
        kills, done, said = len(plan), 0, 0
        while plan:
            what = plan.pop(0)
            self.feed_for(done, kills)
            time.sleep(self.random.uniform(0, 0.4))
            if isinstance(what, str):
                done += self.kill(what)
            elif self.fault(what):
                done += 1
            elif self.misses[what] < 4:
                plan.insert(self.random.randrange(len(plan) + 1), what)
            if not os.path.exists(self.store) or any(helper.poll() is not None for helper in self.helpers):
                raise SystemExit("kill_loop: the mail server or the Gemini server has ended")
            if done >= said + 10:
                said = done
                print("# %d of %d kills, %d companies, %.0f s" % (done, kills, self.fed, time.monotonic() - self.started),
                      flush=True)
        self.feed(self.options.rows - self.fed)

    # --- afterwards

    RELEASE = """
        DO $$
        DECLARE r record; n integer := 0;
        BEGIN
            FOR r IN SELECT generation_id FROM brim.generation WHERE status = 'held' LOOP
                PERFORM brim_retry_generation(r.generation_id);
            END LOOP;
            FOR r IN SELECT content_hash FROM brim.classification WHERE status = 'held' LOOP
                PERFORM brim_retry_classification(r.content_hash);
            END LOOP;
            FOR r IN SELECT email_id FROM brim.outbound_email WHERE status = 'held' AND hold_reason = 'poison' LOOP
                BEGIN
                    PERFORM brim_release(r.email_id);
                EXCEPTION WHEN OTHERS THEN
                    NULL;   -- another e-mail of the company was sent or is in doubt
                END;
            END LOOP;
        END $$"""

    # The other variant of a company that is in doubt waits until a person has decided
    OPEN = ("SELECT count(*), coalesce(string_agg(DISTINCT status, ' '), '') FROM"
            " (SELECT status FROM brim.generation WHERE status IN ('queued', 'running')"
            " UNION ALL SELECT status FROM brim.classification WHERE status IN ('queued', 'running') OR to_hand_on"
            " UNION ALL SELECT 'pending' FROM brim.pending_lead"
            " UNION ALL SELECT e.status FROM brim.outbound_email AS e"
            "  WHERE e.status IN ('queued', 'claimed', 'committing')"
            "    AND NOT EXISTS (SELECT FROM brim.outbound_email AS o WHERE o.company_id = e.company_id"
            "                    AND o.status = 'uncertain' AND e.status = 'queued')) AS o")

    def drain(self, seconds=180):
        """Let the queue run dry; false when nothing has moved for so long."""
        last, deadline = None, time.monotonic() + seconds
        while True:
            self.cluster.sql(self.RELEASE)
            count, states = self.cluster.sql(self.OPEN)[0]
            if count == "0":
                return True
            if count != last:
                last, deadline = count, time.monotonic() + seconds
            if time.monotonic() > deadline:
                print("# %s rows do not move any more: %s" % (count, states))
                for row in self.cluster.sql("SELECT check_name, status, detail FROM brim_status()"):
                    print("#   " + " | ".join(row))
                return False
            time.sleep(0.3)

    def finish(self):
        self.use_outbox(False)
        dry = self.drain()
        accounting = Accounting(self)
        accounting.count(dry)
        accounting.print_table()
        accounting.resolve()
        if self.drain():
            accounting.count_resolved()
        return accounting.judge()

    def close(self):
        for helper in self.helpers:
            helper.stdin.close()
            helper.wait(10)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--work", required=True)
    options.add_argument("--pgbin", required=True)
    options.add_argument("--rows", type=int, default=5000)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--connections", type=int, default=4)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--seed", type=int, default=int(time.time()) % 1000000)
    options.add_argument("--points", action="store_true")
    options.add_argument("--keep", action="store_true")
    loop = Loop(options.parse_args())
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    print("# seed %d" % loop.options.seed, flush=True)
    try:
        loop.set_up()
        loop.run()
        good = loop.finish()
    finally:
        loop.close()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
