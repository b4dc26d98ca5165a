// Lines for the batch interface that use everything sampling has, for a model of any vocabulary, from a seed.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace quire {

class BatchInputMaker {
 public:
  BatchInputMaker(int32_t vocab, uint64_t seed) : vocab_(vocab), random_(seed) {}

  // At most 70 prompt tokens and 24 generated ones each. Some prompts begin alike, some are the same.
  std::vector<std::string> lines(int32_t count) {
    const std::vector<int32_t> shared = ids(40);
    std::vector<std::vector<int32_t>> prompts;
    std::vector<std::string> all;
    for (int32_t i = 0; i < count; ++i) {
      std::vector<int32_t> prompt = below(3) == 0 ? shared : std::vector<int32_t>();
      const std::vector<int32_t> own = ids(1 + below(below(2) ? 8 : 30));
      prompt.insert(prompt.end(), own.begin(), own.end());
      if (i > 4 && below(5) == 0) prompt = prompts[static_cast<size_t>(below(i))];
      prompts.push_back(prompt);
      all.push_back("{\"id\":\"r" + std::to_string(i) + "\",\"prompt_token_ids\":" + list(prompt) +
                    fields(i) + "}");
    }
    return all;
  }

 private:
  int32_t below(int32_t n) { return static_cast<int32_t>(random_() % static_cast<uint64_t>(n)); }
  std::vector<int32_t> ids(int32_t count) {
    std::vector<int32_t> v(static_cast<size_t>(count));
    for (int32_t& t : v) t = below(vocab_);
    return v;
  }
  static std::string list(const std::vector<int32_t>& v) {
    std::string text = "[";
    for (size_t i = 0; i < v.size(); ++i) text += (i ? "," : "") + std::to_string(v[i]);
    return text + "]";
  }
  std::string maybe(int32_t one_in, const std::string& field) { return below(one_in) == 0 ? field : ""; }
  std::string fields(int32_t i) {
    const bool greedy = i % 3 == 0;
    std::string text = ",\"max_tokens\":" + std::to_string(1 + below(24));
    text +=
        greedy ? ",\"temperature\":0" : maybe(2, ",\"temperature\":" + std::to_string(0.5 + below(20) * 0.1));
    if (!greedy) {
      text += maybe(3, ",\"n\":" + std::to_string(1 + below(4)));
      text += maybe(3, ",\"top_k\":" + std::to_string(1 + below(50)));
      text += maybe(3, ",\"top_p\":0." + std::to_string(1 + below(9)));
      text += maybe(4, ",\"min_p\":0.0" + std::to_string(1 + below(9)));
      text += maybe(3, ",\"seed\":" + std::to_string(random_() >> 1));
    }
    text += maybe(4, ",\"repetition_penalty\":1.3");
    text += maybe(4, ",\"presence_penalty\":0.7");
    text += maybe(4, ",\"frequency_penalty\":-0.4");
    text += maybe(5, ",\"min_tokens\":1");
    text += maybe(4, ",\"stop_token_ids\":" + list(ids(20)));
    text += maybe(4, ",\"ignore_eos\":true");
    text += maybe(6, ",\"logit_bias\":{\"" + std::to_string(below(vocab_)) + "\":-7.5}");
    text += maybe(8, ",\"allowed_token_ids\":" + list(ids(60)));
    text += maybe(3, ",\"logprobs\":" + std::to_string(below(6)));
    text += maybe(9, ",\"logprobs\":-1").substr(0, text.find("\"logprobs\"") == std::string::npos ? 99 : 0);
    text += maybe(3, ",\"prompt_logprobs\":" + std::to_string(below(4)));
    return text;
  }

  int32_t vocab_;
  std::mt19937_64 random_;
};

}  // namespace quire
