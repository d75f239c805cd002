// gzip coding for the test API server: deflateInit2 is a macro, which Swift cannot call.
#pragma once
#include <stdlib.h>
#include <zlib.h>

// A coder that writes gzip, or NULL when memory is short.
static inline z_stream *czlib_gzip_new(int level) {
  z_stream *stream = calloc(1, sizeof *stream);
  // 15 bits of window, and 16 for a gzip header instead of zlib's.
  if (stream && deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    free(stream);
    return NULL;
  }
  return stream;
}

// Codes all of `input` (the last of it when `finish`) as far as `output` has room: what
// deflateBound says and a little more is enough. The octets written, or -1.
static inline long czlib_gzip(
    z_stream *stream, const void *input, size_t input_length, int finish, void *output,
    size_t output_length) {
  stream->next_in = (Bytef *)input;
  stream->avail_in = (uInt)input_length;
  stream->next_out = output;
  stream->avail_out = (uInt)output_length;
  int result = deflate(stream, finish ? Z_FINISH : Z_SYNC_FLUSH);
  if (result == Z_STREAM_ERROR || stream->avail_in > 0) return -1;
  return (long)(output_length - stream->avail_out);
}

static inline void czlib_gzip_free(z_stream *stream) {
  deflateEnd(stream);
  free(stream);
}
