#!/usr/bin/python3
"""The mail server of kill_loop.py: test/lib/smtp_server.py with slow dots.

    mail_server.py LONGEST SEED OPTION...

After the final dot it waits up to LONGEST seconds, takes the mail for good,
waits as long again and then says so: a kill hits before the mail is taken,
or after it.  Where the client goes while it waits, it takes four of five
mails all the same.  One mail in 40 has to wait for its answer a second longer.
"""
import asyncio
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import smtp_server  # noqa: E402


def main():
    longest = float(sys.argv[1])
    chance = random.Random(int(sys.argv[2]))
    del sys.argv[1:3]

    async def handle_data(self, server, session, envelope):
        async def take():
            await asyncio.sleep(chance.uniform(0, longest))
            self.store.add(self.number, envelope)
            if self.store.file:
                os.fsync(self.store.file.fileno())
            return self.store.seq

        task = asyncio.ensure_future(take())
        accepted = await (asyncio.shield(task) if chance.random() < 0.8 else task)
        await asyncio.sleep(chance.uniform(0, longest) + (1 if chance.random() < 0.025 else 0))
        return "250 2.0.0 OK queued as %d" % accepted

    smtp_server.Connection.handle_DATA = handle_data
    smtp_server.main()


if __name__ == "__main__":
    main()
