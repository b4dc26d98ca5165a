// A chat without its terminal: takes messages and commands in turn, answers, and remembers. One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cli/batch_line.h"
#include "cli/chat/conversation.h"
#include "cli/chat/reply.h"
#include "cli/seeds.h"

namespace quire {

struct ChatDoors {
  std::function<Reply(const BatchLine&)> reply;    // shows the answer's text while it grows
  std::function<void(std::string_view)> tell;      // a line about the chat: what a command did, or has to say
  std::function<void(const std::string&)> refuse;  // what could not be done, and why
};

class ChatSession {
 public:
  // `context` and what it points to outlive the session; its tokenizer and chat template are there. `room`:
  // tokens of a prompt and its answer, at most.
  ChatSession(Conversation conversation, const BatchContext& context, int32_t room, uint64_t seed,
              ChatDoors doors);

  // A message to answer, or a command: "/help". "//" begins a message that begins with a slash. False: the
  // user has said goodbye.
  bool take(std::string_view message);

  const Conversation& conversation() const { return conversation_; }

  // "/help" and so on, one a line, as /help tells it.
  static std::string help();

 private:
  struct Command {
    std::string_view name, arguments, sentence;
    bool (ChatSession::*run)(std::string_view rest);
  };
  static const Command kCommands[];

  void answer(std::string_view message);
  bool command(std::string_view message);
  bool run_help(std::string_view);
  bool run_clear(std::string_view);
  bool run_system(std::string_view text);
  bool run_set(std::string_view rest);
  bool run_save(std::string_view path);
  bool run_load(std::string_view path);
  bool run_stats(std::string_view);
  bool run_exit(std::string_view);

  Conversation conversation_;
  const BatchContext& context_;
  int32_t room_;
  LineSeeds seeds_;
  ChatDoors doors_;
  uint64_t answers_ = 0;
  Reply last_;
  int64_t prompt_tokens_ = 0, tokens_ = 0;  // of all answers
};

}  // namespace quire
