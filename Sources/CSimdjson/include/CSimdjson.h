// simdjson's DOM behind C: text in, tape and strings out (their layout: simdjson doc/tape.md).
// No exception crosses this header; memory that cannot be had is an error code.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csimdjson_parser csimdjson_parser;

enum {
  // Nesting at which a text is refused.
  CSIMDJSON_MAXIMUM_DEPTH = 512,
  CSIMDJSON_OUT_OF_MEMORY = 2,
};

// NULL when out of memory.
csimdjson_parser *_Nullable csimdjson_create(void);
void csimdjson_free(csimdjson_parser *_Nonnull parser);

// Room for `length` octets of text and the slack that simdjson reads past them; the next call
// may move it. NULL when out of memory.
uint8_t *_Nullable csimdjson_buffer(csimdjson_parser *_Nonnull parser, size_t length);

// Parses the first `length` octets of the buffer: 0, or an error for csimdjson_message.
int csimdjson_parse(csimdjson_parser *_Nonnull parser, size_t length);

// After a parse that gave 0, until the next.
const uint64_t *_Nonnull csimdjson_tape(const csimdjson_parser *_Nonnull parser);
const uint8_t *_Nonnull csimdjson_strings(const csimdjson_parser *_Nonnull parser);

const char *_Nonnull csimdjson_message(int error);

// After a parse that gave an error: the octet at which it shows, or SIZE_MAX where that cannot be
// said. Slow; for the message only.
size_t csimdjson_error_offset(csimdjson_parser *_Nonnull parser, size_t length);

#ifdef __cplusplus
}
#endif
