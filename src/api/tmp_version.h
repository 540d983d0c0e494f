/* UNTIL THE MERGE: 'name@version' where a model is named, without src/db/model.c. */
#ifndef BRIM_API_TMP_VERSION_H
#define BRIM_API_TMP_VERSION_H

#include "postgres.h"
#include "utils/jsonb.h"

extern Jsonb *brim_tmp_version_spec(const char *name);

#endif /* BRIM_API_TMP_VERSION_H */
