// All lines of an input through the engine as one continuous batch: one thread reads, tokenizes and submits,
// the caller's takes in what comes back, detokenizes and writes. Neither is the engine's.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/batch_line.h"
#include "cli/collector.h"
#include "cli/interrupt.h"
#include "cli/line_reader.h"
#include "cli/mailbox.h"
#include "cli/output_file.h"
#include "cli/pace.h"
#include "engine/engine.h"

namespace quire {

struct BatchInput {
  std::function<LineReader::Got(std::string& line)> next;  // on the reader's thread
  std::function<Status()> error;                           // after Got::kError
  std::function<void()> wake;                              // from any thread: a next() that waits says kEnd
  uint64_t lines = 0;                                      // how many there are; 0: nobody knows
};

struct BatchOptions {
  const Tokenizer* tokenizer = nullptr;
  SamplingChoice defaults;
  const ChatOptions* chat = nullptr;  // null: lines of messages are refused
  int32_t context = 0;                // see BatchContext
  int32_t vocab = 0;
  uint64_t seed = 0;
  int64_t window = 1024;  // choices that may be open at once
  bool stream = false;    // show text while it grows, instead of lines
};

struct BatchOutcome {
  CollectorCounts counts;
  Pace pace;
  Status problem;  // of input or output: the run was cut short
};

// `mailbox` gets the engine's events (Mailbox::deliver is its OnStep). Comes back when all is written, when
// the output cannot be written, or soon after `interrupt`, whose lines that are not complete are dropped.
BatchOutcome run_batch(const BatchInput&, const BatchOptions&, Engine&, Mailbox&, Interrupt&, OutputFile&);

}  // namespace quire
