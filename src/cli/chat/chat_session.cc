#include "cli/chat/chat_session.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/human_size.h"
#include "base/nearest_word.h"
#include "base/utf8.h"
#include "cli/started_model.h"

namespace quire {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view trimmed(std::string_view s) {
  const size_t begin = s.find_first_not_of(kBlank);
  if (begin == s.npos) return {};
  return s.substr(begin, s.find_last_not_of(kBlank) - begin + 1);
}

// "temperature 0.2" is "temperature" and "0.2".
std::pair<std::string_view, std::string_view> split_word(std::string_view s) {
  const size_t end = std::min(s.find_first_of(kBlank), s.size());
  return {s.substr(0, end), trimmed(s.substr(end))};
}

std::string count_of(int64_t n, std::string_view noun) {
  return std::to_string(n) + ' ' + std::string(noun) + (n == 1 ? "" : "s");
}

}  // namespace

const ChatSession::Command ChatSession::kCommands[] = {
    {"help", "", "Say what can be typed.", &ChatSession::run_help},
    {"clear", "", "Forget what was said; instructions and settings stay.", &ChatSession::run_clear},
    {"system", "[TEXT]", "Give instructions that come before everything; without TEXT there are none.",
     &ChatSession::run_system},
    {"set", "[NAME VALUE]", "Set a sampling field (/set temperature 0.2); VALUE default takes it back.",
     &ChatSession::run_set},
    {"save", "FILE", "Save the conversation: a line of JSON that quire generate --input takes, too.",
     &ChatSession::run_save},
    {"load", "FILE", "Go on with a saved conversation.", &ChatSession::run_load},
    {"stats", "", "Figures of the last answer and of all.", &ChatSession::run_stats},
    {"exit", "", "Leave, as Ctrl-D does.", &ChatSession::run_exit},
};

ChatSession::ChatSession(Conversation conversation, const BatchContext& context, int32_t room, uint64_t seed,
                         ChatDoors doors)
    : conversation_(std::move(conversation)),
      context_(context),
      room_(room),
      seeds_(seed),
      doors_(std::move(doors)) {}

bool ChatSession::take(std::string_view message) {
  if (trimmed(message).empty()) return true;
  if (!is_utf8(message)) return doors_.refuse("a message must be UTF-8; this one is left out."), true;
  if (message.starts_with("//")) return answer(message.substr(1)), true;
  if (message.starts_with('/')) return command(message.substr(1));
  return answer(message), true;
}

void ChatSession::answer(std::string_view message) {
  conversation_.add("user", message);
  const BatchLine line = read_batch_line(conversation_.to_line(), answers_++, context_, seeds_);
  if (line.refusal) {
    conversation_.drop_last();
    return doors_.refuse(line.refusal.message);
  }
  last_ = doors_.reply(line);
  prompt_tokens_ += last_.prompt_tokens;
  tokens_ += last_.tokens;
  if (!last_.error.ok()) {
    conversation_.drop_last();
    doors_.refuse(last_.error.message());
    if (last_.prompt_tokens >= room_)
      doors_.tell("The conversation has outgrown the context; /clear begins anew.");
    return;
  }
  if (last_.finish == Finish::kCancelled && last_.text.empty()) return conversation_.drop_last();
  conversation_.add("assistant", last_.text);
  if (last_.finish == Finish::kLength)
    doors_.tell("(cut after " + count_of(last_.tokens, "token") +
                (last_.prompt_tokens + last_.tokens >= room_ ? ": the context is full; /clear begins anew.)"
                                                             : ": /set max_tokens N allows more.)"));
}

bool ChatSession::command(std::string_view message) {
  const auto [name, rest] = split_word(message);
  for (const Command& c : kCommands) {
    if (c.name != name) continue;
    if (c.arguments.empty() && !rest.empty())
      return doors_.refuse("/" + std::string(name) + " stands alone, got \"" + std::string(rest) + "\"."),
             true;
    return (this->*c.run)(rest);
  }
  std::vector<std::string_view> names;
  for (const Command& c : kCommands) names.push_back(c.name);
  const std::string_view near = nearest_word(name, names);
  doors_.refuse(
      "there is no command /" + std::string(name) + "; " +
      (near.empty() ? "/help lists them" : "did you mean /" + std::string(near) + '?') +
      (near.empty() ? ", and // begins a message with a slash." : " // begins a message with a slash."));
  return true;
}

std::string ChatSession::help() {
  std::string text;
  for (const Command& c : kCommands) {
    std::string left = "  /" + std::string(c.name) + ' ' + std::string(c.arguments);
    left.resize(std::max<size_t>(left.size() + 1, 22), ' ');
    text += left + std::string(c.sentence) + '\n';
  }
  return text +
         "A line that ends with \\ goes on; \"\"\" opens and closes a message of several lines.\n"
         "// begins a message that begins with a slash. Ctrl-C stops an answer.";
}

bool ChatSession::run_help(std::string_view) { return doors_.tell(help()), true; }

bool ChatSession::run_clear(std::string_view) {
  conversation_.clear();
  return doors_.tell("Forgotten."), true;
}

bool ChatSession::run_system(std::string_view text) {
  conversation_.set_system(text);
  return doors_.tell(text.empty() ? "There are no instructions now." : "Understood."), true;
}

bool ChatSession::run_set(std::string_view rest) {
  const auto [name, value] = split_word(rest);
  if (name.empty()) {
    const std::string set = conversation_.settings();
    return doors_.tell(set.empty() ? "Nothing is set; the model's own settings hold." : set), true;
  }
  if (value.empty()) return doors_.refuse("/set takes a name and a value: /set temperature 0.2."), true;
  if (Refusal r = conversation_.set(name, value)) doors_.refuse(r.message);
  return true;
}

bool ChatSession::run_save(std::string_view path) {
  if (path.empty()) return doors_.refuse("/save takes the name of a file."), true;
  if (Status s = conversation_.save(std::string(path)); !s.ok()) return doors_.refuse(s.message()), true;
  return doors_.tell("Saved " + count_of(static_cast<int64_t>(conversation_.size()), "message") + " to " +
                     std::string(path) + '.'),
         true;
}

bool ChatSession::run_load(std::string_view path) {
  if (path.empty()) return doors_.refuse("/load takes the name of a file."), true;
  Result<Conversation> loaded = Conversation::load(std::string(path));
  if (!loaded.ok()) return doors_.refuse(loaded.status().message()), true;
  conversation_ = std::move(loaded).value();
  return doors_.tell("Loaded " + count_of(static_cast<int64_t>(conversation_.size()), "message") + '.'), true;
}

bool ChatSession::run_stats(std::string_view) {
  if (prompt_tokens_ == 0) return doors_.tell("Nothing was answered yet."), true;
  std::string text =
      "last answer: " + count_of(last_.prompt_tokens, "prompt token") + " (" + std::to_string(last_.cached) +
      " cached, " +
      shown_rate(last_.pace.prefill_rate(static_cast<uint64_t>(last_.prompt_tokens - last_.cached))) +
      " tokens/s), " + count_of(last_.tokens, "generated token") + ", " +
      shown_rate(last_.pace.decode_rate()) + " tokens/s; time to first token " +
      shown_seconds(last_.pace.first_token_seconds());
  text += "; context " + std::to_string(last_.prompt_tokens + last_.tokens) + " of " + std::to_string(room_) +
          " tokens";
  text += "\nall answers: " + count_of(prompt_tokens_, "prompt token") + ", " +
          count_of(tokens_, "generated token") + "; peak memory " + human_bytes(peak_memory_bytes());
  return doors_.tell(text), true;
}

bool ChatSession::run_exit(std::string_view) { return false; }

}  // namespace quire
