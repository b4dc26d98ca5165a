// Reads the stream of one answer (server-sent events with OpenAI's JSON) as its bytes come in.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace quire {

class AnswerStream {
 public:
  explicit AnswerStream(bool keep_text) : keep_text_(keep_text) {}

  // Returns how many pieces of text these bytes completed. A chunk that brings none (a role, usage, the end)
  // is no piece.
  int32_t feed(std::string_view bytes);

  bool done() const { return done_; }  // [DONE] came
  const std::string& error() const {
    return error_;
  }  // what the server said instead of an answer; "": nothing
  bool begun() const { return begun_; }                     // any choice came, with text or not
  int32_t prompt_tokens() const { return prompt_tokens_; }  // of its usage; 0: it told none
  int32_t output_tokens() const { return output_tokens_; }  // likewise
  const std::string& text() const { return text_; }         // if it is kept

 private:
  bool line(std::string_view line);
  bool event(std::string_view data);

  bool keep_text_, done_ = false, begun_ = false;
  std::string rest_, data_, text_, error_;
  int32_t prompt_tokens_ = 0, output_tokens_ = 0;
};

// What an error body says, in a line; or the beginning of the body itself.
std::string error_in(std::string_view body);

}  // namespace quire
