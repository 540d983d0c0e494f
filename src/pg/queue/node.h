/*-------------------------------------------------------------------------
 *
 * node.h
 *	  Whether this installation may send, and what its parts report.
 *
 * Every function runs inside a transaction that the caller began with
 * brim_txn_begin().
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_NODE_H
#define BRIM_PG_QUEUE_NODE_H

#include "datatype/timestamp.h"

typedef struct BrimNode
{
	char node_id[64];
	bool is_armed; /* brim.node describes the place we are at */
	bool is_paused;
	char why[512];          /* when not armed: what differs */
	char confirmed_by[512]; /* standbys that know every barrier; empty: none */
} BrimNode;

extern void brim_node_read(BrimNode *node);

/*
 * Lock this node's row before a batch of e-mails begins; *last is when the last
 * one began, 0 for never.  False when somebody else has the row.
 */
extern bool brim_node_lock_batch(TimestampTz *last);
extern void brim_node_note_batch(void);

/* From this transaction on these standbys, all of them, know every barrier; NULL: none. */
extern void brim_node_set_confirmed_by(const char *names);

/* Arm this promoted standby if brim.after_promotion and what it knows allow it. */
extern bool brim_node_resume(void);

/* State of a component for brim_status(): written only when it changes. */
extern void brim_node_set_component(const char *component, const char *state, const char *detail,
									TimestampTz retry_at);

#endif /* BRIM_PG_QUEUE_NODE_H */
