/* libmongoc, loaded when it is first needed and never linked. Only
 * the files of the MongoDB store know its headers. BSON functions are those of the library that libmongoc uses. */
#ifndef MONGOC_API_H
#define MONGOC_API_H
#include <mongoc/mongoc.h>
#include <stdbool.h>
#include <stddef.h>

#define MONGOC_FUNCTIONS(X)                             \
    X(bson_init_static)                                 \
    X(bson_get_data)                                    \
    X(bson_destroy)                                     \
    X(bson_iter_init_find)                              \
    X(bson_iter_find_descendant)                        \
    X(bson_iter_init)                                   \
    X(bson_iter_next)                                   \
    X(bson_iter_recurse)                                \
    X(bson_iter_key)                                    \
    X(bson_iter_type)                                   \
    X(bson_iter_as_int64)                               \
    X(bson_iter_utf8)                                   \
    X(mongoc_init)                                      \
    X(mongoc_log_set_handler)                           \
    X(mongoc_uri_new_with_error)                        \
    X(mongoc_uri_destroy)                               \
    X(mongoc_uri_get_database)                          \
    X(mongoc_uri_get_username)                          \
    X(mongoc_uri_get_password)                          \
    X(mongoc_uri_has_option)                            \
    X(mongoc_uri_set_option_as_int32)                   \
    X(mongoc_uri_get_write_concern)                     \
    X(mongoc_uri_set_write_concern)                     \
    X(mongoc_write_concern_copy)                        \
    X(mongoc_write_concern_set_journal)                 \
    X(mongoc_write_concern_get_w)                       \
    X(mongoc_write_concern_destroy)                     \
    X(mongoc_uri_set_appname)                           \
    X(mongoc_client_new_from_uri_with_error)            \
    X(mongoc_client_destroy)                            \
    X(mongoc_client_set_error_api)                      \
    X(mongoc_client_command_simple)                     \
    X(mongoc_client_write_command_with_opts)            \
    X(mongoc_client_get_database)                       \
    X(mongoc_database_destroy)                          \
    X(mongoc_error_has_label)                           \
    X(mongoc_gridfs_bucket_new)                         \
    X(mongoc_gridfs_bucket_destroy)                     \
    X(mongoc_gridfs_bucket_open_upload_stream_with_id)  \
    X(mongoc_gridfs_bucket_stream_error)                \
    X(mongoc_gridfs_bucket_abort_upload)                \
    X(mongoc_stream_write)                              \
    X(mongoc_stream_close)                              \
    X(mongoc_stream_destroy)

struct mongoc_api {
#define X(name) __typeof__(name) *name;
    MONGOC_FUNCTIONS(X)
#undef X
};

/* The library, ready for use, silent; it stays loaded. NULL with a text in `why` if it is missing
 * or lacks a function. One thread at a time. */
const struct mongoc_api *mongoc_api_load(char *why, size_t size);
#endif
