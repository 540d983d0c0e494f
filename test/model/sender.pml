/*
 * sender.pml - the sending of e-mails to one company in one campaign.
 *
 * An atomic step is one COMMIT; what lies between two of them may be cut off
 * by a crash, and anybody else may act there.  Names are those of src/pg/queue/email.c
 * and sql/parts/50_queue_operations.sql.
 *
 *	row			one variant; st is its status, tok its claim_token and claimed_by.  Where the
 *				row lives follows from that: QUEUED in brim.email_queue; what is TAKEN in
 *				brim.send_ledger, whose key admits one of them a company; HELD, FAILED,
 *				CANCELLED and SUPPRESSED in brim.email_parked; SUPERSEDED nowhere.  A
 *				statement takes a row out of one table and puts it into the other
 *	process		a worker process: draws a token, holds the number's lock until it dies
 *	slot		one e-mail that a process has claimed
 *	in flight	a final dot is written: network and relay may deliver or lose it
 *				at any time, whatever became of who wrote it
 *
 * Sizes: VARIANTS rows (1 or 2), PROCESSES one after another, SLOTS in each.
 *
 * Guards that can be taken out: NOBARRIER, NOTOKEN, NOKEY (of the ledger),
 * NOLEDGER_CLAIM, NOABANDONED (what is abandoned leaves the ledger), RETRY_ON_UNKNOWN,
 * OPBLIND, NOLOG, HASTY, NOSUPPRESS_CLAIM, NOSUPPRESS_BARRIER, NOSIBLINGS, NOPOISON,
 * NOCLAIMNO, ARM_FORGETS.
 *
 * Other worlds: FALSE_RECOVERY (rows are recovered at any time, though the process
 * that has them lives: a second one by mistake), NOLOCK (the same, and owners of
 * e-mails in doubt are taken for gone), ARM (brim_arm() is called while a worker is
 * busy), NOABANDON (nobody abandons an e-mail in doubt).
 *
 * Some guards stand behind another, so that taking out one alone shows nothing:
 *
 *	claim token, brim_resolve()'s question for the owner
 *				the number's lock: a row is recovered when its process is dead, so there
 *				is never a second one.  They show in FALSE_RECOVERY
 *	the claim's look into the ledger
 *				the ledger's key: who is entered meanwhile, or was, is not entered twice
 *	unsubscribers in the claim
 *				the barrier looks again
 */

#ifndef VARIANTS
#define VARIANTS 2
#endif
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef SLOTS
#define SLOTS 1
#endif
/* two slots of one process show all there is to show of them */
#if SLOTS == 2
#define LAUNCHED 1
#else
#define LAUNCHED PROCESSES
#endif
#ifdef NOLOCK
#define FALSE_RECOVERY
#endif
#ifdef ARM_FORGETS
#define ARM
#endif

mtype = { QUEUED, CLAIMED, COMMITTING, SENT, FAILED, UNCERTAIN, ABANDONED, HELD, SUPERSEDED, CANCELLED, SUPPRESSED };
/* verdicts: sent; failed, or the last of the retries; retry, or transport; uncertain */
mtype = { NOTHING, YES, NO, LATER, UNKNOWN };

mtype st[2] = QUEUED;
byte  tok[2];				/* 0: nobody's */
byte  crashes[2];
#if SLOTS == 2
byte  claims[2];			/* counted up to 3 */
#endif
/* brim.suppression */
bool  suppressed;

/* The world outside the database */
bool  alive[PROCESSES + 1];
byte  inflight[2];
byte  accepted[2];			/* what the company has in its mailbox */
bool  wronged;				/* a dot was written for who had unsubscribed before its barrier */

/* has a row in the ledger */
#ifdef NOABANDONED
#define TAKEN(v)	(st[v] == CLAIMED || st[v] == COMMITTING || st[v] == SENT || st[v] == UNCERTAIN)
#else
#define TAKEN(v)	(st[v] == CLAIMED || st[v] == COMMITTING || st[v] == SENT || st[v] == UNCERTAIN || st[v] == ABANDONED)
#endif
#define WAITS(v)	(st[v] == QUEUED || st[v] == HELD)
#define NOT_MAILED(v) (!TAKEN(1 - v))
#if PROCESSES == 3
#define SOMEBODY_LIVES (alive[1] || alive[2] || alive[3])
#else
#define SOMEBODY_LIVES (alive[1] || alive[2])
#endif

#ifdef NOTOKEN
#define MINE(v, s)	(st[v] == s)
#else
#if SLOTS == 2 && !defined(NOCLAIMNO)
#define MINE(v, s)	(st[v] == s && tok[v] == t && claims[v] == claim)
#else
#define MINE(v, s)	(st[v] == s && tok[v] == t)
#endif
#endif
#ifdef NOBARRIER
#define PAST		CLAIMED
#else
#define PAST		COMMITTING
#endif
#ifdef NOKEY
#define KEY(v)		true
#else
#define KEY(v)		(!TAKEN(1 - v))		/* send_ledger_once */
#endif
#ifdef NOLEDGER_CLAIM
#define CLAIM_LEDGER(v) true
#else
#define CLAIM_LEDGER(v) (!TAKEN(1 - v))
#endif
#ifdef NOSUPPRESS_CLAIM
#define CLAIM_SUPPRESSED false
#else
#define CLAIM_SUPPRESSED suppressed
#endif
#ifdef NOSUPPRESS_BARRIER
#define BARRIER_SUPPRESSED false
#else
#define BARRIER_SUPPRESSED suppressed
#endif
/* may brim_resolve(..., 'not_delivered') act: claimed_by is null, or the number's lock is free */
#ifdef OPBLIND
#define OWNER_GONE(v) true
#else
#define OWNER_GONE(v) (tok[v] == 0 || !SOMEBODY_LIVES)
#endif
/* what people find out before they say not_delivered: the relay's log, after its connection has ended */
#ifdef NOLOG
#define FOUND_NOWHERE(v) true
#else
#ifdef HASTY
#define FOUND_NOWHERE(v) (accepted[v] == 0)
#else
#define FOUND_NOWHERE(v) (accepted[v] == 0 && inflight[v] == 0)
#endif
#endif

#ifdef NOABANDON
#define ABANDONS	false
#else
#define ABANDONS	true
#endif

/* Of two waiting variants row 0 has the higher choice. */
#define CLAIMABLE(v) (st[v] == QUEUED && !CLAIM_SUPPRESSED && CLAIM_LEDGER(v) && \
					  !(v == 1 && st[0] == QUEUED))

/* record_siblings */
inline supersede(v)
{
#ifndef NOSIBLINGS
	if
	:: WAITS(1 - v) -> st[1 - v] = SUPERSEDED
	:: else
	fi
#else
	skip
#endif
}

/* brim_email_record: what is no longer ours is left alone, but for a late yes */
inline record(v)
{
	atomic {
		if
		:: MINE(v, CLAIMED) || MINE(v, COMMITTING) || (MINE(v, UNCERTAIN) && reply == YES) ->
			if
			:: reply == YES -> st[v] = SENT; tok[v] = 0; supersede(v)
			:: reply == NO -> st[v] = FAILED; tok[v] = 0; supersede(v)
			:: reply == LATER -> st[v] = QUEUED; tok[v] = 0
#ifdef RETRY_ON_UNKNOWN
			:: reply == UNKNOWN -> st[v] = QUEUED; tok[v] = 0
#else
			:: reply == UNKNOWN -> st[v] = UNCERTAIN; tok[v] = 0	/* the connection is closed */
#endif
			fi
		:: else
		fi;
		reply = NOTHING;
		warned = false
	}
}

proctype slot(byte t)
{
	bit   v;
	mtype reply = NOTHING;
	bool  warned;
#if SLOTS == 2
	byte  claim;
#endif

	{
		v = 0;
rest:
		/* claim: the statement sees its snapshot ... */
		if
		:: CLAIMABLE(0) -> v = 0
		:: CLAIMABLE(1) -> v = 1
		fi;
		/* ... and meets the rows as they are when it writes */
		atomic {
			if
#if SLOTS == 2
			:: st[v] == QUEUED && KEY(v) && claims[v] < 3 ->
				st[v] = CLAIMED; tok[v] = t; claims[v]++; claim = claims[v]
#else
			:: st[v] == QUEUED && KEY(v) -> st[v] = CLAIMED; tok[v] = t
#endif
			:: else -> v = 0; goto rest
			fi
		};

		/* connect, login, MAIL, RCPT, DATA, body */
		if
		:: skip
		:: reply = LATER
		:: reply = NO
		fi;
		if
		:: reply != NOTHING -> record(v); goto rest
		:: else
		fi;

#ifdef NOBARRIER
		warned = suppressed;
#else
		/* brim_email_barrier, first statement: who unsubscribed before is taken out */
		atomic {
			warned = suppressed;
			if
			:: BARRIER_SUPPRESSED && MINE(v, CLAIMED) -> st[v] = SUPPRESSED; tok[v] = 0
			:: else
			fi
		};
		/* then the row */
		atomic {
			if
			:: MINE(v, CLAIMED) -> st[v] = COMMITTING
			:: else -> warned = false; goto rest
			fi
		};
#endif
		/* after the commit: the dot, unless we are to stop or the relay spoke first */
		if
		:: atomic { inflight[v] < 2 -> inflight[v]++; wronged = wronged || warned }
		:: reply = LATER
		fi;
		if
		:: reply != NOTHING -> record(v); goto rest
		:: else
		fi;
		if
		:: atomic { inflight[v] > 0 -> inflight[v]--; accepted[v]++; reply = YES }
		:: atomic { inflight[v] > 0 -> inflight[v]--; reply = NO }
		:: atomic { inflight[v] > 0 -> inflight[v]--; reply = LATER }
		:: reply = UNKNOWN		/* silence, garbage, 421, a broken connection */
		fi;
		record(v);
		goto rest
	}
	unless
	{ atomic { !alive[t] -> v = 0; reply = NOTHING; warned = false } }
}

proctype wire()
{
end:
	do
	:: atomic { inflight[0] > 0 -> inflight[0]--; accepted[0]++ }
	:: atomic { inflight[0] > 0 -> inflight[0]-- }
	:: atomic { inflight[1] > 0 -> inflight[1]--; accepted[1]++ }
	:: atomic { inflight[1] > 0 -> inflight[1]-- }
	od
}

/* recover_claimed: crash is 1 after an unclean death */
inline recover_claimed(v, crash)
{
	crashes[v] = crashes[v] + crash;
	tok[v] = 0;
	if
#ifndef NOPOISON
	:: crashes[v] >= 2 -> st[v] = HELD
#endif
	:: else -> st[v] = QUEUED
	fi
}

inline recover_committing(v)
{
	st[v] = UNCERTAIN
}

/* brim_email_recovery_run by process t for one row */
inline recover(v, crash)
{
	if
	:: tok[v] != 0 && tok[v] != t && st[v] == CLAIMED -> recover_claimed(v, crash)
#ifndef NOBARRIER
	:: tok[v] != 0 && tok[v] != t && st[v] == COMMITTING -> recover_committing(v)
#endif
	:: else
	fi;
#if !defined(FALSE_RECOVERY) || defined(NOLOCK)
	if
	:: tok[v] != 0 && tok[v] != t && st[v] == UNCERTAIN -> tok[v] = 0
	:: else
	fi
#endif
}

proctype launcher()
{
	byte t = 1;
	bit  crash;

	/* take_number, then recovery in the transaction of the first claim */
end:
	do
#ifdef FALSE_RECOVERY
	:: atomic { t <= LAUNCHED ->
#else
	:: atomic { t <= LAUNCHED && !SOMEBODY_LIVES ->
#endif
			if
			:: crash = 0
			:: crash = 1
			fi;
			recover(0, crash); recover(1, crash);
			crash = 0;
			alive[t] = true;
			run slot(t);
#if SLOTS == 2
			run slot(t);
#endif
			t++ }
	/* kill -9, power cut, SIGTERM: each ends a process between any two steps */
	:: atomic { alive[1] -> alive[1] = false }
	:: atomic { alive[2] -> alive[2] = false }
#if PROCESSES == 3
	:: atomic { alive[3] -> alive[3] = false }
#endif
	od
}

#ifdef FALSE_RECOVERY
proctype rescuer()
{
	byte t = 0;

end:
	do
	:: atomic { st[0] == CLAIMED || st[0] == COMMITTING -> recover(0, 0) }
	:: atomic { st[1] == CLAIMED || st[1] == COMMITTING -> recover(1, 0) }
#ifdef NOLOCK
	:: atomic { st[0] == UNCERTAIN && tok[0] != 0 -> tok[0] = 0 }
	:: atomic { st[1] == UNCERTAIN && tok[1] != 0 -> tok[1] = 0 }
#endif
	od
}
#endif

#ifdef ARM
/* brim_arm() for a row of a worker that lives: the host got another name */
inline arm(v)
{
	if
	:: st[v] == CLAIMED || st[v] == COMMITTING ->
		st[v] = UNCERTAIN
#ifdef ARM_FORGETS
		; tok[v] = 0
#endif
	:: else
	fi
}
#endif

/* What people do from psql, to row v */
#define OPERATE(v) \
	:: atomic { st[v] == QUEUED -> st[v] = HELD } \
	:: atomic { st[v] == HELD && NOT_MAILED(v) && !suppressed -> st[v] = QUEUED; crashes[v] = 0 } \
	:: atomic { WAITS(v) || st[v] == FAILED -> st[v] = CANCELLED; crashes[v] = 0 } \
	:: atomic { st[v] == FAILED && NOT_MAILED(v) && !suppressed -> st[v] = QUEUED; crashes[v] = 0 } \
	:: atomic { st[v] == UNCERTAIN && accepted[v] > 0 -> \
			st[v] = SENT; tok[v] = 0; supersede(v) } \
	:: atomic { st[v] == UNCERTAIN && OWNER_GONE(v) && FOUND_NOWHERE(v) && \
			!TAKEN(1 - v) -> \
			tok[v] = 0; \
			if \
			:: suppressed -> st[v] = SUPPRESSED \
			:: else -> st[v] = QUEUED \
			fi } \
	:: atomic { st[v] == UNCERTAIN && ABANDONS -> st[v] = ABANDONED; tok[v] = 0 }

proctype operator()
{
end:
	do
	OPERATE(0)
	OPERATE(1)
	/* brim_suppress(), once: suppression_of_contacts takes out what waits */
	:: atomic { !suppressed -> suppressed = true;
			if
			:: WAITS(0) -> st[0] = SUPPRESSED
			:: else
			fi;
			if
			:: WAITS(1) -> st[1] = SUPPRESSED
			:: else
			fi }
#ifdef ARM
	:: atomic { (st[0] == CLAIMED || st[0] == COMMITTING || st[1] == CLAIMED || st[1] == COMMITTING) ->
			arm(0); arm(1) }
#endif
	od
}

init
{
	atomic {
#if VARIANTS == 1
		st[1] = CANCELLED;
#endif
		run wire();
		run operator();
		run launcher();
#ifdef FALSE_RECOVERY
		run rescuer();
#endif
	}
}

#define MAILED(v)	(accepted[v] > 0 || inflight[v] > 0)
#define ENDED(v)	(st[v] == SENT || st[v] == FAILED)

/* The company gets at most one e-mail. */
ltl never_twice { [] (accepted[0] + accepted[1] <= 1) }
/* What is called sent was delivered. */
ltl no_false_sent { [] ((st[0] == SENT -> accepted[0] > 0) && (st[1] == SENT -> accepted[1] > 0)) }
/* What waits, or failed, is not in anybody's mailbox and not on its way there. */
ltl never_requeue { [] (!(MAILED(0) && (WAITS(0) || st[0] == FAILED || st[0] == SUPPRESSED || st[0] == SUPERSEDED)) &&
						!(MAILED(1) && (WAITS(1) || st[1] == FAILED || st[1] == SUPPRESSED || st[1] == SUPERSEDED))) }
/* Whatever may have arrived is in the ledger, and blocks the company. */
ltl ledger_knows { [] ((MAILED(0) || MAILED(1)) -> (TAKEN(0) || TAKEN(1))) }
/* Who unsubscribed before the barrier began is not mailed. */
ltl never_suppressed { [] !wronged }
/* Where one variant has been tried to the end no other waits. */
ltl one_variant { [] (!(ENDED(0) && WAITS(1)) && !(ENDED(1) && WAITS(0))) }
/* What was at hand in two unclean deaths is not taken again by itself. */
ltl never_poison { [] ((st[0] == CLAIMED -> crashes[0] < 2) && (st[1] == CLAIMED -> crashes[1] < 2)) }
/* And the model is not safe because it does nothing: these must be refuted. */
ltl never_sent { [] (st[0] != SENT && st[1] != SENT) }
