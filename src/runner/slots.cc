#include "runner/slots.h"

#include <algorithm>
#include <cstring>

namespace quire {
namespace {

static_assert(sizeof(SlotSampling) % (2 * sizeof(int32_t)) == 0, "staged as an even number of words");

int32_t table_stride(const SlotsConfig& c) {
  const int32_t blocks = (c.max_model_len + c.block_size - 1) / c.block_size;
  return (blocks + 2) / 2 * 2;  // even, and one spare: a patch may write one word too many
}

bool penalizes(const SamplingParams& p) {
  return p.repetition_penalty != 1.0f || p.presence_penalty != 0.0f || p.frequency_penalty != 0.0f;
}

}  // namespace

size_t Slots::bytes(const SlotsConfig& c) {
  const auto n = static_cast<size_t>(c.slots) + 1;
  return n *
         (static_cast<size_t>(table_stride(c)) * sizeof(int32_t) + sizeof(SlotSampling) + sizeof(int32_t));
}

Status Slots::allocate(Backend& backend, const SlotsConfig& config) {
  backend_ = &backend;
  config_ = config;
  stride_ = table_stride(config);
  const auto n = static_cast<size_t>(config.slots) + 1;
  slots_.resize(n);
  extras_.resize(n);
  for (Status s : {table_.reserve(backend, n * static_cast<size_t>(stride_)), last_token_.reserve(backend, n),
                   sampling_.reserve(backend, n)})
    if (!s.ok()) return s;
  return {};
}

Status Slots::apply(const StepPlan& plan, Staging& staging, std::vector<int32_t>* fresh) {
  for (const SlotId s : plan.release) {
    Slot& slot = (*this)[s];
    slot.tokens.clear();
    slot.blocks = 0;
  }
  for (const Admit& a : plan.admit) enter(a, plan);
  for (const Grow& g : plan.grow) {
    QUIRE_CHECK(g.group == 0);
    Slot& slot = (*this)[g.slot];
    QUIRE_CHECK(slot.blocks + g.count < stride_);
    words_.clear();
    for (const BlockId b :
         std::span(plan.blocks).subspan(static_cast<size_t>(g.first), static_cast<size_t>(g.count)))
      words_.push_back(b.v);
    staging.put(table_.data() + int64_t{g.slot.v} * stride_ + slot.blocks, words_);
    if (fresh) {  // what lies before the row's first position was matched, the rest is new
      const auto row = std::ranges::find(plan.rows, g.slot, &Row::slot);
      for (int32_t i = 0; i < g.count; ++i)
        if ((slot.blocks + i) * config_.block_size >= row->begin)
          fresh->push_back(words_[static_cast<size_t>(i)]);
    }
    slot.blocks += g.count;
  }
  for (const Admit& a : plan.admit)
    if (Status s = stage_sampling(a, staging); !s.ok()) return s;
  return {};
}

void Slots::enter(const Admit& a, const StepPlan& plan) {
  Slot& slot = (*this)[a.slot];
  QUIRE_CHECK(slot.tokens.empty());
  slot.tokens.reserve(static_cast<size_t>(config_.max_model_len) + 1);
  slot.tokens.assign(plan.tokens.begin() + a.first, plan.tokens.begin() + a.first + a.count);
  slot.prompt = a.prompt_tokens;
  slot.blocks = 0;
  slot.logprobs = a.sampling.logprobs.value_or(-1);
  slot.prompt_logprobs = a.sampling.prompt_logprobs.value_or(-1);
}

Status Slots::stage_sampling(const Admit& a, Staging& staging) {
  const SamplingParams& p = a.sampling;
  SlotSampling s{.temperature = p.temperature,
                 .top_p = p.top_p,
                 .min_p = p.min_p,
                 .top_k = p.top_k,
                 .repetition_penalty = p.repetition_penalty,
                 .presence_penalty = p.presence_penalty,
                 .frequency_penalty = p.frequency_penalty,
                 .seed = p.seed};
  if (Status status = set_extras(p, (*this)[a.slot], extras_[static_cast<size_t>(a.slot.v)], s); !status.ok())
    return status;
  words_.resize(sizeof s / sizeof(int32_t));
  std::memcpy(words_.data(), &s, sizeof s);
  staging.put(reinterpret_cast<int32_t*>(sampling_.data() + a.slot.v), words_);
  return {};
}

Status Slots::set_extras(const SamplingParams& p, const Slot& slot, Extras& x, SlotSampling& to) {
  const auto vocab = static_cast<size_t>(config_.vocab);
  if (p.only_allowed) {
    words_.assign((vocab + 31) / 32, 0);
    for (const Token t : p.allowed_token_ids)
      words_[static_cast<size_t>(t) / 32] |= static_cast<int32_t>(1u << t % 32);
    if (Status s = x.allowed.reserve(*backend_, words_.size()); !s.ok()) return s;
    backend_->upload(x.allowed.data(), words_.data(), words_.size() * sizeof(int32_t));
    to.allowed = x.allowed.data();
  }
  if (!p.logit_bias.empty()) {
    bias_.clear();
    for (const LogitBias& b : p.logit_bias) bias_.push_back({b.token, b.bias});
    if (Status s = x.bias.reserve(*backend_, bias_.size()); !s.ok()) return s;
    backend_->upload(x.bias.data(), bias_.data(), bias_.size() * sizeof(TokenBias));
    to.bias = x.bias.data();
    to.num_bias = static_cast<int32_t>(bias_.size());
  }
  if (p.min_tokens > 0) {
    words_ = p.stop_token_ids;
    if (!p.ignore_eos) words_.insert(words_.end(), config_.eos.begin(), config_.eos.end());
    if (Status s = x.held.reserve(*backend_, words_.size()); !s.ok()) return s;
    backend_->upload(x.held.data(), words_.data(), words_.size() * sizeof(int32_t));
    to.held = x.held.data();
    to.num_held = static_cast<int32_t>(words_.size());
    to.held_before = slot.prompt + p.min_tokens;
  }
  if (penalizes(p)) {
    words_.assign(vocab, 0);
    for (size_t i = 0; i < slot.tokens.size(); ++i) {
      int32_t& count = words_[static_cast<size_t>(slot.tokens[i])];
      count = i < static_cast<size_t>(slot.prompt) ? count | kInPrompt : count + 1;
    }
    if (Status s = x.counts.reserve(*backend_, vocab); !s.ok()) return s;
    backend_->upload(x.counts.data(), words_.data(), vocab * sizeof(int32_t));
    to.counts = x.counts.data();
  }
  return {};
}

}  // namespace quire
