/*-------------------------------------------------------------------------
 *
 * settings_check.h
 *	  Check hooks of the brim.* settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_SETTINGS_CHECK_H
#define BRIM_PG_SERVER_SETTINGS_CHECK_H

#include "utils/guc.h"

extern bool brim_settings_check_databases(char **newval, void **extra, GucSource source);
extern bool brim_settings_check_smtp_url(char **newval, void **extra, GucSource source);
extern bool brim_settings_check_gemini_url(char **newval, void **extra, GucSource source);
extern bool brim_settings_check_gemini_model(char **newval, void **extra, GucSource source);
extern bool brim_settings_check_helo_name(char **newval, void **extra, GucSource source);
extern bool brim_settings_check_report_timezone(char **newval, void **extra, GucSource source);

#endif /* BRIM_PG_SERVER_SETTINGS_CHECK_H */
