// quire generate: prompts in, text out, all of them one continuous batch.
#include "cli/generate_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "base/human_size.h"
#include "base/utf8.h"
#include "cli/batch_run.h"
#include "cli/sampling_settings.h"
#include "cli/started_model.h"
#include "cli/wake_event.h"

namespace quire {
namespace {

struct GenerateFlags {
  EngineFlags engine;
  SamplingFlags sampling;
  std::vector<std::string> prompts;
  std::string input = "-", output = "-", chat_template;
  bool stream = false, trust_content = false;
};

std::vector<SettingGroup> settings(GenerateFlags& f) {
  return {
      {"Input and output",
       {{"prompt", &f.prompts, "A prompt; may be repeated. On a terminal its text streams.", "TEXT", "", 0, 0,
         nullptr, true},
        {"input", &f.input, "Lines of JSON, each a request; - is standard input.", "FILE", "", 0, 0, nullptr,
         true},
        {"output", &f.output, "Where the lines of JSON go; - is standard output.", "FILE", "", 0, 0, nullptr,
         true},
        {"stream", &f.stream, "Show text while it grows instead of lines, also when no terminal is there.",
         "", "", 0, 0, nullptr, true}}},
      chat_settings(f.chat_template, f.trust_content),
      sampling_settings(f.sampling),
      engine_settings(f.engine)};
}

// Each prompt of the command line as the line of JSON that says the same.
BatchInput input_of_prompts(const std::vector<std::string>& prompts) {
  BatchInput input;
  input.next = [&prompts, next = size_t{0}](std::string& line) mutable {
    if (next == prompts.size()) return LineReader::Got::kEnd;
    line = "{\"prompt\":";
    append_json_string(prompts[next++], line);
    line += '}';
    return LineReader::Got::kLine;
  };
  input.error = [] { return Status(); };
  input.wake = [] {};
  input.lines = prompts.size();
  return input;
}

BatchInput input_of_lines(int fd, LineReader& reader, WakeEvent& wake) {
  BatchInput input;
  if (isatty(STDERR_FILENO) == 1) input.lines = count_lines(fd);  // for the progress bar only
  input.next = [&reader](std::string& line) { return reader.next(line); };
  input.error = [&reader] { return reader.error(); };
  input.wake = [&wake] { wake.ring(); };
  return input;
}

void say_figures(const BatchOutcome& o) {
  std::fprintf(stderr,
               "%llu prompt tokens, %s tokens/s; %llu generated tokens, %s tokens/s; time to first token %s; "
               "peak memory %s\n",
               static_cast<unsigned long long>(o.counts.prompt_tokens),
               shown_rate(o.pace.prefill_rate(o.counts.prompt_tokens)).c_str(),
               static_cast<unsigned long long>(o.counts.tokens), shown_rate(o.pace.decode_rate()).c_str(),
               shown_seconds(o.pace.first_token_seconds()).c_str(), human_bytes(peak_memory_bytes()).c_str());
}

std::optional<std::string> misuse(const GenerateFlags& f, const Given& given) {
  const bool input = std::ranges::any_of(given.used, [](const auto& used) { return used.first == "input"; });
  if (!f.prompts.empty() && input) return "give either --prompt or --input, not both.";
  if (!std::ranges::all_of(f.prompts, [](const std::string& p) { return is_utf8(p); }))
    return "--prompt must be UTF-8.";
  if (f.prompts.empty() && f.input == "-" && isatty(STDIN_FILENO) == 1)
    return "give --prompt TEXT or --input FILE, or pipe lines of JSON into standard input.";
  if (f.prompts.empty() && f.input != "-" && same_file(f.input, f.output))
    return "--input and --output are the same file, " + f.input + ".";
  return std::nullopt;
}

}  // namespace

int run_generate(const Command& command, std::span<const std::string> arguments) {
  GenerateFlags flags;
  Given given;
  const std::vector<SettingGroup> groups = settings(flags);
  LaunchOptions& launch = flags.engine.launch;
  if (auto over = read_command_line(command, groups, arguments, launch.folder, given)) return *over;
  if (auto what = misuse(flags, given)) return wrong_use(command, *what);
  SamplingChoice alone;
  if (Refusal r = apply_flags(flags.sampling, alone)) return wrong_use(command, r.message);

  Interrupt interrupt;  // before any other thread
  Result<int> input_fd = flags.prompts.empty() ? open_input(flags.input) : Result<int>(-1);
  if (!input_fd.ok()) return wrong_use(command, input_fd.status().message());
  Result<OutputFile> output = OutputFile::open(flags.output);
  if (!output.ok()) return wrong_use(command, output.status().message());

  Result<ChatOptions> chat = load_chat(launch.folder, flags.chat_template, flags.trust_content);
  if (!chat.ok()) return refused(chat.status());

  Mailbox mailbox;
  launch.all_logprobs = true;  // the caller owns the machine
  Result<StartedModel> started =
      start_model(flags.engine,
                  [&mailbox](auto events, auto logprobs, const auto&) { mailbox.deliver(events, logprobs); });
  if (!started.ok()) return refused(started.status());
  StartedModel& model = started.value();
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(launch.folder);
  if (!tokenizer.ok()) say("warning: no text: " + tokenizer.status().message());

  WakeEvent wake;
  LineReader reader(input_fd.value(), wake.fd());
  const BatchInput input = flags.prompts.empty() ? input_of_lines(input_fd.value(), reader, wake)
                                                 : input_of_prompts(flags.prompts);
  BatchOptions options{.tokenizer = tokenizer.ok() ? tokenizer.value().get() : nullptr,
                       .defaults = model.generation.defaults,
                       .vocab = model.launched.blueprint->spec.vocab,
                       .seed = launch.seed,
                       .window = std::max<int64_t>(1024, int64_t{4} * launch.max_num_seqs)};
  (void)apply_flags(flags.sampling, options.defaults);  // they were found right above
  options.chat = &chat.value();
  if (!says_max_tokens(flags.sampling, options.defaults))
    options.context = room_of(model.launched.engine->limits());
  options.stream = flags.stream || (!flags.prompts.empty() && output.value().is_terminal());
  const BatchOutcome outcome =
      run_batch(input, options, *model.launched.engine, mailbox, interrupt, output.value());
  if (input_fd.value() > STDIN_FILENO) close(input_fd.value());
  if (!outcome.problem.ok()) say(outcome.problem.message());
  if (interrupt.status() != 0) return interrupt.status();
  if (outcome.counts.tokens > 0 && (options.stream || isatty(STDERR_FILENO) == 1)) say_figures(outcome);
  return outcome.counts.refused > 0 || !outcome.problem.ok() ? kRefused : kAllWell;
}

}  // namespace quire
