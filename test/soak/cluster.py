"""The PostgreSQL server that kill_loop.py kills: its processes, its SQL, its fault file.

Only processes whose parent is this cluster's postmaster are ever signalled.
"""
import os
import signal
import subprocess
import time


class Cluster:
    def __init__(self, work, pgbin):
        self.work = work
        self.pgbin = pgbin
        self.data = os.environ["PGDATA"]
        self.fault_file = os.path.join(self.data, "brim_fault")
        self.log = os.path.join(work, "log", "server.log")

    # --- SQL

    def try_sql(self, query, timeout=30):
        """Rows as lists of text, or None when the server is not there or refuses."""
        try:
            done = subprocess.run(
                [os.path.join(self.pgbin, "psql"), "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", query],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                env=dict(os.environ, PGCONNECT_TIMEOUT="10"))
        except subprocess.TimeoutExpired:
            self.last_error = "no answer after %d s" % timeout
            return None
        self.last_error = done.stderr.strip()
        return [line.split("\t") for line in done.stdout.splitlines()] if done.returncode == 0 else None

    def sql(self, query, patience=120):
        """The same, tried until the server is up again."""
        deadline = time.monotonic() + patience
        while True:
            rows = self.try_sql(query)
            if rows is not None:
                return rows
            if time.monotonic() > deadline:
                raise SystemExit("kill_loop: still failing after %d s: %s\n%s" % (patience, query, self.last_error))
            time.sleep(0.05)

    def value(self, query):
        return self.sql(query)[0][0]

    def configure(self, **settings):
        for name, value in settings.items():
            self.sql("ALTER SYSTEM SET brim.%s = '%s'" % (name, value))
        self.sql("SELECT pg_reload_conf()")

    # --- processes

    def postmaster(self):
        try:
            with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as file:
                return int(file.readline())
        except (OSError, ValueError):
            return None

    def children(self):
        """{pid: (title, state)} of the postmaster's children."""
        postmaster, found = self.postmaster(), {}
        try:
            with open("/proc/%d/task/%d/children" % (postmaster, postmaster), encoding="ascii") as file:
                pids = [int(word) for word in file.read().split()]
        except (OSError, TypeError):
            return {}
        for pid in pids:
            try:
                with open("/proc/%d/cmdline" % pid, encoding="utf-8", errors="replace") as file:
                    title = file.read().replace("\0", " ")
                with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
                    state = file.read().rpartition(")")[2].split()[0]
                found[pid] = (title, state)
            except OSError:
                pass
        return found

    def workers(self):
        return [pid for pid, (title, _) in self.children().items() if ": brim worker " in title]

    def stopped(self):
        return [pid for pid, (_, state) in self.children().items() if state == "T"]

    @staticmethod
    def send(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def wait_workers(self, count, seconds=20):
        deadline = time.monotonic() + seconds
        while len(self.workers()) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return len(self.workers())

    def pg_ctl(self, *words):
        return subprocess.run(
            [os.path.join(self.pgbin, "pg_ctl"), "-D", self.data, "-l", self.log, "-w", "-t", "60", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode

    def start(self):
        """After the postmaster was killed its children have to be gone before the next can start.

        Returns when the try began that succeeded: the first moment when all were gone, as near as may be."""
        deadline = time.monotonic() + 120
        while True:
            began = time.time()
            if self.pg_ctl("start") == 0:
                return began
            if time.monotonic() > deadline:
                raise SystemExit("kill_loop: the server does not start any more; see %s" % self.log)
            time.sleep(0.1)

    # --- fault points

    def plant(self, point, action, argument=None):
        temporary = self.fault_file + ".new"
        with open(temporary, "w", encoding="ascii") as file:
            file.write(" ".join(str(word) for word in (point, action, argument) if word is not None) + "\n")
        os.rename(temporary, self.fault_file)

    def wait_hit(self, seconds):
        """Has a process taken the fault file away?  If not, it is removed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not os.path.exists(self.fault_file):
                return True
            time.sleep(0.003)
        try:
            os.unlink(self.fault_file)
            return False
        except FileNotFoundError:
            return True

    def kill_postmaster(self):
        pid = self.postmaster()
        for child in self.stopped():
            self.send(child, signal.SIGCONT)
        self.send(pid, signal.SIGKILL)
