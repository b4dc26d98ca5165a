#include "cli/chat/chat_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "cli/chat/chat_input.h"
#include "cli/chat/chat_session.h"
#include "cli/chat/line_editor.h"
#include "cli/chat/terminal_text.h"
#include "cli/interrupt.h"
#include "cli/sampling_settings.h"
#include "cli/started_model.h"
#include "cli/wake_event.h"

namespace quire {
namespace {

struct ChatFlags {
  EngineFlags engine;
  SamplingFlags sampling;
  std::string system, load, chat_template;
  bool trust_content = false;
};

std::vector<SettingGroup> settings(ChatFlags& f) {
  return {
      {"Conversation",
       {{"system", &f.system, "Instructions that come before everything.", "TEXT", "", 0, 0, nullptr, true},
        {"load", &f.load, "Go on with a conversation that /save wrote.", "FILE", "", 0, 0, nullptr, true}}},
      chat_settings(f.chat_template, f.trust_content),
      sampling_settings(f.sampling),
      engine_settings(f.engine)};
}

std::optional<std::string> misuse(const ChatFlags& f) {
  if (!is_utf8(f.system)) return "--system must be UTF-8.";
  if (f.sampling.n.value_or(1) != 1) return "a chat gives one answer; leave --n out.";
  if (f.sampling.logprobs || f.sampling.prompt_logprobs || f.sampling.detokenize == false)
    return "a chat shows text only; leave --logprobs, --prompt-logprobs and --no-detokenize out.";
  return std::nullopt;
}

// What is typed: edited where there is somebody to edit it.
class Prompt {
 public:
  explicit Prompt(const WakeEvent& wake) : reader_(STDIN_FILENO, wake.fd()) {
    if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) editor_.emplace(wake.fd());
  }
  bool edited() const { return editor_.has_value(); }
  const Status& error() const { return reader_.error(); }

  ChatNews next(std::string& message) {
    const ChatNews news = read_message(
        [this](bool first, std::string& line, bool& joined) { return read(first, line, joined); }, message);
    if (editor_ && news == ChatNews::kMessage && !message.empty()) editor_->remember(message);
    return news;
  }

 private:
  ChatNews read(bool first, std::string& line, bool& joined) {
    joined = false;
    if (editor_) {
      const LineEditor::Got got = editor_->next(first ? ">>> " : "... ", line);
      joined = got == LineEditor::Got::kPastedLine;
      if (got == LineEditor::Got::kInterrupted) return ChatNews::kInterrupted;
      return got == LineEditor::Got::kEnd ? ChatNews::kEnd : ChatNews::kMessage;
    }
    switch (reader_.next(line)) {
      case LineReader::Got::kLine:
        return ChatNews::kMessage;
      case LineReader::Got::kTooLong:
        return ChatNews::kTooLong;
      case LineReader::Got::kError:
        return ChatNews::kError;
      case LineReader::Got::kEnd:
        break;
    }
    return ChatNews::kEnd;
  }

  LineReader reader_;
  std::optional<LineEditor> editor_;
};

// Answers to standard output; true: it took them.
bool write_out(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

}  // namespace

int run_chat(const Command& command, std::span<const std::string> arguments) {
  ChatFlags flags;
  Given given;
  LaunchOptions& launch = flags.engine.launch;
  if (auto over = read_command_line(command, settings(flags), arguments, launch.folder, given)) return *over;
  if (auto what = misuse(flags)) return wrong_use(command, *what);
  SamplingChoice alone;
  if (Refusal r = apply_flags(flags.sampling, alone)) return wrong_use(command, r.message);
  Conversation conversation;
  if (!flags.load.empty()) {
    Result<Conversation> loaded = Conversation::load(flags.load);
    if (!loaded.ok()) return wrong_use(command, loaded.status().message());
    conversation = std::move(loaded).value();
  }
  if (!flags.system.empty()) conversation.set_system(flags.system);

  if (std::error_code error; !std::filesystem::is_directory(launch.folder, error))
    return refused({Code::kNotFound, launch.folder + " is no model folder: " +
                                         (error ? error.message() : "it is a file") + '.'});

  Interrupt interrupt;  // before any other thread
  Result<ChatOptions> chat = load_chat(launch.folder, flags.chat_template, flags.trust_content);
  if (!chat.ok()) return refused(chat.status());
  if (!chat.value().chat_template) return refused(chat.value().problem);
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(launch.folder);
  if (!tokenizer.ok()) return refused(tokenizer.status());
  Mailbox mailbox;
  Result<StartedModel> started =
      start_model(flags.engine,
                  [&mailbox](auto events, auto logprobs, const auto&) { mailbox.deliver(events, logprobs); });
  if (!started.ok()) return refused(started.status());
  StartedModel& model = started.value();
  Engine& engine = *model.launched.engine;

  const int32_t room = room_of(engine.limits());
  BatchContext context{.tokenizer = tokenizer.value().get(),
                       .defaults = model.generation.defaults,
                       .vocab = model.launched.blueprint->spec.vocab,
                       .chat = &chat.value()};
  (void)apply_flags(flags.sampling, context.defaults);  // they were found right above
  if (!says_max_tokens(flags.sampling, context.defaults)) context.context = room;

  WakeEvent wake;
  Prompt prompt(wake);
  interrupt.arm([&] { mailbox.interrupt(), wake.ring(); }, true);
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  bool all_well = true, readable = true;
  RequestId requests = 0;
  const auto show = [&](std::string_view text) {
    readable = readable && write_out(terminal ? for_terminal(text) : std::string(text));
    if (!readable) mailbox.interrupt();
  };
  const auto reply = [&](const BatchLine& line) {
    Reply made = make_reply(line, ++requests, *tokenizer.value(), engine, mailbox, show);
    if (made.error.ok()) show("\n");
    return made;
  };
  const auto tell = [](std::string_view text) { std::fprintf(stderr, "%s\n", for_terminal(text).c_str()); };
  const auto refuse = [&all_well](const std::string& why) { say(why), all_well = false; };
  ChatSession session(std::move(conversation), context, room, launch.seed, {reply, tell, refuse});
  if (prompt.edited()) tell("Type a message; /help lists commands, Ctrl-D leaves.");

  for (std::string message; readable;) {
    mailbox.resume(), wake.quiet();
    interrupt.forgive_ctrl_c();
    if (interrupt.status() != 0) break;
    const ChatNews news = prompt.next(message);
    if (news == ChatNews::kInterrupted) {
      std::fputs("\n", stderr);
      continue;
    }
    if (news == ChatNews::kTooLong) {
      refuse("the line is longer than " + std::to_string(LineReader::kMostBytes) + " bytes.");
      continue;
    }
    if (news == ChatNews::kError) refuse(prompt.error().message());
    if (news != ChatNews::kMessage || !session.take(message)) break;
    if (!prompt.edited() && interrupt.status() != 0) break;  // a script is stopped as a whole
  }
  interrupt.arm(nullptr);  // from here on a signal ends the process
  if (!readable) say("the output cannot be written; the chat is over.");
  if (interrupt.status() != 0) return interrupt.status();
  return readable && (all_well || prompt.edited()) ? kAllWell : kRefused;
}

}  // namespace quire
