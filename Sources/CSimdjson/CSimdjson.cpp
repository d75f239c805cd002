#include "CSimdjson.h"

#include <new>
#include <simdjson.h>

using namespace simdjson;

struct csimdjson_parser {
  dom::parser parser;
  std::unique_ptr<uint8_t[]> text;
  size_t capacity = 0;
};

static_assert(CSIMDJSON_OUT_OF_MEMORY == MEMALLOC, "the code told to Swift");

csimdjson_parser *csimdjson_create(void) {
  return new (std::nothrow) csimdjson_parser;
}

void csimdjson_free(csimdjson_parser *parser) {
  delete parser;
}

uint8_t *csimdjson_buffer(csimdjson_parser *parser, size_t length) {
  if (parser->text == nullptr || length > parser->capacity) {
    // Powers of two, so that slowly growing items do not allocate each time.
    size_t capacity = 4096;
    while (capacity < length) capacity *= 2;
    parser->text.reset();
    parser->text.reset(new (std::nothrow) uint8_t[capacity + SIMDJSON_PADDING]());
    parser->capacity = parser->text ? capacity : 0;
    // Both halves at once: parse() alone would allocate for exactly this item's length.
    if (!parser->text || parser->parser.allocate(capacity, CSIMDJSON_MAXIMUM_DEPTH) != SUCCESS ||
        parser->parser.doc.allocate(capacity) != SUCCESS) {
      parser->text.reset();
    }
  }
  return parser->text.get();
}

int csimdjson_parse(csimdjson_parser *parser, size_t length) {
  return parser->parser.parse(parser->text.get(), length, false).error();
}

const uint64_t *csimdjson_tape(const csimdjson_parser *parser) {
  return parser->parser.doc.tape.get();
}

const uint8_t *csimdjson_strings(const csimdjson_parser *parser) {
  return parser->parser.doc.string_buf.get();
}

const char *csimdjson_message(int error) {
  return error_message(error_code(error));
}

// MARK: - Where it broke

namespace {

// The DOM says what is wrong but not where; On Demand, walking the same text, stops at the place.
template <typename Value>
error_code walk(Value &&value) {
  ondemand::json_type type;
  if (auto error = value.type().get(type)) return error;
  switch (type) {
    case ondemand::json_type::array: {
      ondemand::array array;
      if (auto error = value.get_array().get(array)) return error;
      for (auto element : array) {
        ondemand::value next;
        if (auto error = std::move(element).get(next)) return error;
        if (auto error = walk(next)) return error;
      }
      return SUCCESS;
    }
    case ondemand::json_type::object: {
      ondemand::object object;
      if (auto error = value.get_object().get(object)) return error;
      for (auto member : object) {
        ondemand::field field;
        if (auto error = std::move(member).get(field)) return error;
        if (auto error = field.unescaped_key().error()) return error;
        ondemand::value next = field.value();
        if (auto error = walk(next)) return error;
      }
      return SUCCESS;
    }
    case ondemand::json_type::string: return value.get_string().error();
    case ondemand::json_type::number: return value.get_double().error();
    case ondemand::json_type::boolean: return value.get_bool().error();
    case ondemand::json_type::null: {
      bool null = false;
      if (auto error = value.is_null().get(null)) return error;
      return null ? SUCCESS : N_ATOM_ERROR;
    }
  }
  return UNEXPECTED_ERROR;
}

}  // namespace

size_t csimdjson_error_offset(csimdjson_parser *parser, size_t length) {
  ondemand::parser again;
  ondemand::document document;
  padded_string_view text(
      reinterpret_cast<const char *>(parser->text.get()), length, length + SIMDJSON_PADDING);
  if (again.iterate(text).get(document) != SUCCESS) return SIZE_MAX;
  const char *place = nullptr;
  if (walk(document) == SUCCESS || document.current_location().get(place) != SUCCESS) {
    return SIZE_MAX;
  }
  size_t offset = size_t(reinterpret_cast<const uint8_t *>(place) - parser->text.get());
  return offset < length ? offset : SIZE_MAX;
}
