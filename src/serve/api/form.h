// How one API spells answers. Another API is one more file with a Form and one line in the table of
// endpoints; nothing between it and the engine changes.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "serve/api/generation.h"

namespace quire::serve {

struct Usage {
  size_t prompt = 0, made = 0;
  int64_t cached = 0;
};

struct Form {
  std::string_view id_prefix;
  // The whole answer, for who does not stream.
  std::string (*whole)(const Generation&, std::span<const Choice> choices, const Usage&);
  // Appends events with what a choice has to tell since the last time; marks it as shown.
  // The usage counts only if it is to be continuous.
  void (*delta)(const Generation&, Choice&, const Usage&, std::string& to);
  // Appends the events that close a stream.
  void (*end)(const Generation&, const Usage&, std::string& to);
  // Appends the events that end a stream with an error, which is a body as error_body() makes it.
  void (*fail)(std::string_view error, std::string& to);
};

extern const Form kChatForm, kCompletionForm;

// What forms share.
Usage usage_of(const Generation&, std::span<const Choice> choices);
void append_usage(const Usage&, std::string& to);
void append_event(std::string_view json, std::string& to);  // of a server-sent stream
void append_ids(std::span<const Token> ids, std::string& to);
// {"id","object","created","model"
void append_head(const Generation&, std::string_view object, std::string& to);
// ,"finish_reason","stop_reason", if the choice is to tell its end; else only that it goes on
void append_finish(const Choice&, bool ends, std::string& to);
// OpenAI's ends: a chunk with the usage, if asked for, then [DONE].
void append_openai_end(const Generation&, std::string_view object, const Usage&, std::string& to);
void append_openai_failure(std::string_view error, std::string& to);
std::span<const Token> shown_tokens(const Generation&, const Choice&);
std::string_view shown_text(const Generation&, const Choice&);  // of the answer

}  // namespace quire::serve
