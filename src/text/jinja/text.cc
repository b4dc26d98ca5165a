#include "text/jinja/text.h"

#include <string.h>

#include <algorithm>

#include "base/utf8.h"

namespace quire::jinja {
namespace {

void mark(Text& text, size_t begin, size_t end) {
  if (begin >= end) return;
  if (!text.plain.empty() && text.plain.back().end == begin) text.plain.back().end = end;
  else text.plain.push_back({begin, end});
}

}  // namespace

void append(Text& to, std::string_view bytes, bool plain) {
  const size_t begin = to.bytes.size();
  to.bytes += bytes;
  if (plain) mark(to, begin, to.bytes.size());
}

void append(Text& to, const Text& from) { append(to, from, 0, from.bytes.size()); }

void append(Text& to, const Text& from, size_t begin, size_t end) {
  const size_t base = to.bytes.size();
  to.bytes.append(from.bytes, begin, end - begin);
  auto range = std::partition_point(from.plain.begin(), from.plain.end(),
                                    [&](const TextRange& r) { return r.end <= begin; });
  for (; range != from.plain.end() && range->begin < end; ++range)
    mark(to, base + std::max(range->begin, begin) - begin, base + std::min(range->end, end) - begin);
}

Text part(const Text& from, size_t begin, size_t end) {
  Text to;
  append(to, from, begin, end);
  return to;
}

bool is_plain(const Text& text, size_t byte) {
  const auto range = std::partition_point(text.plain.begin(), text.plain.end(),
                                          [&](const TextRange& r) { return r.end <= byte; });
  return range != text.plain.end() && range->begin <= byte;
}

size_t count_characters(std::string_view bytes) {
  return static_cast<size_t>(
      std::ranges::count_if(bytes, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

size_t character_offset(std::string_view bytes, size_t index) {
  size_t at = 0;
  for (; at < bytes.size(); ++at) {
    if ((static_cast<unsigned char>(bytes[at]) & 0xc0) == 0x80) continue;
    if (index-- == 0) return at;
  }
  return at;
}

char32_t read_character(std::string_view bytes, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(bytes[i])); };
  const size_t n = std::max<size_t>(1, utf8_length(bytes.substr(at)));
  char32_t c = byte(at);
  if (n > 1) c &= 0xffU >> (n + 1);
  for (size_t i = 1; i < n; ++i) c = c << 6 | (byte(at + i) & 0x3f);
  at += n;
  return c;
}

void append_character(std::string& to, char32_t c) {
  const auto put = [&](char32_t byte) { to += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

size_t find_text(std::string_view in, std::string_view needle, size_t from) {
  if (from > in.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  const void* found = memmem(in.data() + from, in.size() - from, needle.data(), needle.size());
  return found ? static_cast<size_t>(static_cast<const char*>(found) - in.data()) : std::string_view::npos;
}

}  // namespace quire::jinja
