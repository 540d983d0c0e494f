/*-------------------------------------------------------------------------
 *
 * automaton.c
 *	  Find many words and phrases in one pass over a text; see automaton.h.
 *
 * The trie of the patterns is laid out level by level, so the children of a
 * node stand side by side.  The first nodes, those near the root where a pass
 * spends its time, have a full row of next nodes; the others look among their
 * children and fall back along their failure links, which lead to nodes nearer
 * the root.  Memory thus stays bounded for any number of keywords.
 *
 *-------------------------------------------------------------------------
 */
#include "core/match/automaton.h"

#include <stdint.h>
#include <string.h>

#include "core/base/base.h"

#define WORD_EDGE 0xFF         /* where a word begins or ends */
#define DENSE_BUDGET (1 << 20) /* entries of all full rows together */

struct BrimAutomaton
{
	/* Alphabet: class 0 is every byte that no pattern has */
	unsigned char classes[256];
	int           nclasses;
	bool          begin_at_edges; /* do all patterns begin with the edge of a word? */

	/* Nodes, level by level; 0 is the root */
	int            nnodes;
	int            ndense;
	int32_t       *dense; /* ndense rows of nclasses next nodes */
	int32_t       *fail;  /* longest proper suffix that is a node */
	int32_t       *first_child;
	uint16_t      *nchildren;
	unsigned char *label;  /* class of the step that leads here */
	int32_t       *output; /* pattern that ends here, or -1 */
	int32_t       *report; /* this node or nearest suffix with an output, 0 for none */
};

/* Where the building of a node's children begins. */
typedef struct NodeRange
{
	int    low; /* patterns low .. high - 1 begin with the node's bytes */
	int    high;
	size_t depth;
} NodeRange;

/* What a byte of a stream is handed to, with the bytes of the text up to it; false ends the stream. */
typedef bool (*StreamByte)(void *state, unsigned char byte, size_t at);

/* Return true if the callback ignores bytes until the next word boundary. */
typedef bool (*StreamSkip)(void *state);

static inline __attribute__((always_inline)) bool
stream(BrimStr text, StreamByte emit, StreamSkip skip, void *state)
{
	const char   *p = text.data;
	const char   *end = p + text.len;
	BrimCharClass before = BRIM_CHAR_OTHER;

	while (p < end)
	{
		size_t n = 1;
		BrimCharClass class = brim_text_ascii_class[(unsigned char) *p];
		bool edge;

		if ((unsigned char) *p >= 0x80)
			class = brim_text_next(p, (size_t) (end - p), &n);
		edge = class == BRIM_CHAR_ALONE ||
			   (class == BRIM_CHAR_WORD) != (before == BRIM_CHAR_WORD) || before == BRIM_CHAR_ALONE;

		if (edge && !emit(state, WORD_EDGE, (size_t) (p - text.data)))
			return false;
		if (class == BRIM_CHAR_SPACE)
		{
			if (before != BRIM_CHAR_SPACE && !emit(state, ' ', (size_t) (p - text.data) + n))
				return false;
		}
		else
		{
			for (size_t i = 0; i < n; i++)
			{
				/* a stray 0xFF of the text must not pass for a word's edge */
				unsigned char byte = (unsigned char) p[i];

				if (!emit(state, byte == WORD_EDGE ? 0xFE : brim_text_lower_byte(byte),
						  (size_t) (p - text.data) + i + 1))
					return false;
			}
		}
		before = class;
		p += n;
		if (class == BRIM_CHAR_WORD && skip(state))
		{
			while (p < end && brim_text_ascii_class[(unsigned char) *p] == BRIM_CHAR_WORD)
				p++;
		}
	}
	if (before == BRIM_CHAR_WORD || before == BRIM_CHAR_ALONE)
		return emit(state, WORD_EDGE, text.len);
	return true;
}

static bool
append_byte(void *state, unsigned char byte, size_t at)
{
	(void) at;
	return brim_buf_append(state, &byte, 1);
}

static bool
skip_never(void *state)
{
	(void) state;
	return false;
}

bool
brim_automaton_pattern(BrimStr keyword, BrimBuf *out)
{
	BrimStr inner = {keyword.data, 0};
	bool    begun = false;

	/* Cut white space off both ends */
	for (size_t at = 0, n; at < keyword.len; at += n)
	{
		BrimCharClass class = brim_text_next(keyword.data + at, keyword.len - at, &n);

		if (class == BRIM_CHAR_SPACE)
			continue;
		if (!begun)
			inner.data = keyword.data + at;
		begun = true;
		inner.len = (size_t) (keyword.data + at + n - inner.data);
	}
	return begun && stream(inner, append_byte, skip_never, out);
}

/* The child of a node by a class, or 0. */
static int32_t
find_child(const BrimAutomaton *automaton, int32_t node, unsigned char class)
{
	int32_t low = automaton->first_child[node];
	int32_t high = low + automaton->nchildren[node];

	while (low < high)
	{
		int32_t middle = low + (high - low) / 2;

		if (automaton->label[middle] == class)
			return middle;
		if (automaton->label[middle] < class)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* One step of the automaton.  Ends, since failure links lead towards the root. */
static inline int32_t
next_node(const BrimAutomaton *automaton, int32_t node, unsigned char class)
{
	if (class == 0)
		return 0;
	while (node >= automaton->ndense)
	{
		int32_t child = find_child(automaton, node, class);

		if (child != 0)
			return child;
		node = automaton->fail[node];
	}
	return automaton->dense[(size_t) node * (size_t) automaton->nclasses + class];
}

/* Give each byte of the patterns a class, in the order of the bytes; see how they begin. */
static void
assign_classes(BrimAutomaton *automaton, const BrimStr *patterns, int npatterns)
{
	bool used[256] = {false};

	for (int i = 0; i < npatterns; i++)
	{
		for (size_t j = 0; j < patterns[i].len; j++)
			used[(unsigned char) patterns[i].data[j]] = true;
	}
	automaton->begin_at_edges = true;
	for (int i = 0; i < npatterns; i++)
	{
		if ((unsigned char) patterns[i].data[0] != WORD_EDGE)
			automaton->begin_at_edges = false;
	}
	automaton->nclasses = 1;
	for (int byte = 0; byte < 256; byte++)
	{
		if (used[byte])
			automaton->classes[byte] = (unsigned char) automaton->nclasses++;
	}
}

/* The number of nodes: each pattern adds what it does not share with the one before. */
static size_t
count_nodes(const BrimStr *patterns, int npatterns)
{
	size_t nnodes = 1;

	for (int i = 0; i < npatterns; i++)
	{
		size_t shared = 0;

		if (i > 0)
		{
			while (shared < patterns[i - 1].len && shared < patterns[i].len &&
				   patterns[i - 1].data[shared] == patterns[i].data[shared])
				shared++;
		}
		nnodes += patterns[i].len - shared;
	}
	return nnodes;
}

static bool
allocate_nodes(BrimAutomaton *automaton, size_t nnodes, BrimArena *arena)
{
	size_t ndense = DENSE_BUDGET / (size_t) automaton->nclasses;

	if (ndense > nnodes)
		ndense = nnodes;
	automaton->ndense = (int) ndense;
	automaton->dense =
		brim_arena_alloc(arena, ndense * (size_t) automaton->nclasses, sizeof(int32_t));
	automaton->fail = brim_arena_alloc(arena, nnodes, sizeof(int32_t));
	automaton->first_child = brim_arena_alloc(arena, nnodes, sizeof(int32_t));
	automaton->nchildren = brim_arena_alloc(arena, nnodes, sizeof(uint16_t));
	automaton->label = brim_arena_alloc(arena, nnodes, 1);
	automaton->output = brim_arena_alloc(arena, nnodes, sizeof(int32_t));
	automaton->report = brim_arena_alloc(arena, nnodes, sizeof(int32_t));
	return automaton->dense != NULL && automaton->fail != NULL && automaton->first_child != NULL &&
		   automaton->nchildren != NULL && automaton->label != NULL && automaton->output != NULL &&
		   automaton->report != NULL;
}

/* Make a node's children, with their failure links, and its full row. */
static void
expand_node(BrimAutomaton *automaton, int32_t node, const BrimStr *patterns, NodeRange *ranges)
{
	NodeRange range = ranges[node];
	size_t    nclasses = (size_t) automaton->nclasses;
	int32_t   fail = automaton->fail[node];
	int       low = range.low;

	automaton->output[node] = -1;
	if (patterns[low].len == range.depth)
		automaton->output[node] = low++;
	automaton->report[node] = automaton->output[node] >= 0 ? node : automaton->report[fail];
	automaton->first_child[node] = automaton->nnodes;
	if (node < automaton->ndense && node != 0)
		memcpy(automaton->dense + (size_t) node * nclasses,
			   automaton->dense + (size_t) fail * nclasses, nclasses * sizeof(int32_t));
	while (low < range.high)
	{
		unsigned char byte = (unsigned char) patterns[low].data[range.depth];
		unsigned char class = automaton->classes[byte];
		int32_t child = automaton->nnodes++;
		int     end = low + 1;

		while (end < range.high && (unsigned char) patterns[end].data[range.depth] == byte)
			end++;
		ranges[child].low = low;
		ranges[child].high = end;
		ranges[child].depth = range.depth + 1;
		automaton->label[child] = class;
		automaton->fail[child] = node == 0 ? 0 : next_node(automaton, fail, class);
		if (node < automaton->ndense)
			automaton->dense[(size_t) node * nclasses + class] = child;
		automaton->nchildren[node]++;
		low = end;
	}
}

BrimAutomaton *
brim_automaton_build(const BrimStr *patterns, int npatterns, BrimArena *arena)
{
	BrimAutomaton *automaton = brim_arena_alloc(arena, 1, sizeof(BrimAutomaton));
	NodeRange     *ranges;
	size_t         nnodes;

	if (automaton == NULL || npatterns <= 0)
		return NULL;
	assign_classes(automaton, patterns, npatterns);
	nnodes = count_nodes(patterns, npatterns);
	if (nnodes > INT32_MAX || !allocate_nodes(automaton, nnodes, arena))
		return NULL;
	ranges = brim_mem_alloc(arena->mem, nnodes * sizeof(NodeRange));
	if (ranges == NULL)
		return NULL;
	ranges[0].low = 0;
	ranges[0].high = npatterns;
	ranges[0].depth = 0;
	automaton->nnodes = 1;
	for (int32_t node = 0; node < automaton->nnodes; node++)
		expand_node(automaton, node, patterns, ranges);
	brim_mem_free(arena->mem, ranges);
	return automaton;
}

/* A pass under way. */
typedef struct Walk
{
	const BrimAutomaton *automaton;
	int32_t              node;
	BrimAutomatonHit     hit;
	BrimAutomatonHitAt   hit_at;
	void                *state;
} Walk;

static inline __attribute__((always_inline)) bool
walk_byte(void *state, unsigned char byte, size_t at)
{
	Walk                *walk = state;
	const BrimAutomaton *automaton = walk->automaton;

	(void) at;
	walk->node = next_node(automaton, walk->node, automaton->classes[byte]);
	for (int32_t found = automaton->report[walk->node]; found != 0;
		 found = automaton->report[automaton->fail[found]])
	{
		if (!walk->hit(walk->state, automaton->output[found]))
			return false;
	}
	return true;
}

static inline __attribute__((always_inline)) bool
walk_byte_at(void *state, unsigned char byte, size_t at)
{
	Walk                *walk = state;
	const BrimAutomaton *automaton = walk->automaton;

	walk->node = next_node(automaton, walk->node, automaton->classes[byte]);
	for (int32_t found = automaton->report[walk->node]; found != 0;
		 found = automaton->report[automaton->fail[found]])
	{
		if (!walk->hit_at(walk->state, automaton->output[found], at))
			return false;
	}
	return true;
}

/*
 * Inside a word, at the root, where every pattern begins at a word's edge:
 * nothing can begin before the next edge.
 */
static inline __attribute__((always_inline)) bool
walk_skip(void *state)
{
	const Walk *walk = state;

	return walk->node == 0 && walk->automaton->begin_at_edges;
}

bool
brim_automaton_walk(const BrimAutomaton *automaton, BrimStr text, BrimAutomatonHit hit, void *state)
{
	Walk walk = {automaton, 0, hit, NULL, state};

	return stream(text, walk_byte, walk_skip, &walk);
}

/* A pattern that is followed from the beginning of a text. */
typedef struct Match
{
	const BrimAutomaton *automaton;
	int32_t              node;
	BrimAutomatonHit     hit;
	void                *state;
	bool                 ended; /* by a hit */
} Match;

/* One step down the trie; false where no pattern goes on like this. */
static inline __attribute__((always_inline)) bool
match_byte(void *state, unsigned char byte, size_t at)
{
	Match               *match = state;
	const BrimAutomaton *automaton = match->automaton;
	unsigned char class = automaton->classes[byte];

	(void) at;
	if (class == 0)
		return false;
	match->node = find_child(automaton, match->node, class);
	if (match->node == 0)
		return false;
	if (automaton->output[match->node] >= 0 &&
		!match->hit(match->state, automaton->output[match->node]))
	{
		match->ended = true;
		return false;
	}
	return true;
}

bool
brim_automaton_match(const BrimAutomaton *automaton, BrimStr text, BrimAutomatonHit hit,
					 void *state)
{
	Match match = {automaton, 0, hit, state, false};

	stream(text, match_byte, skip_never, &match);
	return !match.ended;
}

bool
brim_automaton_walk_at(const BrimAutomaton *automaton, BrimStr text, BrimAutomatonHitAt hit,
					   void *state)
{
	Walk walk = {automaton, 0, NULL, hit, state};

	return stream(text, walk_byte_at, walk_skip, &walk);
}
