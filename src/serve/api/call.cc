#include "serve/api/call.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "serve/api/switchboard.h"

namespace quire::serve {
namespace {

double seconds(int64_t from, int64_t to) { return static_cast<double>(to - from) * 1e-9; }

Outcome outcome_of(std::string_view finish) {
  return finish == "stop"     ? Outcome::kStop
         : finish == "length" ? Outcome::kLength
         : finish == "error"  ? Outcome::kError
                              : Outcome::kAbort;
}

}  // namespace

Call::Call(Inquiry inquiry, Generation generation)
    : inquiry_(std::move(inquiry)), generation_(std::move(generation)) {
  const Generation& g = generation_;
  choices_.reserve(g.prompts.size() * static_cast<size_t>(g.candidates));
  for (const Prompt& p : g.prompts)
    for (int32_t i = 0; i < g.candidates; ++i)
      choices_.emplace_back(g, p, static_cast<int32_t>(choices_.size()), i == 0);
  RequestRecord& r = inquiry_.record();
  r.id = g.id;
  r.stream = g.stream;
  r.choices = static_cast<int32_t>(choices_.size());
  for (const Prompt& p : g.prompts) r.prompt_tokens += static_cast<int64_t>(p.ids.size());
}

Request Call::request_of(const Prompt& prompt, int32_t candidate) const {
  const Generation& g = generation_;
  Request r{.prompt = prompt.ids,
            .sampling = g.sampling.params,
            .max_tokens = g.sampling.max_tokens,
            .priority = g.priority,
            .cache_salt = g.salt,
            .tenant = inquiry_.request().key};
  r.sampling.seed = *g.sampling.seed + static_cast<uint64_t>(candidate);
  return r;
}

bool Call::admit() {
  const ApiParts& p = inquiry_.context().parts;
  std::variant<Pass, Denial> answer = p.admission.enter(
      inquiry_.request().key, static_cast<int32_t>(choices_.size()),
      inquiry_.record().prompt_tokens * generation_.candidates, p.engine.state().prefill_rate, steady_ns());
  if (const Denial* denial = std::get_if<Denial>(&answer)) {
    inquiry_.deny(*denial);
    return false;
  }
  pass_ = std::move(std::get<Pass>(answer));
  return true;
}

void Call::start() {
  const ApiContext& c = inquiry_.context();
  const int64_t deadline = inquiry_.begun() + generation_.timeout_ms.value_or(0) * 1'000'000;
  if (generation_.timeout_ms && deadline <= steady_ns()) return too_late();  // the engine need not hear of it
  if (!admit()) return;
  const std::weak_ptr<Call> weak = weak_from_this();
  inquiry_.reply()->on_gone([weak] {
    if (const auto self = weak.lock()) {
      self->gone_ = true;
      self->cancel_all();
    }
  });
  if (generation_.timeout_ms)
    timer_ = c.parts.pool.post_at(TextPool::Clock::time_point(std::chrono::nanoseconds(deadline)), [weak] {
      if (const auto self = weak.lock()) self->expire();
    });
  first_ = c.parts.board.connect(shared_from_this(), static_cast<uint32_t>(choices_.size()));
  for (size_t i = 0; i < choices_.size(); ++i) {
    const auto candidates = static_cast<size_t>(generation_.candidates);
    Request r = request_of(*choices_[i].prompt, static_cast<int32_t>(i % candidates));
    r.id = first_ + i;
    const Status s = c.parts.engine.submit(std::move(r));
    if (s.ok()) continue;
    // All were found valid before, so this is rare: those that run are told to end, and nobody listens.
    for (size_t j = i; j < choices_.size(); ++j) c.parts.board.disconnect(first_ + j);
    for (size_t j = 0; j < i; ++j) {
      c.parts.board.disconnect(first_ + j);
      c.parts.engine.cancel(first_ + j);
    }
    c.parts.pool.take_back(timer_);
    inquiry_.refuse(Refusal{s.message(), field_of(s.message())});
    return;
  }
  submitted_ = true;  // who finds it unset leaves the cancelling to the next line
  if (gone_ || expired_) cancel_all();
  go_on();  // events that came meanwhile
}

void Call::too_late() {
  inquiry_.refuse(503,
                  {"the request did not begin within its timeout; try again later, or with a longer one.", "",
                   kUnavailableError},
                  {{"Retry-After", "1"}});
}

void Call::cancel_all() {
  if (!submitted_) return;
  for (size_t i = 0; i < choices_.size(); ++i) inquiry_.context().parts.engine.cancel(first_ + i);
}

void Call::expire() {
  expired_ = true;
  cancel_all();
}

void Call::deliver(uint32_t choice, const TokenEvent& event, std::span<const Logprob> logprobs, int64_t now) {
  {
    std::lock_guard lock(mutex_);
    News& n = inbox_.news.emplace_back(News{choice, event, now});
    if (event.num_logprobs > 0) {
      const auto own =
          logprobs.subspan(static_cast<size_t>(event.logprobs), static_cast<size_t>(event.num_logprobs));
      n.event.logprobs = static_cast<int32_t>(inbox_.logprobs.size());
      inbox_.logprobs.insert(inbox_.logprobs.end(), own.begin(), own.end());
    }
    if (std::exchange(posted_, true)) return;
  }
  inquiry_.context().parts.pool.post([self = shared_from_this()] { self->go_on(); });
}

void Call::go_on() {
  for (;;) {
    taken_.news.clear(), taken_.logprobs.clear();
    {
      std::lock_guard lock(mutex_);
      if (inbox_.news.empty()) {
        posted_ = false;
        return;
      }
      std::swap(taken_, inbox_);
    }
    if (!concluded_) take(taken_);
  }
}

void Call::take(const Inbox& inbox) {
  for (const News& n : inbox.news) {
    Choice& c = choices_[n.choice];
    if (c.finish || ((gone_ || expired_) && n.event.finish == Finish::kNone)) continue;  // too late
    c.answer.take(n.event, inbox.logprobs);
    if (n.event.entered > 0 && entered_ == 0) entered_ = n.event.entered;
    if (n.event.token >= 0 && n.event.prompt_position == 0) note_token(c, n.at);
    if (c.answer.done()) end_choice(c);
  }
  if (generation_.stream) stream();
  if (done_ == choices_.size()) conclude();
}

void Call::note_token(Choice& c, int64_t now) {
  Metrics& metrics = inquiry_.context().parts.metrics;
  if (!begun()) {
    first_token_ = now;
    pass_.started();
  }
  if (c.last_token == 0) metrics.first_token(seconds(inquiry_.begun(), now));
  else metrics.next_token(seconds(c.last_token, now));
  c.last_token = last_token_ = now;
  pass_.generated(1);
}

void Call::end_choice(Choice& c) {
  ++done_;
  const Answer& a = c.answer;
  switch (a.finish()) {
    case Finish::kStop:
      c.finish = "stop";
      if (a.stop_string())
        c.stop_reason.clear(),
            append_json_string(generation_.sampling.stop[static_cast<size_t>(*a.stop_string())],
                               c.stop_reason);
      else if (a.stop_token() >= 0) c.stop_reason = std::to_string(a.stop_token());
      break;
    case Finish::kError:
      c.finish = "error";
      if (a.error().code() != Code::kNotFinite && error_.ok()) error_ = a.error();
      break;
    case Finish::kCancelled:
      if (expired_ && begun() && !gone_) c.finish = "length", c.stop_reason = "\"timeout\"";
      else c.finish = "abort";
      break;
    default:
      c.finish = "length";
  }
  if (generation_.hide_answer) c.finish = "length", c.stop_reason = "null";
  if (a.ended_early())
    inquiry_.context().parts.engine.cancel(first_ + static_cast<RequestId>(&c - choices_.data()));
}

bool Call::begun() const { return first_token_ > 0; }

bool Call::cancelled() const {
  return std::ranges::any_of(choices_,
                             [](const Choice& c) { return c.answer.finish() == Finish::kCancelled; });
}

// What is new, as events; the first of them opens the stream. A lost step is told at the end, in its place.
void Call::stream() {
  if (!error_.ok() || gone_) return;
  if (!begun() && (done_ < choices_.size() || cancelled())) return;
  out_.clear();
  const Usage usage = generation_.continuous_usage ? usage_of(generation_, choices_) : Usage();
  for (Choice& c : choices_)
    if (!c.answer.tokens().empty() || c.finish) generation_.form->delta(generation_, c, usage, out_);
  if (out_.empty()) return;
  if (!std::exchange(streaming_, true))
    inquiry_.reply()->begin_stream(
        200, {{"Content-Type", "text/event-stream; charset=utf-8"}, {"Cache-Control", "no-cache"}});
  inquiry_.reply()->write(std::move(out_));
}

// The candidates that are shown: of each prompt the n with the best mean logprob.
std::vector<Choice> Call::chosen() {
  const auto n = static_cast<size_t>(generation_.sampling.n),
             of = static_cast<size_t>(generation_.candidates);
  if (n == of) return std::move(choices_);
  const auto mean = [&](const Choice& c) {
    double sum = 0;
    for (const Answer::Scored& s : c.answer.scores())
      sum += static_cast<double>(c.answer.entries(s)[0].logprob);
    return c.answer.scores().empty() ? -1e30 : sum / static_cast<double>(c.answer.scores().size());
  };
  std::vector<Choice> best;
  for (size_t begin = 0; begin < choices_.size(); begin += of) {
    std::vector<size_t> order(of);
    std::iota(order.begin(), order.end(), begin);
    std::ranges::stable_sort(order,
                             [&](size_t a, size_t b) { return mean(choices_[a]) > mean(choices_[b]); });
    for (size_t i = 0; i < n; ++i) {
      best.push_back(std::move(choices_[order[i]]));
      best.back().index = static_cast<int32_t>(best.size() - 1);
    }
  }
  return best;
}

void Call::report() {
  const int64_t now = steady_ns();
  RequestRecord& r = inquiry_.record();
  const Usage u = usage_of(generation_, choices_);
  r.tokens = static_cast<int64_t>(u.made), r.cached_tokens = u.cached;
  r.finish = choices_[0].finish;
  if (entered_ > 0) r.queue = seconds(inquiry_.begun(), entered_);
  if (begun()) r.first_token = seconds(inquiry_.begun(), first_token_);
  size_t longest = 0;
  for (const Choice& c : choices_) longest = std::max(longest, c.answer.tokens().size());
  inquiry_.context().parts.metrics.finished({.outcome = outcome_of(r.finish),
                                             .arrived = inquiry_.begun(),
                                             .entered = entered_,
                                             .first_token = first_token_,
                                             .last_token = last_token_,
                                             .ended = now,
                                             .prompt_tokens = static_cast<int32_t>(r.prompt_tokens),
                                             .cached_tokens = static_cast<int32_t>(r.cached_tokens),
                                             .generated_tokens = static_cast<int32_t>(r.tokens),
                                             .most_generated_tokens = static_cast<int32_t>(longest),
                                             .max_tokens = generation_.sampling.max_tokens,
                                             .n = generation_.candidates});
  pass_.left(now);
}

void Call::conclude() {
  concluded_ = true;
  inquiry_.context().parts.pool.take_back(timer_);
  report();
  if (gone_) return inquiry_.close(499);
  if (!error_.ok()) return fail();
  if (cancelled() && expired_ && !begun()) return too_late();
  if (cancelled() && !expired_ && !streaming_)
    return inquiry_.refuse(503, {"the server is going down.", "", kUnavailableError}, {{"Retry-After", "1"}});
  const Usage usage = usage_of(generation_, choices_);
  if (generation_.stream) {
    out_.clear();
    generation_.form->end(generation_, usage, out_);
    inquiry_.close(200);
    inquiry_.reply()->write(std::move(out_));
    return inquiry_.reply()->end();
  }
  const std::vector<Choice> shown = chosen();
  inquiry_.answer(200, generation_.form->whole(generation_, shown, usage));
}

void Call::fail() {
  const std::string message = "the engine failed: " + error_.message();
  if (!streaming_) return inquiry_.refuse(500, {message, "", kInternalError});
  out_.clear();
  generation_.form->fail(error_body(500, message, kInternalError), out_);
  inquiry_.close(500);
  inquiry_.reply()->write(std::move(out_));
  inquiry_.reply()->end();
}

}  // namespace quire::serve
