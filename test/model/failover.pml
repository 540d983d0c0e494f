/*
 * failover.pml - one e-mail, an original and a copy of its database.
 *
 * The copy follows the original with a delay (a standby; a backup and its log)
 * until it is promoted.  From then on it goes its own way, and lacks what had
 * not come over.  The worker of the copy is disarmed until somebody calls
 * brim_arm(), which makes claimed and committing rows uncertain.
 *
 *	node 0, 1	original, copy
 *	synced		the copy has every commit of the original
 *	down		the original is stopped for good
 *
 * What keeps a company from being mailed twice, one of:
 *
 *	FENCE		the copy takes over only after the original was stopped, and with
 *				all of its commits: a planned switch-over, a move
 *	SYNC		synchronous replication: the barrier's commit returns when the copy
 *				has it.  Then even RESUME, where the copy goes on by itself as after
 *				a crash, sends nothing twice
 *	ARM_DOUBTS	arming makes queued e-mails uncertain, too
 *
 * Taken out: OPBLIND (not_delivered is said while the original may live),
 * SYNC_GIVEN_UP (the wait for the copy is cancelled, the commit stands).
 */
mtype = { QUEUED, CLAIMED, COMMITTING, SENT, FAILED, UNCERTAIN };
mtype = { NOTHING, YES, NO, LATER, UNKNOWN };

mtype st[2] = QUEUED;
byte  tok[2];
bool  synced = true;
bool  promoted;
bool  armed;
bool  down;
bool  alive[4];				/* by token: 1 and 2 at the original, 3 at the copy */
byte  inflight;
byte  accepted;

#define MINE(s)		(st[n] == s && tok[n] == t)
#define COMMIT		synced = synced && n == 1
#define LIVES(n)	((n == 0 && (alive[1] || alive[2])) || (n == 1 && alive[3]))

inline record()
{
	atomic {
		if
		:: MINE(CLAIMED) || MINE(COMMITTING) || (MINE(UNCERTAIN) && reply == YES) ->
			if
			:: reply == YES -> st[n] = SENT; tok[n] = 0
			:: reply == NO -> st[n] = FAILED; tok[n] = 0
			:: reply == LATER -> st[n] = QUEUED; tok[n] = 0
			:: reply == UNKNOWN -> st[n] = UNCERTAIN; tok[n] = 0
			fi;
			COMMIT
		:: else
		fi;
		reply = NOTHING
	}
}

proctype slot(bit n; byte t)
{
	mtype reply = NOTHING;

	{
		reply = NOTHING;
rest:
		atomic { st[n] == QUEUED && (n == 0 || armed) -> st[n] = CLAIMED; tok[n] = t; COMMIT };
		if
		:: skip
		:: reply = LATER
		:: reply = NO
		fi;
		if
		:: reply != NOTHING -> record(); goto rest
		:: else
		fi;
		/* the barrier */
		atomic {
			if
			:: MINE(CLAIMED) -> st[n] = COMMITTING; COMMIT
			:: else -> goto rest
			fi
		};
#ifdef SYNC
		if
		:: n == 1 || synced		/* for ever, once the copy is promoted */
#ifdef SYNC_GIVEN_UP
		:: skip
#endif
		fi;
#endif
		if
		:: atomic { inflight < 2 -> inflight++ }
		:: reply = LATER
		fi;
		if
		:: reply != NOTHING -> record(); goto rest
		:: else
		fi;
		if
		:: atomic { inflight > 0 -> inflight--; accepted++; reply = YES }
		:: atomic { inflight > 0 -> inflight--; reply = NO }
		:: atomic { inflight > 0 -> inflight--; reply = LATER }
		:: reply = UNKNOWN
		fi;
		record();
		goto rest
	}
	unless
	{ atomic { !alive[t] -> reply = NOTHING } }
}

proctype wire()
{
end:
	do
	:: atomic { inflight > 0 -> inflight--; accepted++ }
	:: atomic { inflight > 0 -> inflight-- }
	od
}

proctype replication()
{
end:
	do
	:: atomic { !promoted && !synced -> st[1] = st[0]; tok[1] = tok[0]; synced = true }
	od
}

/* brim_email_recovery_run: the process that had the row is dead */
inline recover(n)
{
	if
	:: st[n] == CLAIMED -> st[n] = QUEUED; tok[n] = 0; COMMIT
	:: st[n] == COMMITTING -> st[n] = UNCERTAIN; tok[n] = 0; COMMIT
	:: st[n] == UNCERTAIN -> tok[n] = 0; COMMIT
	:: else
	fi
}

/* Launchers of both nodes: a worker at a time, two one after the other at the original. */
proctype launchers()
{
	byte t = 1;
	bool started;				/* the copy's worker */

end:
	do
	:: atomic { t <= 2 && !down && !LIVES(0) -> recover(0); alive[t] = true; run slot(0, t); t++ }
	:: atomic { armed && !started -> recover(1); alive[3] = true; run slot(1, 3); started = true }
	:: atomic { LIVES(0) -> alive[1] = false; alive[2] = false }
	:: atomic { alive[3] -> alive[3] = false }
	:: atomic { !down -> down = true; alive[1] = false; alive[2] = false }
	od
}

/* brim_resolve(..., 'not_delivered'), after a look into the relay's log */
#ifdef OPBLIND
#define ORIGINAL_GONE true
#else
#define ORIGINAL_GONE down
#endif

proctype operator()
{
end:
	do
#ifdef FENCE
	:: atomic { !promoted && down && synced -> promoted = true
#else
	:: atomic { !promoted -> promoted = true
#endif
#ifdef RESUME
			; armed = true
#endif
			}
	:: atomic { promoted && !armed ->
			if
			:: st[1] == CLAIMED || st[1] == COMMITTING -> st[1] = UNCERTAIN; tok[1] = 0
#ifdef ARM_DOUBTS
			:: st[1] == QUEUED -> st[1] = UNCERTAIN; tok[1] = 0
#endif
			:: else
			fi;
			armed = true }
	:: atomic { !promoted && st[0] == UNCERTAIN && (tok[0] == 0 || !LIVES(0)) && accepted == 0 && inflight == 0 ->
			st[0] = QUEUED; tok[0] = 0; synced = false }
	:: atomic { armed && st[1] == UNCERTAIN && (tok[1] == 0 || !LIVES(1)) && ORIGINAL_GONE &&
			accepted == 0 && inflight == 0 -> st[1] = QUEUED; tok[1] = 0 }
	od
}

init { atomic { run wire(); run replication(); run operator(); run launchers() } }

/* The company gets at most one e-mail, from whichever node. */
ltl never_twice { [] (accepted <= 1) }
ltl no_false_sent { [] ((st[0] == SENT || st[1] == SENT) -> accepted > 0) }
/* What waits at the copy is not in anybody's mailbox and not on its way there. */
ltl never_requeue { [] ((armed && (st[1] == QUEUED || st[1] == FAILED)) -> (accepted == 0 && inflight == 0)) }
/* The copy does send: this must be refuted. */
ltl copy_never_sends { [] !(st[1] == SENT && armed && st[0] != SENT) }
