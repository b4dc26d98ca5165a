#include "serve/admission.h"

#include <algorithm>
#include <cmath>

namespace quire::serve {
namespace {

constexpr double kNano = 1e-9;
constexpr int kLongest = 3600;  // seconds; who is told to come back later than that will not
constexpr double kMemory = 30;  // seconds after which a departure has faded

int whole_seconds(double seconds) {
  if (!(seconds > 1)) return 1;
  return seconds < kLongest ? static_cast<int>(std::ceil(seconds)) : kLongest;
}

}  // namespace

SettingGroup admission_settings(AdmissionLimits& l) {
  constexpr double kMany = 2147483647;
  return {
      "Load",
      {
          {"max-num-queued-reqs", &l.max_queued_requests,
           "Sequences that may wait beyond those that run; more are refused with 503. 0: no such limit.", "N",
           "", 0, kMany},
          {"max-num-queued-tokens", &l.max_queued_tokens,
           "Prompt tokens that may wait for their answers to begin; 0: no such limit.", "N", "", 0, kMany},
          {"max-queued-seconds", &l.max_queued_seconds,
           "The same in seconds of prefill at the measured rate; 0: no such limit.", "N", "", 0, kMany},
          {"key-max-requests", &l.key_requests,
           "Requests of one API key at a time; more are refused with 429. 0: no such limit.", "N", "", 0,
           kMany},
          {"key-requests-per-minute", &l.key_requests_per_minute,
           "Requests of one API key in a minute; 0: no such limit.", "N", "", 0, kMany},
          {"key-tokens-per-minute", &l.key_tokens_per_minute,
           "Tokens, of prompts and answers, of one API key in a minute; 0: no such limit.", "N", "", 0,
           kMany},
      }};
}

Pass& Pass::operator=(Pass&& o) noexcept {
  if (this == &o) return *this;
  leave();
  admission_ = std::exchange(o.admission_, nullptr);
  key_ = o.key_, sequences_ = o.sequences_, waiting_tokens_ = o.waiting_tokens_;
  return *this;
}

void Pass::started() {
  if (!admission_) return;
  std::lock_guard lock(admission_->mutex_);
  admission_->counts_.waiting_tokens -= std::exchange(waiting_tokens_, 0);
}

void Pass::generated(int64_t tokens) {
  if (!admission_ || admission_->limits_.key_tokens_per_minute == 0) return;
  std::lock_guard lock(admission_->mutex_);
  admission_->keys_[static_cast<size_t>(key_)].tokens.level -= static_cast<double>(tokens);
}

void Pass::left(int64_t now) {
  if (!admission_) return;
  {
    Admission& a = *admission_;
    std::lock_guard lock(a.mutex_);
    const double dt = static_cast<double>(std::max<int64_t>(0, now - a.left_at_)) * kNano;
    const double keep = 1 / (1 + dt / kMemory);
    a.left_ = a.left_ * keep + sequences_;
    a.left_seconds_ = a.left_seconds_ * keep + dt;
    a.left_at_ = std::max(a.left_at_, now);
  }
  leave();
}

void Pass::leave() {
  Admission* a = std::exchange(admission_, nullptr);
  if (!a) return;
  std::lock_guard lock(a->mutex_);
  a->counts_.sequences -= sequences_;
  a->counts_.waiting_tokens -= waiting_tokens_;
  --a->keys_[static_cast<size_t>(key_)].requests;
}

void Admission::Bucket::fill(int32_t limit, int64_t now) {
  const double more = static_cast<double>(std::max<int64_t>(0, now - at)) * kNano * limit / 60;
  level = std::min<double>(limit, level + more);
  at = std::max(at, now);
}

Admission::Admission(const AdmissionLimits& limits, int32_t seats, int64_t now)
    : limits_(limits), seats_(seats), left_at_(now) {}

Admission::Key& Admission::key(int32_t number, int64_t now) {
  QUIRE_CHECK(number >= 0);
  if (keys_.size() <= static_cast<size_t>(number)) keys_.resize(static_cast<size_t>(number) + 1);
  Key& k = keys_[static_cast<size_t>(number)];
  if (!std::exchange(k.used, true)) {
    k.per_minute = {static_cast<double>(limits_.key_requests_per_minute), now};
    k.tokens = {static_cast<double>(limits_.key_tokens_per_minute), now};
  }
  k.per_minute.fill(limits_.key_requests_per_minute, now);
  k.tokens.fill(limits_.key_tokens_per_minute, now);
  return k;
}

// Sequences a second, lately; 0: nobody has left yet.
double Admission::leaving_rate(int64_t now) const {
  const double since = static_cast<double>(std::max<int64_t>(0, now - left_at_)) * kNano;
  return left_ > 0 ? left_ / std::max(0.001, left_seconds_ + since) : 0;
}

Denial Admission::server_full(double prefill_rate, int64_t now) {
  const int64_t waiting = counts_.sequences - seats_;
  if (limits_.max_queued_requests > 0 && waiting >= limits_.max_queued_requests) {
    const double rate = leaving_rate(now);
    const auto excess = static_cast<double>(waiting - limits_.max_queued_requests + 1);
    return {503, whole_seconds(rate > 0 ? excess / rate : 1),
            "the server's queue is full: " + std::to_string(waiting) + " sequences wait and " +
                std::to_string(limits_.max_queued_requests) +
                " may (--max-num-queued-reqs). Try again later."};
  }
  const auto tokens = static_cast<double>(counts_.waiting_tokens);
  double most = limits_.max_queued_tokens > 0 ? limits_.max_queued_tokens : HUGE_VAL;
  std::string flag = "--max-num-queued-tokens";
  if (prefill_rate > 0 && limits_.max_queued_seconds > 0 &&
      limits_.max_queued_seconds * prefill_rate < most) {
    most = limits_.max_queued_seconds * prefill_rate;
    flag = "--max-queued-seconds " + std::to_string(limits_.max_queued_seconds);
  }
  if (tokens <= most) return {};
  return {503, whole_seconds(prefill_rate > 0 ? (tokens - most) / prefill_rate : 1),
          "the server's queue is full: " + std::to_string(counts_.waiting_tokens) +
              " prompt tokens wait for their answers to begin, and " + std::to_string(std::llround(most)) +
              " may (" + flag + "). Try again later."};
}

Denial Admission::key_full(Key& k) {
  const auto refuse = [](double seconds, const std::string& found, int32_t limit, const std::string& of) {
    return Denial{429, whole_seconds(seconds),
                  "this API key " + found + ", and " + std::to_string(limit) + " " + of +
                      " are allowed. Try again later."};
  };
  if (limits_.key_requests > 0 && k.requests >= limits_.key_requests)
    return refuse(1, "has " + std::to_string(k.requests) + " requests open", limits_.key_requests,
                  "at a time");
  if (limits_.key_requests_per_minute > 0 && k.per_minute.level < 1)
    return refuse((1 - k.per_minute.level) * 60 / limits_.key_requests_per_minute,
                  "has used up its requests of this minute", limits_.key_requests_per_minute, "a minute");
  if (limits_.key_tokens_per_minute > 0 && k.tokens.level <= 0)
    return refuse((1 - k.tokens.level) * 60 / limits_.key_tokens_per_minute,
                  "has used up its tokens of this minute", limits_.key_tokens_per_minute, "a minute");
  return {};
}

Denial Admission::early(int32_t number, double prefill_rate, int64_t now) {
  std::lock_guard lock(mutex_);
  return judge(number, prefill_rate, now);
}

Denial Admission::judge(int32_t number, double prefill_rate, int64_t now) {
  Denial r = key_full(key(number, now));
  if (r.status == 0) r = server_full(prefill_rate, now);
  if (r.status == 503) ++counts_.refused_server;
  if (r.status == 429) ++counts_.refused_key;
  return r;
}

std::variant<Pass, Denial> Admission::enter(int32_t number, int32_t sequences, int64_t prompt_tokens,
                                            double prefill_rate, int64_t now) {
  std::lock_guard lock(mutex_);
  if (Denial r = judge(number, prefill_rate, now); r.status != 0) return r;
  Key& k = key(number, now);
  ++k.requests;
  k.per_minute.level -= 1;
  k.tokens.level -= static_cast<double>(prompt_tokens);
  counts_.sequences += sequences;
  counts_.waiting_tokens += prompt_tokens;
  Pass pass;
  pass.admission_ = this;
  pass.key_ = number;
  pass.sequences_ = sequences;
  pass.waiting_tokens_ = prompt_tokens;
  return pass;
}

Admission::Counts Admission::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace quire::serve
