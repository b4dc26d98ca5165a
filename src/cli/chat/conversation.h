// What was said so far, and the settings of the answers to come: the fields of one line of JSON, so that a
// saved conversation is also a request that `quire generate --input` takes.
#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "serve/generation/refusal.h"

namespace quire {

class Conversation {
 public:
  // The instructions that come before everything; empty: none.
  void set_system(std::string_view text);
  std::string system() const;  // empty: none, or not a plain text

  void add(std::string_view role, std::string_view text);
  void drop_last();
  void clear();  // forgets what was said, keeps the instructions and the settings
  size_t size() const { return messages_.size(); }  // messages, the instructions included

  // A sampling field, as JSON or as plain text: ("temperature", "0.2"). "default" takes it back. Refused:
  // what is no such field, or not a value of it, or has no meaning for one answer that is read as text.
  Refusal set(std::string_view field, std::string_view value);
  std::string settings() const;  // "temperature 0.2, top_k 40"; empty: none was set

  std::string to_line() const;  // {"messages":[...],"temperature":0.2}

  // Written beside `path` first, so that it is never half there. A file that is no saved conversation is
  // not overwritten.
  Status save(const std::string& path) const;
  static Result<Conversation> load(const std::string& path);

 private:
  bool has_system() const;

  Json::Array messages_;
  Json::Object fields_;  // of the line, beside its messages
};

}  // namespace quire
