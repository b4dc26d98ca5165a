#include "serve/generation/sampling_fields.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "sched/limits.h"
#include "serve/generation/json_field.h"

namespace quire {
namespace {

constexpr int32_t kMostChoices = 16384;
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

std::string read_seed(const Json& v, SamplingChoice& c) {
  if (std::optional<uint64_t> seed = v.unsigned_integer()) {
    c.seed = seed;
    return {};
  }
  int64_t seed = 0;
  constexpr std::numeric_limits<int64_t> kRange;
  if (v.integer() || !v.number() || v.number()->text.find_first_of(".eE") != std::string::npos) {
    if (std::string why = read_whole("seed", v, kRange.min(), kRange.max(), "", seed); !why.empty())
      return why;
  } else {
    return "seed must fit 64 bits, got " + shown(v) + '.';
  }
  if (seed == -1) c.seed.reset();
  else c.seed = static_cast<uint64_t>(seed);
  return {};
}

std::string read_stop(const Json& v, SamplingChoice& c) {
  std::vector<std::string> stop;
  if (v.string()) {
    stop.push_back(*v.string());
  } else if (v.array()) {
    for (const Json& item : *v.array()) {
      if (!item.string()) return "stop must be a string or a list of strings, got " + shown(item) + '.';
      stop.push_back(*item.string());
    }
  } else {
    return "stop must be a string or a list of strings, got " + shown(v) + '.';
  }
  for (const std::string& s : stop)
    if (s.empty()) return "stop cannot contain an empty string.";
  c.stop = std::move(stop);
  return {};
}

std::string read_logprobs(std::string_view name, const Json& v, std::optional<int32_t>& count, bool& all) {
  int32_t k = 0;
  if (std::string why = read_whole(name, v, -1, "must be non-negative or -1", k); !why.empty()) return why;
  all = k == -1;
  count = k;
  return {};
}

std::string read_logit_bias(const Json& v, SamplingChoice& c) {
  if (!v.object()) return "logit_bias must be an object of token ids and numbers, got " + shown(v) + '.';
  c.params.logit_bias.clear();
  for (const auto& [key, value] : *v.object()) {
    Token token = 0;
    const char* end = key.data() + key.size();
    const auto [p, e] = std::from_chars(key.data(), end, token);
    if (e != std::errc() || p != end || key.empty() || token < 0)
      return "logit_bias must have token ids of the vocabulary as keys, got " + shown(Json(key)) + '.';
    float bias = 0;
    if (std::string why = read_real("logit_bias", value, -kNoLimit, false, kNoLimit, "", bias); !why.empty())
      return why;
    c.params.logit_bias.push_back({token, bias});
  }
  // "5" and "05" are the same token: the last one holds.
  auto& entries = c.params.logit_bias;
  std::ranges::reverse(entries);
  std::ranges::stable_sort(entries, {}, &LogitBias::token);
  const auto again = std::ranges::unique(entries, {}, &LogitBias::token);
  entries.erase(again.begin(), again.end());
  return {};
}

std::string read_allowed(const Json& v, SamplingChoice& c) {
  std::string why = read_ids("allowed_token_ids", v, c.params.allowed_token_ids);
  if (why.empty() && c.params.allowed_token_ids.empty()) why = "allowed_token_ids is not None and empty!";
  c.params.only_allowed = true;
  return why;
}

struct SamplingField {
  std::string_view name;
  std::string (*read)(const Json&, SamplingChoice&);
};

// Every field that sampling knows, by name.
constexpr SamplingField kFields[] = {
    {"n",
     [](const Json& v, SamplingChoice& c) {
       int64_t n = 0;
       std::string why = read_whole("n", v, 1, kMostChoices, "must be at least 1", n);
       if (why.empty()) c.n = static_cast<int32_t>(n);
       return why;
     }},
    {"temperature",
     [](const Json& v, SamplingChoice& c) {
       return read_real("temperature", v, 0, false, kNoLimit, "must be non-negative", c.params.temperature);
     }},
    {"top_p",
     [](const Json& v, SamplingChoice& c) {
       return read_real("top_p", v, 0, true, 1, "must be in (0, 1]", c.params.top_p);
     }},
    {"top_k",
     [](const Json& v, SamplingChoice& c) {
       return read_whole("top_k", v, -1, "must be 0 (disable), or at least 1", c.params.top_k);
     }},
    {"min_p",
     [](const Json& v, SamplingChoice& c) {
       return read_real("min_p", v, 0, false, 1, "must be in [0, 1]", c.params.min_p);
     }},
    {"presence_penalty",
     [](const Json& v, SamplingChoice& c) {
       return read_real("presence_penalty", v, -2, false, 2, "must be in [-2, 2]", c.params.presence_penalty);
     }},
    {"frequency_penalty",
     [](const Json& v, SamplingChoice& c) {
       return read_real("frequency_penalty", v, -2, false, 2, "must be in [-2, 2]",
                        c.params.frequency_penalty);
     }},
    {"repetition_penalty",
     [](const Json& v, SamplingChoice& c) {
       return read_real("repetition_penalty", v, 0, true, kNoLimit, "must be greater than zero",
                        c.params.repetition_penalty);
     }},
    {"max_tokens",
     [](const Json& v, SamplingChoice& c) {
       return read_whole("max_tokens", v, 1, "must be at least 1", c.max_tokens);
     }},
    {"min_tokens",
     [](const Json& v, SamplingChoice& c) {
       return read_whole("min_tokens", v, 0, "must be greater than or equal to 0", c.params.min_tokens);
     }},
    {"seed", read_seed},
    {"stop", read_stop},
    {"stop_token_ids",
     [](const Json& v, SamplingChoice& c) { return read_ids("stop_token_ids", v, c.params.stop_token_ids); }},
    {"ignore_eos",
     [](const Json& v, SamplingChoice& c) { return read_switch("ignore_eos", v, c.params.ignore_eos); }},
    {"include_stop_str_in_output",
     [](const Json& v, SamplingChoice& c) {
       return read_switch("include_stop_str_in_output", v, c.include_stop_str_in_output);
     }},
    {"skip_special_tokens",
     [](const Json& v, SamplingChoice& c) {
       return read_switch("skip_special_tokens", v, c.skip_special_tokens);
     }},
    {"detokenize",
     [](const Json& v, SamplingChoice& c) { return read_switch("detokenize", v, c.detokenize); }},
    {"logprobs",
     [](const Json& v, SamplingChoice& c) {
       return read_logprobs("logprobs", v, c.params.logprobs, c.all_logprobs);
     }},
    {"prompt_logprobs",
     [](const Json& v, SamplingChoice& c) {
       return read_logprobs("prompt_logprobs", v, c.params.prompt_logprobs, c.all_prompt_logprobs);
     }},
    {"logit_bias", read_logit_bias},
    {"allowed_token_ids", read_allowed},
};

const SamplingField* find_field(std::string_view name) {
  auto it = std::ranges::find(kFields, name, &SamplingField::name);
  return it == std::end(kFields) ? nullptr : it;
}

}  // namespace

bool is_sampling_field(std::string_view name) { return find_field(name) != nullptr; }

std::string field_of(const std::string& sentence) {
  if (sentence.starts_with("Requested sample logprobs")) return "logprobs";
  if (sentence.starts_with("Requested prompt logprobs")) return "prompt_logprobs";
  if (sentence.starts_with("the prompt")) return "prompt";
  const std::string word = sentence.substr(0, sentence.find(' '));
  return word == "prompt" || is_sampling_field(word) ? word : "";
}

Refusal read_sampling_field(std::string_view name, const Json& value, SamplingChoice& to) {
  const SamplingField* field = find_field(name);
  if (!field || value.is_null()) return {};
  return {field->read(value, to), std::string(name)};
}

Refusal read_sampling_fields(const Json::Object& fields, SamplingChoice& to) {
  for (const auto& [name, value] : fields)
    if (Refusal r = read_sampling_field(name, value, to)) return r;
  return {};
}

Refusal settle_sampling(int32_t vocab, SamplingChoice& c) {
  SamplingParams& p = c.params;
  if (!c.stop.empty() && !c.detokenize) return {"stop needs detokenize to be true.", "stop"};
  constexpr float kGreedyBelow = 1e-5f;
  if (p.temperature < kGreedyBelow) {
    if (c.n > 1) return {"n must be 1 when using greedy sampling, got " + std::to_string(c.n) + ".", "n"};
    p.temperature = 0, p.top_p = 1, p.top_k = 0, p.min_p = 0;
  }
  // Beyond these nothing changes but the danger of an overflow.
  p.repetition_penalty = std::clamp(p.repetition_penalty, 1e-10f, 1e10f);
  settle(p, {.vocab = vocab});
  return {};
}

}  // namespace quire
