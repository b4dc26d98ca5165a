#include "cli/batch_run.h"

#include <algorithm>
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/window.h"

namespace quire {
namespace {

constexpr int64_t kMostBytesOpen = int64_t{512} << 20;

// Says once for each key, and for a few keys only, that nobody knows it.
class UnknownKeys {
 public:
  void operator()(std::string_view key) {
    constexpr size_t kMost = 16;
    if (said_.size() >= kMost || std::ranges::count(said_, key)) return;
    said_.emplace_back(key);
    std::string quoted;
    append_json_string(key.substr(0, 64), quoted);
    say("warning: a line has the key " + quoted + ", which is not known and is ignored.");
  }

 private:
  std::vector<std::string> said_;
};

class Reader {  // on a thread of its own
 public:
  Reader(const BatchInput& input, const BatchOptions& options, Engine& engine, Mailbox& mailbox,
         Window& window)
      : input_(input),
        options_(options),
        engine_(engine),
        mailbox_(mailbox),
        window_(window),
        seeds_(options.seed) {}

  void run() {
    const BatchContext context{options_.tokenizer, options_.defaults, options_.vocab,
                               std::ref(unknown_), options_.chat,     options_.context};
    std::string text;
    for (uint64_t number = 0; window_.wait(); ++number) {
      const LineReader::Got got = input_.next(text);
      if (got == LineReader::Got::kEnd || got == LineReader::Got::kError) break;
      if (got == LineReader::Got::kLine && text.find_first_not_of(" \t\r") == std::string::npos) continue;
      BatchLine line = read_batch_line(text, number, context, seeds_);
      if (got == LineReader::Got::kTooLong)
        line.refusal = {"the line is longer than " + std::to_string(LineReader::kMostBytes) + " bytes."};
      submit(std::move(line));
    }
    mailbox_.end_input();
  }

 private:
  void submit(BatchLine line) {
    const RequestId first = next_;
    if (line.refusal) {
      window_.opened(1);
      mailbox_.open({std::move(line), first});
      return;
    }
    const int32_t n = line.sampling.n;
    next_ += static_cast<RequestId>(n);
    window_.opened(n);
    const Request request = request_of(line);
    mailbox_.open({std::move(line), first});
    for (int32_t i = 0; i < n; ++i) {
      Request choice = request;
      choice.id = first + static_cast<RequestId>(i);
      choice.sampling.seed += static_cast<uint64_t>(i);
      const Status s = engine_.submit(std::move(choice));
      if (s.ok()) continue;
      mailbox_.refuse({first, {s.message(), field_of(s.message())}});
      return;  // all choices ask for the same
    }
  }

  const BatchInput& input_;
  const BatchOptions& options_;
  Engine& engine_;
  Mailbox& mailbox_;
  Window& window_;
  LineSeeds seeds_;
  UnknownKeys unknown_;
  RequestId next_ = 1;
};

std::string progress_text(const CollectorCounts& counts, uint64_t lines, const Pace& pace) {
  char rate[64];
  std::snprintf(rate, sizeof rate, " lines, %.1f tokens/s",
                static_cast<double>(counts.tokens) / std::max(pace.seconds(), 1e-3));
  std::string text = std::to_string(counts.lines);
  if (lines > 0) text += '/' + std::to_string(lines);
  text += rate;
  return text;
}

void take_in(Mail& mail, Collector& collector) {
  for (auto& news : mail.lines) {
    if (auto* opened = std::get_if<LineOpened>(&news)) collector.open(std::move(opened->line), opened->first);
    else collector.refuse(std::get<LineRefused>(news).first, std::move(std::get<LineRefused>(news).why));
  }
  collector.take(mail.events, mail.logprobs);
  collector.advance();
}

}  // namespace

BatchOutcome run_batch(const BatchInput& input, const BatchOptions& options, Engine& engine, Mailbox& mailbox,
                       Interrupt& interrupt, OutputFile& output) {
  BatchOutcome outcome;
  Progress progress;
  CollectorDoors doors{.write = [&](std::string_view line) { output.write(line); },
                       .cancel = [&](RequestId id) { engine.cancel(id); }};
  if (options.stream) {
    doors.show = [&](std::string_view text) { output.write(text); };
    doors.complain = [&](const Refusal& r) { say(r.message); };
  }
  Collector collector(options.tokenizer, std::move(doors));
  Window window(options.window, kMostBytesOpen);
  Reader reader(input, options, engine, mailbox, window);
  interrupt.arm([&mailbox] { mailbox.interrupt(); });
  outcome.pace.start();
  std::thread thread([&reader] { reader.run(); });

  Mail mail;
  for (uint64_t units = 0;;) {
    mailbox.collect(mail, std::chrono::milliseconds(200));
    take_in(mail, collector);
    const CollectorCounts& counts = collector.counts();
    outcome.pace.note(counts.begun, counts.tokens);
    window.written(static_cast<int64_t>(counts.units - units), static_cast<int64_t>(collector.bytes()));
    units = counts.units;
    if (mail.interrupted) collector.finish_early();
    if (outcome.problem = output.flush(); !outcome.problem.ok() || mail.interrupted) break;
    if (mail.input_ended && collector.open_lines() == 0) break;
    if (!options.stream)
      progress.show(
          input.lines > 0 ? static_cast<double>(counts.lines) / static_cast<double>(input.lines) : -1,
          progress_text(counts, input.lines, outcome.pace));
  }
  window.close();
  input.wake();
  thread.join();
  interrupt.arm(nullptr);  // from here on a signal ends the process
  if (outcome.problem.ok()) outcome.problem = input.error();
  outcome.counts = collector.counts();
  return outcome;
}

}  // namespace quire
