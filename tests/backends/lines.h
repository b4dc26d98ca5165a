// Lines of logits that are sampled or scored on a device, from plain values.
#pragma once
#include <utility>

#include "tests/backends/device.h"

namespace quire::test {

struct Settings {  // SlotSampling with vectors in the place of pointers
  float temperature = 1, top_p = 1, min_p = 0;
  int32_t top_k = 0;
  float repetition_penalty = 1, presence_penalty = 0, frequency_penalty = 0;
  uint64_t seed = 0;
  std::vector<bool> allowed = {};  // [vocab]; empty: all
  std::vector<TokenBias> bias = {};
  Ints held = {};
  int32_t held_before = 0;
  Ints counts = {};  // [vocab]; empty: no penalty is on
};

struct Sampled {
  Ints tokens, bad, last_token;
  std::vector<Ints> counts;  // by slot
};

// Line i has logits [i * vocab, (i + 1) * vocab), belongs to slot[i] and samples the token at position[i].
inline Sampled sample(Device& d, int32_t vocab, const Floats& logits, const std::vector<Settings>& slots,
                      const Ints& slot, const Ints& position) {
  const auto lines = static_cast<int32_t>(slot.size());
  std::vector<SlotSampling> on_device;
  std::vector<MutIntSpan> counts;
  for (const Settings& s : slots) {
    SlotSampling t;
    t.temperature = s.temperature, t.top_p = s.top_p, t.min_p = s.min_p, t.top_k = s.top_k, t.seed = s.seed;
    t.repetition_penalty = s.repetition_penalty, t.presence_penalty = s.presence_penalty;
    t.frequency_penalty = s.frequency_penalty;
    if (!s.allowed.empty()) {
      std::vector<uint32_t> bits(at((vocab + 31) / 32));
      for (int32_t i = 0; i < vocab; ++i)
        if (s.allowed[at(i)]) bits[at(i / 32)] |= 1u << (i % 32);
      t.allowed = static_cast<const uint32_t*>(d.bytes(bits.size() * 4, bits.data()));
    }
    t.num_bias = static_cast<int32_t>(s.bias.size()), t.num_held = static_cast<int32_t>(s.held.size());
    if (t.num_bias > 0)
      t.bias = static_cast<const TokenBias*>(d.bytes(s.bias.size() * sizeof(TokenBias), s.bias.data()));
    if (t.num_held > 0) t.held = d.ints(s.held).data;
    t.held_before = s.held_before;
    counts.push_back(s.counts.empty() ? MutIntSpan{} : d.ints(s.counts));
    t.counts = counts.back().data;
    on_device.push_back(t);
  }
  const Mat m = d.mat(lines, vocab, logits);
  SampleArgs args;
  args.slots =
      static_cast<const SlotSampling*>(d.bytes(on_device.size() * sizeof(SlotSampling), on_device.data()));
  args.slot = d.ints(slot), args.position = d.ints(position);
  args.tokens = d.ints(Ints(at(lines), -7)), args.bad = d.ints(Ints(at(lines), -7));
  args.last_token = d.ints(Ints(slots.size(), -7));
  d->sample(m, args);
  REQUIRE(same_bits(d.read(m), logits));
  Sampled got = {d.read(args.tokens), d.read(args.bad), d.read(args.last_token), {}};
  for (const MutIntSpan& c : counts) got.counts.push_back(d.read(c));
  return got;
}

// One line, one slot.
inline Sampled sample(Device& d, const Floats& logits, const Settings& s, int32_t position = 5) {
  return sample(d, static_cast<int32_t>(logits.size()), logits, {s}, {0}, {position});
}

}  // namespace quire::test
