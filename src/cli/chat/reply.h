// One answer of the model to a conversation, shown while it grows.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "cli/batch_line.h"
#include "cli/mailbox.h"
#include "cli/pace.h"
#include "engine/engine.h"

namespace quire {

struct Reply {
  std::string text{};
  Finish finish = Finish::kNone;  // kCancelled: somebody interrupted
  Status error{};                 // the engine would not take it, or failed
  int64_t prompt_tokens = 0, cached = 0, tokens = 0;
  Pace pace{};
};

// Submits `line` as `request` and comes back when the answer is complete: ended, refused, or cut short by
// Mailbox::interrupt(). `mailbox` gets the engine's events; those of other requests are passed over.
Reply make_reply(const BatchLine& line, RequestId request, const Tokenizer&, Engine&, Mailbox& mailbox,
                 const std::function<void(std::string_view)>& show);

}  // namespace quire
