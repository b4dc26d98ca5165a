#include "runner/batch.h"

#include <algorithm>
#include <utility>

namespace quire {
namespace {

int32_t size_of(const std::vector<int32_t>& v) { return static_cast<int32_t>(v.size()); }

}  // namespace

void Batch::Host::clear() {
  for (auto* v : {&row_begin, &row_of, &slot, &tokens, &wanted, &line_slot, &line_position, &line_token,
                  &line_best, &bad})
    v->clear();
}

Batch::Batch(Backend& backend, const ModelSpec& spec, const ModelWeights& weights)
    : backend_(backend), spec_(spec), decoder_(backend, spec, weights) {}

SlotsConfig Batch::slots_config(const ModelSpec& spec, const BatchConfig& c) {
  return {c.max_seqs, c.max_model_len, c.block_size, spec.vocab, c.eos};
}

size_t Batch::bytes(const Backend& backend, const ModelSpec& spec, const BatchConfig& c) {
  return ScratchMemory::bytes(backend, spec, c.max_step_tokens) + Slots::bytes(slots_config(spec, c));
}

Status Batch::allocate(const BatchConfig& c) {
  config_ = c;
  const auto tokens = static_cast<size_t>(c.max_step_tokens) + 2, slots = static_cast<size_t>(c.max_seqs) + 2;
  StepArrays& d = device_;
  for (auto* a : {&d.row_of, &d.tokens, &d.wanted, &d.line_slot, &d.line_position, &d.line_token,
                  &d.line_best, &d.bad, &d.row_begin, &d.slot})
    if (Status s = a->reserve(backend_, tokens); !s.ok()) return s;
  Host& h = host_;
  for (auto* v : {&h.row_of, &h.tokens, &h.wanted, &h.line_slot, &h.line_position, &h.line_token,
                  &h.line_best, &h.bad, &h.row_begin, &h.slot})
    v->reserve(tokens);
  host_.length.resize(static_cast<size_t>(c.max_seqs) + 1);
  lines_.reserve(tokens);
  for (Status s : {d.length.reserve(backend_, slots), slots_.allocate(backend_, slots_config(spec_, c)),
                   scratch_.allocate(backend_, spec_, c.max_step_tokens),
                   kv_.allocate(backend_, spec_, c.blocks, c.block_size, c.kv_dtype),
                   ranks_.reserve(backend_, kHeadRows)})
    if (!s.ok()) return s;
  // At the most every slot enters with a whole table in one step; blocks may be shared, so their number is no
  // bound.
  const size_t tables = static_cast<size_t>(slots_.table().size),
               settings = slots * sizeof(SlotSampling) / sizeof(int32_t);
  return staging_.reserve(backend_, 2 * slots + 16, tables + settings + 12 * tokens + slots);
}

Status Batch::execute(const StepPlan& plan, StepResult& result) {
  result.clear();
  result.step = plan.step;
  fresh_.clear();
  Status applied = slots_.apply(plan, staging_, config_.poison ? &fresh_ : nullptr);
  if (applied.ok()) lay_out(plan, result);
  staging_.flush();
  if (!applied.ok()) return applied;
  for (const int32_t block : fresh_) kv_.poison(backend_, block);
  if (plan.rows.empty()) return {};

  const DeviceStep step = device_step();
  Scratch s = scratch_.views(step.tokens.size, step.wanted_rows.size);
  const StepShape shape = backend_.fit({step.tokens.size, static_cast<int32_t>(plan.rows.size())});
  backend_.run(shape, [&] {
    decoder_.embed(step, s);
    decoder_.forward(step, kv_.views(), s);
  });
  Status status = finish_lines(result);
  if (Status s2 = backend_.wait(backend_.mark()); status.ok()) status = std::move(s2);
  if (!status.ok()) {
    result.clear();
    result.step = plan.step;
    return status;
  }
  hand_out(plan, result);
  return {};
}

// Rows to tokens, and wanted positions to lines. Lines that are sampled come first, so that in every piece of
// logits they stand together.
void Batch::lay_out(const StepPlan& plan, StepResult& result) {
  Host& h = host_;
  h.clear();
  lines_.clear();
  scored_.clear();
  int32_t entries = 0;
  for (const Row& row : plan.rows) {
    QUIRE_CHECK(row.drafts == 0);
    const Slots::Slot& slot = slots_[row.slot];
    const int32_t r = size_of(h.row_begin), first = size_of(h.tokens), end = row.begin + row.count;
    QUIRE_CHECK(end <= size_of(slot.tokens) && slot.blocks * config_.block_size >= end);
    h.row_begin.push_back(first);
    h.slot.push_back(row.slot.v);
    h.length[static_cast<size_t>(row.slot.v)] = row.begin;
    h.tokens.insert(h.tokens.end(), slot.tokens.begin() + row.begin, slot.tokens.begin() + end);
    h.row_of.insert(h.row_of.end(), static_cast<size_t>(row.count), r);
    result.rows.push_back({row.slot, 0, 0, entries, false});
    const int32_t scored_end = std::min(end, slot.prompt - 1);
    for (int32_t p = scored_end - row.outputs; p < scored_end; ++p) {
      scored_.push_back({r, first + p - row.begin, row.slot.v, p + 1, slot.tokens[static_cast<size_t>(p) + 1],
                         slot.prompt_logprobs, entries});
      entries += 1 + slot.prompt_logprobs;
    }
    if (row.sample) {
      lines_.push_back({r, first + row.count - 1, row.slot.v, end, 0, slot.logprobs, entries});
      entries += 1 + slot.logprobs;  // -1 without any
    }
  }
  h.row_begin.push_back(size_of(h.tokens));
  result.logprobs.resize(static_cast<size_t>(entries));
  sampled_ = static_cast<int32_t>(lines_.size());
  lines_.insert(lines_.end(), scored_.begin(), scored_.end());
  for (const Line& l : lines_) {
    h.wanted.push_back(l.hidden);
    h.line_slot.push_back(l.slot);
    h.line_position.push_back(l.position);
    h.line_token.push_back(l.token);
    h.line_best.push_back(l.best);
    h.bad.push_back(0);
  }
  stage();
}

void Batch::stage() {
  const Host& h = host_;
  const StepArrays& d = device_;
  const std::pair<int32_t*, const std::vector<int32_t>*> all[] = {{d.row_begin.data(), &h.row_begin},
                                                                  {d.row_of.data(), &h.row_of},
                                                                  {d.slot.data(), &h.slot},
                                                                  {d.length.data(), &h.length},
                                                                  {d.tokens.data(), &h.tokens},
                                                                  {d.wanted.data(), &h.wanted},
                                                                  {d.line_slot.data(), &h.line_slot},
                                                                  {d.line_position.data(), &h.line_position},
                                                                  {d.line_token.data(), &h.line_token},
                                                                  {d.line_best.data(), &h.line_best},
                                                                  {d.bad.data(), &h.bad}};
  for (const auto& [to, words] : all) staging_.put(to, *words);
}

DeviceStep Batch::device_step() const {
  const StepArrays& d = device_;
  const Host& h = host_;
  DeviceStep step;
  step.tables.row_begin = {d.row_begin.data(), size_of(h.row_begin)};
  step.tables.row_of = {d.row_of.data(), size_of(h.row_of)};
  step.tables.slot = {d.slot.data(), size_of(h.slot)};
  step.tables.length = {d.length.data(), size_of(h.length)};
  step.tables.block_table[0] = slots_.table();
  step.tables.blocks_per_slot = slots_.blocks_per_slot();
  step.tokens = {d.tokens.data(), size_of(h.tokens)};
  step.last_token = slots_.last_token();
  step.wanted_rows = {d.wanted.data(), size_of(h.wanted)};
  return step;
}

// From hidden states to tokens and scores, piece by piece.
Status Batch::finish_lines(StepResult& result) {
  const int32_t lines = size_of(host_.wanted);
  const Scratch s = scratch_.views(0, lines);
  const StepArrays& d = device_;
  Status status;
  for (int32_t first = 0; first < lines && status.ok(); first += kHeadRows) {
    const int32_t count = std::min(kHeadRows, lines - first),
                  samples = std::clamp(sampled_ - first, 0, count);
    const Mat logits = scratch_.logits(count);
    backend_.run({count, samples}, [&] {
      decoder_.head(logits, s.hidden.row_range(first, count));
      if (samples > 0)
        backend_.sample(logits.row_range(0, samples), {.slots = slots_.sampling(),
                                                       .slot = {d.line_slot.data() + first, samples},
                                                       .position = {d.line_position.data() + first, samples},
                                                       .tokens = {d.line_token.data() + first, samples},
                                                       .last_token = slots_.last_token(),
                                                       .bad = {d.bad.data() + first, samples}});
    });
    status = score_lines(first, count, logits, result);
  }
  return status;
}

Status Batch::score_lines(int32_t first, int32_t count, Mat logits, StepResult& result) {
  const auto lines = std::span(lines_).subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  const int32_t most = std::ranges::max_element(lines, {}, &Line::best)->best;
  if (most < 0) return {};
  const size_t width = 1 + static_cast<size_t>(most), size = lines.size() * width;
  for (Status s : {logprobs_.reserve(backend_, size), logprob_tokens_.reserve(backend_, size)})
    if (!s.ok()) return s;
  const StepArrays& d = device_;
  backend_.score(logits, {.wanted = {d.line_token.data() + first, count},
                          .best = {d.line_best.data() + first, count},
                          .most = most,
                          .logprobs = {logprobs_.data(), DType::kF32, count, 1 + most, 1 + most},
                          .tokens = {logprob_tokens_.data(), static_cast<int32_t>(size)},
                          .ranks = {ranks_.data(), count},
                          .bad = {d.bad.data() + first, count}});
  download(logprobs_, size, host_logprobs_);
  download(logprob_tokens_, size, host_logprob_tokens_);
  download(ranks_, lines.size(), host_ranks_);
  for (size_t i = 0; i < lines.size(); ++i) {
    const float* logprob = host_logprobs_.data() + i * width;
    const int32_t* token = host_logprob_tokens_.data() + i * width;
    Logprob* to = result.logprobs.data() + lines[i].entry;
    for (int32_t j = 0; j <= lines[i].best; ++j) to[j] = {token[j], logprob[j], j == 0 ? host_ranks_[i] : j};
  }
  return {};
}

// Tokens and verdicts from the device into the result and into what the slots remember.
void Batch::hand_out(const StepPlan& plan, StepResult& result) {
  Host& h = host_;
  download(device_.line_token, lines_.size(), h.line_token);
  download(device_.bad, lines_.size(), h.bad);
  for (size_t i = 0; i < lines_.size(); ++i) {
    Sampled& out = result.rows[static_cast<size_t>(lines_[i].row)];
    out.bad_logits = out.bad_logits || h.bad[i] != 0;
    if (static_cast<int32_t>(i) >= sampled_ || out.bad_logits) continue;
    out.count = 1;
    out.first = static_cast<int32_t>(result.tokens.size());
    result.tokens.push_back(h.line_token[i]);
    slots_[plan.rows[static_cast<size_t>(lines_[i].row)].slot].tokens.push_back(h.line_token[i]);
  }
}

}  // namespace quire
