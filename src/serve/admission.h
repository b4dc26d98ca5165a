// Who may come in: the bounds of the queue, and what each API key may use. Over the server's own bound an
// answer is 503, over a key's it is 429, both with the seconds after which it is worth trying again.
//
// Counts only; the clock (ns, never going back) and the measured rates are arguments. Any thread; a short
// lock, never on the engine's path. Memory: some 64 bytes for each key.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/settings.h"

namespace quire::serve {

struct AdmissionLimits {               // 0: no such limit
  int32_t max_queued_requests = 1024;  // sequences beyond those that can run
  int32_t max_queued_tokens = 0;       // of prompts whose first token is not there yet
  int32_t max_queued_seconds = 60;     // the same, in seconds of prefill at the measured rate
  int32_t key_requests = 0;            // of one key at a time, waiting and running
  int32_t key_requests_per_minute = 0;
  int32_t key_tokens_per_minute = 0;  // prompts and answers
};

// --max-num-queued-reqs and the others.
SettingGroup admission_settings(AdmissionLimits& limits);

struct Denial {
  int status = 0;         // 503 or 429
  int retry_after = 0;    // whole seconds, at least 1
  std::string message{};  // a sentence: what was found, what is allowed, what to do
};

class Admission;

// A request that is inside. It counts until it is destroyed.
class Pass {
 public:
  Pass() = default;
  Pass(Pass&& o) noexcept { *this = std::move(o); }
  Pass& operator=(Pass&& o) noexcept;
  ~Pass() { leave(); }

  void started();                  // its first token is there: its prompt waits no more
  void generated(int64_t tokens);  // goes on the key's account; in any portions
  void left(int64_t now);          // as the destructor, and teaches how fast requests go
  explicit operator bool() const { return admission_ != nullptr; }

 private:
  friend class Admission;
  void leave();
  Admission* admission_ = nullptr;  // outlives it
  int32_t key_ = 0, sequences_ = 0;
  int64_t waiting_tokens_ = 0;
};

class Admission {
 public:
  // `seats`: sequences that run at once.
  Admission(const AdmissionLimits& limits, int32_t seats, int64_t now);
  Admission(const Admission&) = delete;

  // `sequences`: n, or the choices in all; `prompt_tokens`: of all of them together. `prefill_rate`: tokens
  // per second, EngineState's; 0: not known, then seconds do not bind. What was ahead in the queue decides: a
  // request that is large itself is let in. `key` is HttpRequest::key.
  std::variant<Pass, Denial> enter(int32_t key, int32_t sequences, int64_t prompt_tokens, double prefill_rate,
                                   int64_t now);

  // Would a request of this key be refused now, whatever it asks for? Status 0: no. Counts nothing; to be
  // asked before the work of reading the request is spent.
  Denial early(int32_t key, double prefill_rate, int64_t now);

  struct Counts {
    int64_t sequences = 0, waiting_tokens = 0;
    uint64_t refused_server = 0, refused_key = 0;  // of enter() and early(), since the start
  };
  Counts counts() const;

 private:
  friend class Pass;
  struct Bucket {  // fills at `limit` a minute, holds a minute's worth; below 0: a debt
    double level = 0;
    int64_t at = 0;
    void fill(int32_t limit, int64_t now);
  };
  struct Key {
    int32_t requests = 0;
    bool used = false;
    Bucket per_minute, tokens;
  };
  Key& key(int32_t key, int64_t now);
  Denial judge(int32_t key, double prefill_rate, int64_t now);
  Denial server_full(double prefill_rate, int64_t now);
  Denial key_full(Key& k);
  double leaving_rate(int64_t now) const;

  const AdmissionLimits limits_;
  const int32_t seats_;
  mutable std::mutex mutex_;  // guards all below
  std::vector<Key> keys_;
  Counts counts_;
  double left_ = 0, left_seconds_ = 0;  // sequences that ended, and over how long; both fading
  int64_t left_at_ = 0;
};

}  // namespace quire::serve
