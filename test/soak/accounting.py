"""What became of each company: the mails at the server against the database.

A mail is accepted when the mail server has stored it, or when it is in "new"
of the outbox.  Which e-mail it is its Message-ID says, which company its
recipient does.
"""
import collections
import email
import glob
import json
import os
import re

UNDECIDED = ("queued", "claimed", "committing")
OUTBOX_SLOTS = 16


class Accounting:
    def __init__(self, loop):
        self.loop = loop
        self.cluster = loop.cluster
        self.checks = []

    def check(self, good, name, found=()):
        self.checks.append((bool(good), name, list(found)[:10]))

    def read_mails(self):
        """(Message-ID, recipient) of every mail that was accepted."""
        mails = []
        with open(self.loop.store, encoding="utf-8") as file:
            for line in file:
                mail = json.loads(line)
                head = email.message_from_string(mail["data"])
                mails.append((head["Message-ID"].strip(" <>"), mail["rcpt_tos"][0]))
        for name in glob.glob(os.path.join(self.loop.outbox, "new", "*")):
            with open(name, encoding="utf-8") as file:
                head = email.message_from_file(file)
            mails.append((head["Message-ID"].strip(" <>"), re.search(r"[^ <>]+@[^ <>]+", head["To"]).group()))
        return mails

    def read_rows(self):
        Row = collections.namedtuple("Row", "email_id company_id status recipient message_id ledger dot_at hold_reason")
        return [Row(*row) for row in self.cluster.sql(
            "SELECT e.email_id, e.company_id, e.status, e.recipient, coalesce(e.message_id, ''), coalesce(l.state, ''),"
            "       coalesce(extract(epoch FROM l.dot_at), 0), coalesce(e.hold_reason, '')"
            "  FROM brim.outbound_email AS e LEFT JOIN brim.send_ledger AS l USING (campaign, company_id, email_id)")]

    def count(self, dry):
        loop = self.loop
        self.mails, self.rows = self.read_mails(), self.read_rows()
        self.accepted = {message_id for message_id, _ in self.mails}
        by_id = {row.message_id: row for row in self.rows if row.message_id}
        self.status = collections.Counter(row.status for row in self.rows)
        self.sent = [row for row in self.rows if row.status == "sent"]
        self.uncertain = [row for row in self.rows if row.status == "uncertain"]
        self.uncertain_accepted = [row for row in self.uncertain if row.message_id in self.accepted]

        times = collections.Counter(recipient for _, recipient in self.mails)
        self.duplicates = sorted(recipient for recipient, n in times.items() if n > 1)
        self.check(not self.duplicates, "no company got two mails", self.duplicates)
        stray = [message_id for message_id in self.accepted
                 if message_id not in by_id or by_id[message_id].status not in ("sent", "uncertain")]
        self.check(not stray, "each mail at the server belongs to an e-mail that is sent or uncertain", stray)
        self.false_sent = [row for row in self.sent if row.message_id not in self.accepted]
        self.check(not self.false_sent, "each e-mail that is sent is at the server", self.false_sent)

        ends = collections.defaultdict(set)
        for row in self.rows:
            ends[row.company_id].add(row.status)
        companies = [row[0] for row in self.cluster.sql("SELECT company_id FROM brim.lead")]
        written = {row[0] for row in self.cluster.sql("SELECT company_id FROM brim.generation WHERE status = 'done'")}
        self.lost = [company for company in companies
                     if not ends[company] & {"sent", "uncertain", "failed", "held"} and
                     (company in written or not ends[company])]
        self.check(not self.lost, "no company is lost: each ends with an e-mail sent, failed, held or uncertain", self.lost)
        in_doubt = {row.company_id for row in self.uncertain}
        self.left = [row for row in self.rows if row.status in UNDECIDED and
                     not (row.status == "queued" and row.company_id in in_doubt)]
        self.check(dry and not self.left, "the queue has run dry and nothing is in progress", self.left)
        self.check(len(companies) == loop.fed and len(self.rows) == 2 * len(written) and len(written) == loop.fed,
                   "every row is still there (%d companies, %d written for, %d e-mails)" %
                   (len(companies), len(written), len(self.rows)))
        left_out = [row[0] for row in self.cluster.sql(
            "SELECT company_id FROM brim.lead WHERE attributes -> 'gemini_events' IS DISTINCT FROM '[\"funding\"]'"
            " UNION ALL SELECT content_hash FROM brim.classification WHERE status <> 'done'")]
        self.check(not left_out, "every text is classified, and every company has what was found in its own", left_out)
        wrong = [row for row in self.sent + self.uncertain if row.ledger != row.status]
        self.check(not wrong, "the ledger agrees with each e-mail that is sent or uncertain", wrong)
        # An e-mail that is in no table counts as superseded: one that was lost would look like that, too
        vanished = [row for row in self.rows if row.status == "superseded" and not ends[row.company_id] & {"sent", "failed"}]
        self.check(not vanished, "no e-mail is superseded without another one that was sent or failed", vanished)
        twofold = [row[0] for row in self.cluster.sql(
            "SELECT email_id FROM (SELECT email_id FROM brim.email_queue UNION ALL SELECT email_id FROM brim.email_parked"
            " UNION ALL SELECT email_id FROM brim.send_ledger) AS p GROUP BY 1 HAVING count(*) > 1")]
        self.check(not twofold, "no e-mail is in two places at once", twofold)
        owners = [row[0] for row in self.cluster.sql(
            "SELECT email_id FROM brim.send_ledger WHERE claim_token IS NOT NULL"
            "  AND state NOT IN ('claimed', 'committing', 'uncertain')")]
        self.check(not owners, "what is settled has no owner", owners)
        self.count_stops()
        self.read_log()

    def count_stops(self):
        """How many e-mails each stop left in doubt.

        A row is counted for the first stop after its dot was allowed.  Where some
        worker goes on it may have been the next stop that hit it; so the bound is
        judged from one moment at which the whole server was down to the next."""
        loop = self.loop
        connections, workers = loop.options.connections, loop.options.workers
        self.by_kind, self.uncertain_by_kind, self.most = collections.Counter(), collections.Counter(), 0
        left = sorted(float(row.dot_at) for row in self.uncertain)
        doubt, bound, unclean, outbox, over = 0, 0, 0, False, []
        for when, kind, ended, is_down, outbox_used in loop.stops:
            mine = [dot_at for dot_at in left if dot_at <= when]
            left = left[len(mine):]
            self.by_kind[kind] += 1
            self.uncertain_by_kind[kind] += len(mine)
            outbox = outbox or outbox_used
            doubt += len(mine)
            bound += (0, 1, workers)[ended] * (max(OUTBOX_SLOTS, connections) if outbox else connections)
            unclean += ended > 0
            if is_down:
                if doubt > bound:
                    over.append("%d instead of %d, the last of them: %s" % (doubt, bound, kind))
                if unclean == 1 and not outbox:
                    self.most = max(self.most, doubt)
                doubt, bound, unclean, outbox = 0, 0, 0, False
        # after the last time that the server was down
        if doubt + len(left) > bound:
            over.append("%d instead of %d at the end" % (doubt + len(left), bound))
        self.check(not over, "no stop left more e-mails in doubt than connections had passed the barrier (most: %d, bound: %d)"
                   % (self.most, connections * workers), over)
        missing = [" ".join(point) for point in sorted(loop.misses) if point not in loop.hits]
        if loop.every_point:
            self.check(not missing, "each of the %d fault points was hit with kill9, error and exit" % len(loop.faults),
                       missing)

    def read_log(self):
        bad = re.compile(r"PANIC|TRAP:|terminated by signal (?!9\b|3\b|6: Aborted \(core)|corrupt|brim_arm")
        with open(self.cluster.log, encoding="utf-8", errors="replace") as file:
            found = [line.strip() for line in file if bad.search(line)]
        self.check(not found, "the server log has no panic and no crash but those asked for", found)

    def resolve(self):
        """As an operator would: what the mail server's log has was delivered, the rest was not."""
        for row in self.uncertain:
            verdict = "delivered" if row.message_id in self.accepted else "not_delivered"
            self.cluster.sql("SELECT brim_resolve(%s, '%s', 'from the log of the mail server')" % (row.email_id, verdict))

    def count_resolved(self):
        times = collections.Counter(recipient for _, recipient in self.read_mails())
        rows = self.read_rows()
        wrong = ["%s: %d" % (row.recipient, times[row.recipient]) for row in rows
                 if row.status == "sent" and times[row.recipient] != 1]
        sent = sum(1 for row in rows if row.status == "sent")
        self.check(not wrong and sent == self.loop.fed and len(times) == self.loop.fed,
                   "once the e-mails in doubt are resolved every company has exactly one mail (%d)" % len(times), wrong)

    def print_table(self):
        loop = self.loop
        releases = self.cluster.value("SELECT count(*) FROM brim.event WHERE event_type = 'email_released'")
        retried = self.cluster.value("SELECT count(*) FROM brim.event WHERE event_type = 'generation_retried'")
        lines = [("companies, e-mails", "%d, %d" % (loop.fed, len(self.rows))),
                 ("connections, workers", "%d, %d" % (loop.options.connections, loop.options.workers)),
                 ("kills", str(len(loop.stops)))]
        lines += [("  " + kind, "%d (%d e-mails in doubt)" % (n, self.uncertain_by_kind[kind]))
                  for kind, n in sorted(self.by_kind.items())]
        lines += [("fault points hit: kill9, error, exit, sleep, stop", ", ".join(
                      "%d" % len({point for point in loop.hits if point[1] == action})
                      for action in ("kill9", "error", "exit", "sleep", "stop")) + " of %d" % len(loop.faults)),
                  ("mails accepted", str(len(self.mails))),
                  ("e-mails sent", str(len(self.sent))),
                  ("e-mails uncertain", str(len(self.uncertain))),
                  ("  of these at the server", str(len(self.uncertain_accepted))),
                  ("other ends", ", ".join("%s %d" % (state, n) for state, n in sorted(self.status.items())
                                           if state not in ("sent", "uncertain"))),
                  ("held after two deaths and released: e-mails, jobs", "%s, %s" % (releases, retried)),
                  ("duplicates", str(len(self.duplicates))),
                  ("lost, or sent without a mail", "%d, %d" % (len(self.lost), len(self.false_sent))),
                  ("claimed or committing left, or queued without reason", str(len(self.left))),
                  ("most in doubt after one stop", "%d" % self.most)]
        print("#")
        for name, value in lines:
            print("# %-50s %s" % (name, value))
        print("#", flush=True)

    def judge(self):
        for number, (good, name, found) in enumerate(self.checks, 1):
            print("%s %d - %s" % ("ok" if good else "not ok", number, name))
            if not good:
                for thing in found:
                    print("#   %s" % (thing,))
        print("1..%d" % len(self.checks), flush=True)
        return all(good for good, _, _ in self.checks)
