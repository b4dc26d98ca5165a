// Serves a list of requests with the paper model, and watches on the way what no plan and no
// event may do.
#pragma once
#include <deque>
#include <set>

#include "tests/sched/paper_model.h"

namespace quire {

struct Answer {
  std::vector<Token> tokens;
  Finish finish = Finish::kNone;
  Token stop_token = -1;
  std::vector<float> logprobs;      // of the tokens
  std::map<int32_t, float> scores;  // of the prompt, by position
  friend bool operator==(const Answer&, const Answer&) = default;
};
using Answers = std::map<RequestId, Answer>;

enum class Arrive : uint8_t { kAtRandom, kTogether, kOneByOne };

struct Options {
  int32_t ahead = 0;
  Arrive arrive = Arrive::kAtRandom;
  uint32_t cancel_one_in = 0, fail_one_in = 0;  // steps; 0: never
  uint32_t preempt_one_in = 0;                  // steps
  int32_t preempt_at = -1;                      // the step before whose plan the last is preempted
  uint32_t stop_one_in = 0;                     // tokens: the text layer found a stop string, and cancels
  int32_t cancel_at = -1;  // the step before whose plan, or commit, `cancel` is cancelled
  bool before_commit = false;
  RequestId cancel = 0;
  uint32_t seed = 1;
};
struct Totals {
  int64_t steps = 0, computed = 0, cached = 0, accepted = 0, refused = 0;
  int64_t preempted = 0, cancelled = 0, failed = 0;
};

class Service {
 public:
  Service(const SchedulerConfig& c, const std::vector<Request>& requests, const Options& o)
      : options_(o), config_(c), sched_(c), model_(c, requests), requests_(requests), rng_(o.seed) {
    for (size_t i = 0; i < requests.size(); ++i) index_[requests[i].id] = i;
  }

  Answers run(Totals* totals = nullptr) {
    size_t next = 0;
    for (int step = 0; next < requests_.size() || !sched_.idle() || !flying_.empty(); ++step) {
      QUIRE_CHECK(step < 200000);  // no livelock
      while (next < requests_.size() && arrives()) {
        QUIRE_CHECK(validate(requests_[next], sched_.limits()).ok() && sched_.add(requests_[next]).ok());
        ++next;
      }
      if (one_in(options_.cancel_one_in)) sched_.cancel(1 + rng_() % requests_.size(), events_);
      if (step == options_.cancel_at && !options_.before_commit) sched_.cancel(options_.cancel, events_);
      hear({});
      if (one_in(options_.preempt_one_in) || step == options_.preempt_at) sched_.preempt();
      flying_.emplace_back();
      sched_.plan(flying_.back().plan);
      watch(flying_.back().plan);
      if (step == options_.cancel_at && options_.before_commit) sched_.cancel(options_.cancel, events_);
      hear({});
      flying_.back().broken = one_in(options_.fail_one_in);
      model_.run(flying_.back().plan, flying_.back().result, flying_.back().broken);
      const size_t keep = flying_.back().plan.rows.empty() ? 0 : static_cast<size_t>(options_.ahead);
      while (flying_.size() > keep) land();
    }
    sched_.kv().check(0);
    QUIRE_CHECK(slots_.empty());
    if (totals) count(*totals);
    return std::move(answers_);
  }

 private:
  struct Step {
    StepPlan plan;
    StepResult result;
    bool broken = false;
  };

  bool one_in(uint32_t n) { return n > 0 && rng_() % n == 0; }
  bool arrives() {
    if (options_.arrive == Arrive::kOneByOne) return sched_.idle() && flying_.empty();
    return options_.arrive == Arrive::kTogether || rng_() % 2;
  }
  const Request& request(RequestId id) const { return requests_[index_.at(id)]; }
  std::pair<int32_t, size_t> rank(RequestId id) const { return {request(id).priority, index_.at(id)}; }

  void watch(const StepPlan& p) {
    bool preempted = false;
    RequestId best_preempted = 0;
    for (SlotId s : p.release) {
      const RequestId id = slots_.at(s.v);
      slots_.erase(s.v);
      tables_.erase(s.v);
      if (answers_[id].finish != Finish::kNone) continue;
      if (!preempted || rank(id) < rank(best_preempted)) best_preempted = id;
      preempted = true;
    }
    const bool forced = options_.preempt_one_in > 0 || options_.preempt_at >= 0;
    if (preempted)  // whoever still runs ranks before whoever gave way
      for (auto& [slot, id] : slots_) QUIRE_CHECK(rank(id) < rank(best_preempted));
    QUIRE_CHECK(!preempted || p.admit.empty() || forced);
    for (const Admit& a : p.admit) {
      QUIRE_CHECK(!slots_.contains(a.slot.v) && a.adapter == request(a.request).adapter);
      slots_[a.slot.v] = a.request;
    }
    for (const Grow& g : p.grow)
      tables_[g.slot.v].insert(p.blocks.begin() + g.first, p.blocks.begin() + g.first + g.count);
    QUIRE_CHECK(slots_.size() <= static_cast<size_t>(config_.max_seqs));
    watch_rows(p);
    recount();
  }

  void watch_rows(const StepPlan& p) {
    int32_t tokens = 0;
    int64_t logprobs = 0, widest = 0;
    std::set<int32_t> seen;
    for (const Row& r : p.rows) {
      const Request& q = request(slots_.at(r.slot.v));
      QUIRE_CHECK(seen.insert(r.slot.v).second);
      QUIRE_CHECK(r.count > 0 && r.drafts < r.count && (r.sample || r.drafts == 0));
      QUIRE_CHECK(config_.long_prefill_token_threshold == 0 ||
                  r.count <= config_.long_prefill_token_threshold);
      QUIRE_CHECK(r.begin + r.count < static_cast<int32_t>(q.prompt.size()) + q.max_tokens);
      if (q.lockstep) QUIRE_CHECK(r.drafts == 0 && waited_for_[q.id] == 0);
      if (r.sample) ++waited_for_[q.id], samples_[p.step].push_back(q.id);
      tokens += r.count;
      const int64_t score = q.sampling.prompt_logprobs ? 1 + *q.sampling.prompt_logprobs : 0;
      const int64_t sample = q.sampling.logprobs ? 1 + *q.sampling.logprobs : 0;
      logprobs += r.outputs * score + (r.sample ? (1 + r.drafts) * sample : 0);
      widest = std::max({widest, score, (1 + r.drafts) * sample});
    }
    QUIRE_CHECK(tokens <= config_.max_step_tokens);
    QUIRE_CHECK(logprobs <= config_.max_step_logprobs + 2 * widest);
  }

  // After a plan the runner knows every table, so they hold exactly the blocks that are in use.
  void recount() const {
    std::set<BlockId> held;
    for (const auto& [slot, blocks] : tables_) held.insert(blocks.begin(), blocks.end());
    sched_.kv().check(static_cast<int32_t>(held.size()));
  }

  void count(Totals& t) const {
    t.steps += static_cast<int64_t>(sched_.stats().steps);
    t.preempted += static_cast<int64_t>(sched_.stats().preemptions);
    t.cached += static_cast<int64_t>(sched_.stats().cached_tokens);
    t.computed += model_.computed, t.accepted += model_.accepted, t.refused += model_.refused;
    for (const auto& [id, a] : answers_) {
      t.cancelled += a.finish == Finish::kCancelled;
      t.failed += a.finish == Finish::kError;
    }
  }

  void land() {
    Step s = std::move(flying_.front());
    flying_.pop_front();
    for (RequestId id : samples_[s.plan.step]) --waited_for_[id];
    samples_.erase(s.plan.step);
    if (s.broken) sched_.fail(s.plan.step, {Code::kDevice, "broken"}, events_);
    else sched_.commit(s.result, events_);
    const std::vector<TokenEvent> told = events_;
    hear(s.result.logprobs);
    for (const TokenEvent& e : told)
      if (e.token >= 0 && one_in(options_.stop_one_in)) sched_.cancel(e.request, events_);
    hear({});
  }

  void hear(const std::vector<Logprob>& logprobs) {
    for (const TokenEvent& e : events_) {
      Answer& a = answers_[e.request];
      QUIRE_CHECK(a.finish == Finish::kNone);  // nothing after the end
      QUIRE_CHECK((e.finish == Finish::kError) == !e.error.ok());
      a.finish = e.finish;
      a.stop_token = e.stop_token;
      if (e.prompt_position > 0) {
        QUIRE_CHECK(e.token == request(e.request).prompt.at(e.prompt_position));
        QUIRE_CHECK(logprobs.at(e.logprobs).token == e.token);
        QUIRE_CHECK(a.scores.emplace(e.prompt_position, logprobs.at(e.logprobs).logprob).second);  // once
      } else if (e.token >= 0) {
        a.tokens.push_back(e.token);
        if (e.logprobs < 0) continue;
        QUIRE_CHECK(logprobs.at(e.logprobs).token == e.token);
        QUIRE_CHECK(e.logprobs + e.num_logprobs <= static_cast<int32_t>(logprobs.size()));
        a.logprobs.push_back(logprobs.at(e.logprobs).logprob);
      }
    }
    events_.clear();
  }

  Options options_;
  SchedulerConfig config_;
  Scheduler sched_;
  PaperModel model_;
  std::vector<Request> requests_;
  std::map<RequestId, size_t> index_;
  std::mt19937 rng_;
  std::deque<Step> flying_;
  std::vector<TokenEvent> events_;
  Answers answers_;
  std::map<int32_t, RequestId> slots_;
  std::map<int32_t, std::set<BlockId>> tables_;  // by slot
  std::map<RequestId, int32_t> waited_for_;
  std::map<uint64_t, std::vector<RequestId>> samples_;
};

inline Answers serve(const SchedulerConfig& c, const std::vector<Request>& requests, const Options& o = {},
                     Totals* totals = nullptr) {
  return Service(c, requests, o).run(totals);
}

}  // namespace quire
