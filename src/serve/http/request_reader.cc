#include "serve/http/request_reader.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <utility>

#include "serve/http/head_check.h"

namespace quire::serve {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

// Whether a list such as "keep-alive, TE" has this member.
bool lists(std::string_view value, std::string_view member) {
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    std::string_view one = value.substr(0, comma);
    value.remove_prefix(std::min(comma + 1, value.size()));
    const size_t begin = one.find_first_not_of(" \t");
    if (begin == std::string_view::npos) continue;
    one = one.substr(begin, one.find_last_not_of(" \t") - begin + 1);
    if (equal_ignoring_case(one, member)) return true;
  }
  return false;
}

// Beast's parser, writing into a head and a body. Trailers are read over: nothing that was decided by the
// head may change after it.
class Parser final : public http::basic_parser<true> {
 public:
  Parser(const HttpLimits& limits, RequestHead& head, std::string& body)
      : limits_(limits), head_(head), body_(body) {
    header_limit(UINT32_MAX);  // HeadCheck has counted
    body_limit(limits.body);
  }
  bool extensions_too_long() const { return extensions_ > limits_.chunk_extensions; }
  bool before_chunk_line() const { return chunk_left_ == 0; }  // of a chunked body
  bool before_first_chunk() const { return chunks_ == 0; }

 private:
  void on_request_impl(http::verb, string_view method, string_view target, int, error_code&) override {
    head_.method.assign(method.data(), method.size());
    head_.target.assign(target.data(), target.size());
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    if (!head_over_)
      head_.headers.push_back(
          {std::string(name.data(), name.size()), std::string(value.data(), value.size())});
  }
  void on_header_impl(error_code&) override { head_over_ = true; }
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(string_view piece, error_code&) override {
    body_.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_chunk_header_impl(uint64_t size, string_view extensions, error_code& error) override {
    chunk_left_ = size;
    ++chunks_;
    extensions_ += extensions.size();
    if (extensions_too_long()) error = http::error::bad_chunk_extension;
  }
  size_t on_chunk_body_impl(uint64_t left, string_view piece, error_code&) override {
    chunk_left_ = left - piece.size();
    body_.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  const HttpLimits& limits_;
  RequestHead& head_;
  std::string& body_;
  bool head_over_ = false;
  size_t extensions_ = 0, chunks_ = 0;
  uint64_t chunk_left_ = 0;
};

// The line before a chunk, and the trailers after the last: how many bytes they are, with the line end of the
// chunk before; 0: their end is not there yet; nothing: no chunk begins so. Stricter than Beast's parser,
// which lets quoted extensions run over line ends, and counts on never being given half of the last chunk.
std::optional<size_t> chunk_line(std::string_view bytes, bool first) {
  const size_t begin = first ? 0 : 2;
  if (!first && bytes.substr(0, 2) != std::string_view("\r\n").substr(0, bytes.size())) return std::nullopt;
  const size_t end = bytes.find('\n', begin);
  std::string_view line =
      bytes.substr(std::min(begin, bytes.size()), end == std::string_view::npos ? end : end - begin);
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  const size_t digits = static_cast<size_t>(std::ranges::find_if_not(line, is_hex) - line.begin());
  if (end == std::string_view::npos) {
    const bool may_begin = digits <= 16 && (digits == line.size() ||
                                            (digits > 0 && (line[digits] == ';' || line[digits] == '\r')));
    return may_begin ? std::optional<size_t>(0) : std::nullopt;
  }
  if (!line.ends_with('\r') || digits == 0 || digits > 16) return std::nullopt;
  line.remove_suffix(1);
  if (digits < line.size() && line[digits] != ';') return std::nullopt;
  if (!std::ranges::all_of(line, [](char c) { return c > ' ' && c < 0x7F && c != '"'; })) return std::nullopt;
  if (!std::ranges::all_of(line.substr(0, digits), [](char c) { return c == '0'; })) return end + 1;
  const size_t last = bytes.find("\r\n\r\n", end - 1);
  return last == std::string_view::npos ? 0 : last + 4;
}

}  // namespace

struct RequestReader::Parsing {
  Parsing(const HttpLimits& limits, RequestHead& head, std::string& body)
      : check(limits), parser(limits, head, body) {}
  HeadCheck check;
  Parser parser;
};

const std::string* RequestHead::header(std::string_view name) const {
  const auto it =
      std::ranges::find_if(headers, [&](const Header& h) { return equal_ignoring_case(h.name, name); });
  return it == headers.end() ? nullptr : &it->value;
}

size_t RequestHead::count(std::string_view name) const {
  return static_cast<size_t>(
      std::ranges::count_if(headers, [&](const Header& h) { return equal_ignoring_case(h.name, name); }));
}

RequestReader::RequestReader(const HttpLimits& limits) : limits_(limits) { next(); }
RequestReader::~RequestReader() = default;

void RequestReader::next() {
  head_ = {};
  body_.clear();
  wire_bytes_ = 0;
  state_ = State::kHead;
  parsing_ = std::make_unique<Parsing>(limits_, head_, body_);
}

void RequestReader::refuse(int status, std::string message) {
  state_ = State::kRefused;
  refusal_ = {status, std::move(message)};
}

size_t RequestReader::feed(std::string_view bytes) {
  if (state_ == State::kHead) return feed_head(bytes);
  if (state_ == State::kBody) return feed_body(bytes);
  return 0;
}

size_t RequestReader::feed_head(std::string_view bytes) {
  HeadCheck& check = parsing_->check;
  switch (check.look(bytes)) {
    case HeadCheck::Found::kMore:
      return 0;
    case HeadCheck::Found::kRefusal:
      refuse(check.refusal().status, check.refusal().message);
      return 0;
    case HeadCheck::Found::kEnd:
      break;
  }
  Parser& parser = parsing_->parser;
  error_code error;
  parser.eager(true);  // the request line and the fields in one call
  const size_t consumed = parser.put({bytes.data(), check.size()}, error);
  if (error == http::error::need_more) error = {};  // the body
  if (error || !parser.is_header_done() || consumed != check.size()) {
    refuse(400, "the head of the request cannot be read: " + error.message() + ".");
    return 0;
  }
  head_.http_1_0 = check.http_1_0();
  head_.has_body = check.chunked() || check.content_length().value_or(0) > 0;
  bool close = false, keep = false;
  for (const Header& h : head_.headers)
    if (equal_ignoring_case(h.name, "Connection")) {
      close = close || lists(h.value, "close");
      keep = keep || lists(h.value, "keep-alive");
    }
  head_.keep_alive = !close && (!head_.http_1_0 || keep);
  if (const std::string* expect = head_.header("Expect")) {
    if (!equal_ignoring_case(*expect, "100-continue")) {
      refuse(417, "of all expectations, only 100-continue can be met.");
      return consumed;
    }
    head_.expects_continue = head_.has_body && !head_.http_1_0;
  }
  state_ = State::kHeadRead;
  return consumed;
}

void RequestReader::read_body() {
  if (state_ == State::kHeadRead) state_ = head_.has_body ? State::kBody : State::kDone;
}

size_t RequestReader::feed_body(std::string_view bytes) {
  Parser& parser = parsing_->parser;
  parser.eager(false);  // one chunk's line, or one piece of data, in a call
  size_t consumed = 0;
  while (consumed < bytes.size() && !parser.is_done()) {
    const std::string_view rest = bytes.substr(consumed);
    if (parsing_->check.chunked() && parser.before_chunk_line()) {
      const std::optional<size_t> line = chunk_line(rest, parser.before_first_chunk());
      if (!line) {
        refuse(400, "the chunks of the body cannot be read.");
        return consumed;
      }
      if ((*line == 0 ? rest.size() : *line) > limits_.header) {
        refuse(400, "a chunk's first line, or the trailers, are longer than " +
                        std::to_string(limits_.header) + " bytes.");
        return consumed;
      }
      if (*line == 0) break;
    }
    error_code error;
    const size_t n = parser.put({rest.data(), rest.size()}, error);
    consumed += n;
    if (error == http::error::need_more) break;
    if (error == http::error::body_limit) {
      refuse(413, "the body is longer than " + std::to_string(limits_.body) + " bytes.");
      return consumed;
    }
    if (parser.extensions_too_long()) {
      refuse(400,
             "the chunk extensions are longer than " + std::to_string(limits_.chunk_extensions) + " bytes.");
      return consumed;
    }
    if (error) {
      refuse(400, "the body cannot be read: " + error.message() + ".");
      return consumed;
    }
    if (n == 0) break;
  }
  wire_bytes_ += consumed;
  if (parser.is_done()) state_ = State::kDone;
  return consumed;
}

}  // namespace quire::serve
