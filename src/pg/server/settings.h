/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The brim.* settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_SETTINGS_H
#define BRIM_PG_SERVER_SETTINGS_H

/* Worker */
extern char *brim_databases;
extern char *brim_worker_role;
extern int   brim_workers; /* processes per database */
extern int   brim_after_promotion;
extern bool  brim_generate;
extern bool  brim_classify;
extern bool  brim_send;
extern int   brim_shutdown_grace; /* seconds */

typedef enum BrimAfterPromotion
{
	BRIM_AFTER_PROMOTION_HOLD,
	BRIM_AFTER_PROMOTION_RESUME
} BrimAfterPromotion;

/* Gemini */
extern char *brim_gemini_api_key_file;
extern char *brim_gemini_model;
extern char *brim_gemini_url;
extern int   brim_gemini_connections;
extern int   brim_gemini_timeout; /* seconds */

/* Sending */
extern int   brim_batch_size;
extern int   brim_send_interval; /* seconds */
extern char *brim_smtp_url;
extern char *brim_smtp_username;
extern char *brim_smtp_password_file;
extern int   brim_smtp_connections;
extern int   brim_smtp_timeout; /* seconds, of connect and login */
extern char *brim_helo_name;
extern char *brim_outbox_directory;

/* Gemini and sending */
extern char *brim_ca_file;

/* Reports */
extern char *brim_report_timezone;

/* Define all settings.  Called once, when the library is loaded. */
extern void brim_settings_init(void);

/* The value of a setting that names a file or directory, or NULL if it is none of those. */
extern const char *brim_settings_path(const char *name);

/*
 * Read the secret that a file holds: its first line, without the line end.
 * Returns NULL and a reason in *problem (palloc'd, without the contents) when
 * the file cannot be read, is empty, too long or holds control characters.
 * The secret is malloc'd and belongs to the caller.
 */
extern char *brim_settings_secret(const char *path, char **problem);

#endif /* BRIM_PG_SERVER_SETTINGS_H */
