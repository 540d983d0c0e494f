/*-------------------------------------------------------------------------
 *
 * base.h
 *	  What the room offers: memory, byte strings, text, times to try again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_BASE_H
#define BRIM_CORE_BASE_BASE_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/retry.h"
#include "core/base/str.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

#endif /* BRIM_CORE_BASE_BASE_H */
