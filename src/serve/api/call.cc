#include "serve/api/call.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "serve/api/switchboard.h"

namespace quire::serve {
namespace {

constexpr const char* kUnavailable = "ServiceUnavailableError";

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
  const ApiContext& c = inquiry_.context();
  if (!c.settings.admit) return true;
  const auto choices = static_cast<int64_t>(choices_.size());
  const Admission a =
      c.settings.admit({.key = inquiry_.request().key,
                        .choices = static_cast<int32_t>(choices),
                        .prompt_tokens = inquiry_.record().prompt_tokens * generation_.candidates,
                        .most_tokens = choices * generation_.sampling.max_tokens});
  if (a.status == 200) return true;
  inquiry_.refuse(a.status, {a.message, "", a.status == 429 ? "RateLimitError" : kUnavailable},
                  {{"Retry-After", std::to_string(a.retry_after)}});
  return false;
}

void Call::start() {
  const ApiContext& c = inquiry_.context();
  if (!admit()) return;
  const std::weak_ptr<Call> weak = weak_from_this();
  inquiry_.reply()->on_gone([weak] {
    if (const auto self = weak.lock()) {
      self->gone_ = true;
      self->cancel_all();
    }
  });
  if (generation_.timeout_ms)
    timer_ =
        c.parts.pool.post_at(inquiry_.begun() + std::chrono::milliseconds(*generation_.timeout_ms), [weak] {
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

void Call::cancel_all() {
  if (!submitted_) return;
  for (size_t i = 0; i < choices_.size(); ++i) inquiry_.context().parts.engine.cancel(first_ + i);
}

void Call::expire() {
  expired_ = true;
  cancel_all();
}

void Call::deliver(uint32_t choice, const TokenEvent& event, std::span<const Logprob> logprobs,
                   TextPool::Clock::time_point now) {
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
    if (n.event.token >= 0 && n.event.prompt_position == 0) {
      if (!begun()) first_token_ = n.at;
      last_token_ = n.at;
    }
    if (c.answer.done()) end_choice(c);
  }
  if (generation_.stream) stream();
  if (done_ == choices_.size()) conclude();
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
      if (expired_ && !gone_) c.finish = "length", c.stop_reason = "\"timeout\"";
      else c.finish = "abort";
      break;
    default:
      c.finish = "length";
  }
  if (generation_.hide_answer) c.finish = "length", c.stop_reason = "null";
  if (a.ended_early())
    inquiry_.context().parts.engine.cancel(first_ + static_cast<RequestId>(&c - choices_.data()));
}

bool Call::begun() const { return first_token_ != TextPool::Clock::time_point(); }

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

void Call::write_record() {
  const auto seconds = [](auto d) { return std::chrono::duration<double>(d).count(); };
  RequestRecord& r = inquiry_.record();
  const Usage u = usage_of(generation_, choices_);
  r.tokens = static_cast<int64_t>(u.made), r.cached_tokens = u.cached;
  r.finish = choices_[0].finish;
  if (!begun()) return;
  r.first_token = seconds(first_token_ - inquiry_.begun());
  const auto gaps = u.made > choices_.size() ? u.made - choices_.size() : 0;
  if (gaps > 0)
    r.token_gap = seconds(last_token_ - first_token_) * static_cast<double>(choices_.size()) /
                  static_cast<double>(gaps);
}

void Call::conclude() {
  concluded_ = true;
  inquiry_.context().parts.pool.take_back(timer_);
  write_record();
  if (gone_) return inquiry_.close(499);
  if (!error_.ok()) return fail();
  if (cancelled() && expired_ && !begun())
    return inquiry_.refuse(
        503,
        {"the request did not begin within its timeout; try again later, or with a longer one.", "",
         kUnavailable},
        {{"Retry-After", "1"}});
  if (cancelled() && !expired_ && !streaming_)
    return inquiry_.refuse(503, {"the server is going down.", "", kUnavailable}, {{"Retry-After", "1"}});
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
