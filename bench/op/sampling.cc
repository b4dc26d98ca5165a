// Sampling and scoring of lines of 128,256 logits. The floor is one read of the logits; lines come from
// memory (copies take turns), which is worse than in a step, where the head has just written them.
#include "backend/sample_args.h"
#include "bench/op/workbench.h"

namespace quire::bench {
namespace {

constexpr int32_t kVocab = 128256, kLines = 32;

struct Case {
  const char* name;
  SlotSampling settings;
  bool penalties = false;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  const auto add = [&](const char* name) -> SlotSampling& {
    return all.emplace_back(Case{name, {}}).settings;
  };
  add("greedy").temperature = 0;
  add("from all");
  add("top-k 50").top_k = 50;
  add("top-p 0.9").top_p = 0.9f;
  add("min-p 0.05").min_p = 0.05f;
  SlotSampling& both = add("top-k 50, top-p 0.9, temperature 0.7");
  both.top_k = 50, both.top_p = 0.9f, both.temperature = 0.7f;
  add("repetition penalty 1.1, top-p 0.9").top_p = 0.9f;
  all.back().settings.repetition_penalty = 1.1f;
  all.back().penalties = true;
  return all;
}

// Logits as models make them: most are near each other, a few stand out.
std::vector<float> logits(int32_t copy) {
  std::vector<float> v(size_t{kLines} * kVocab);
  for (size_t i = 0; i < v.size(); ++i) {
    const uint64_t at = i + static_cast<uint64_t>(copy) * v.size();
    const float sum = value(4 * at) + value(4 * at + 1) + value(4 * at + 2) + value(4 * at + 3);
    v[i] = 2.5f * sum + (i % 1009 == 3 ? 6.0f : 0.0f);
  }
  return v;
}

struct Lines {
  SampleArgs args;
  Mat logits;
};
Lines lines(Backend& b, const Case& c, const std::vector<float>& from) {
  Lines l;
  l.logits = Workbench::mat(b, kLines, kVocab, from);
  auto* slots = static_cast<SlotSampling*>(Workbench::allocate(b, kLines * sizeof(SlotSampling)));
  std::vector<int32_t> slot, position;
  for (int32_t i = 0; i < kLines; ++i) {
    slots[i] = c.settings;
    slots[i].seed = static_cast<uint64_t>(i) * 1234567;
    if (c.penalties) {
      slots[i].counts = Workbench::ints(b, std::vector<int32_t>(kVocab)).data;
      for (int32_t t = 0; t < 500; ++t) slots[i].counts[t * 97] = kInPrompt;
    }
    slot.push_back(i), position.push_back(100 + i);
  }
  l.args.slots = slots;
  l.args.slot = Workbench::ints(b, slot), l.args.position = Workbench::ints(b, position);
  const std::vector<int32_t> none(kLines);
  l.args.tokens = Workbench::ints(b, none), l.args.last_token = Workbench::ints(b, none);
  l.args.bad = Workbench::ints(b, none);
  return l;
}

}  // namespace
}  // namespace quire::bench

int main(int argc, char** argv) {
  using namespace quire;
  using namespace quire::bench;
  Workbench bench(argc, argv);
  std::vector<Mat> copies;
  for (int32_t i = 0; i < 32; ++i) copies.push_back(Workbench::mat(bench.cpu(), kLines, kVocab, logits(i)));
  const double bytes = 4.0 * kLines * kVocab;
  for (const Case& c : cases()) {
    Lines cpu = lines(bench.cpu(), c, logits(0)), ref = lines(bench.ref(), c, logits(0));
    bench.cpu().sample(cpu.logits, cpu.args), bench.ref().sample(ref.logits, ref.args);
    double others = 0;  // tokens that differ: values as near as their rounding may draw another one
    for (int32_t i = 0; i < kLines; ++i) others += cpu.args.tokens.data[i] != ref.args.tokens.data[i] ? 1 : 0;
    const double t = median_seconds(
        15, [&](int i) { bench.cpu().sample(copies[static_cast<size_t>(i) % copies.size()], cpu.args); });
    bench.report(c.name, t, {bytes, 0}, others, c.settings.temperature <= 0 ? 0 : 1);
  }

  ScoreArgs args;
  constexpr int32_t kBest = 5;
  Backend& b = bench.cpu();
  args.wanted = Workbench::ints(b, std::vector<int32_t>(kLines, 1003));
  args.best = Workbench::ints(b, std::vector<int32_t>(kLines, kBest));
  args.most = kBest;
  args.logprobs = Workbench::mat(b, kLines, 1 + kBest);
  args.tokens = Workbench::ints(b, std::vector<int32_t>(kLines * (1 + kBest)));
  args.ranks = Workbench::ints(b, std::vector<int32_t>(kLines));
  args.bad = Workbench::ints(b, std::vector<int32_t>(kLines));
  const Mat ref_logits = Workbench::mat(bench.ref(), kLines, kVocab, logits(0));
  const Mat want = Workbench::mat(bench.ref(), kLines, 1 + kBest);
  b.score(copies[0], args);
  const std::vector<float> first(static_cast<const float*>(args.logprobs.data),
                                 static_cast<const float*>(args.logprobs.data) + kLines * (1 + kBest));
  ScoreArgs plain = args;
  plain.logprobs = want;
  bench.ref().score(ref_logits, plain);
  const Mat got = Workbench::mat(b, kLines, 1 + kBest, first);
  const double error = worst_difference(got, want);
  const double t =
      median_seconds(15, [&](int i) { b.score(copies[static_cast<size_t>(i) % copies.size()], args); });
  bench.report("logprobs, 5 best", t, {bytes, 0}, error, 1e-5);
  return bench.result();
}
