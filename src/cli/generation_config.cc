#include "cli/generation_config.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "base/json.h"
#include "serve/generation/json_field.h"

namespace quire {
namespace {

// Their names there, and ours.
constexpr std::pair<std::string_view, std::string_view> kTaken[] = {
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"top_k", "top_k"},
    {"min_p", "min_p"},
    {"repetition_penalty", "repetition_penalty"},
    {"max_new_tokens", "max_tokens"},
};

// A field of the config, or of the text part of a config that has several parts.
const Json* find_in_config(const Json& config, std::string_view key) {
  const Json* v = config.find(key);
  if (v && !v->is_null()) return v;
  const Json* text = config.find("text_config");
  return text ? text->find(key) : nullptr;
}

// A number or a list of numbers; null, and the -1 of some configs, are none.
Status take_eos(const Json* value, const std::string& where, int64_t vocab, std::vector<Token>& to) {
  if (!value || value->is_null()) return {};
  const Json::Array alone = {*value};
  for (const Json& item : value->array() ? *value->array() : alone) {
    const std::optional<int64_t> id = item.integer();
    if (!id)
      return {Code::kInvalidArgument,
              where + ": eos_token_id must be a token id or a list of them, got " + shown(*value) + "."};
    if (*id < 0 || *id >= vocab || std::ranges::count(to, *id)) continue;
    to.push_back(static_cast<Token>(*id));
  }
  return {};
}

Result<Json> read_object(const std::string& path) {
  Result<Json> json = read_json_file(path, int64_t{16} << 20);
  if (json.ok() && !json.value().object())
    return Status(Code::kInvalidArgument, path + ": is not a JSON object.");
  return json;
}

}  // namespace

Result<GenerationConfig> read_generation_config(const std::string& folder, const std::string& source) {
  GenerationConfig result;
  const bool elsewhere = source != "auto" && source != "vllm";
  const std::string path = (elsewhere ? source : folder) + "/generation_config.json";
  int64_t vocab = std::numeric_limits<Token>::max();
  std::error_code ignored;
  Result<Json> config = read_object(folder + "/config.json");
  if (!config.ok()) return config.status();
  if (const Json* v = find_in_config(config.value(), "vocab_size"); v && v->integer())
    vocab = std::min(vocab, *v->integer());

  if (elsewhere || std::filesystem::exists(path, ignored)) {
    Result<Json> json = read_object(path);
    if (!json.ok()) return json.status();
    if (Status s = take_eos(json.value().find("eos_token_id"), path, vocab, result.eos); !s.ok()) return s;
    for (const auto& [theirs, ours] : kTaken) {
      const Json* value = source == "vllm" ? nullptr : json.value().find(theirs);
      if (!value) continue;
      if (Refusal r = read_sampling_field(ours, *value, result.defaults))
        return Status(
            Code::kInvalidArgument,
            path + ": " + r.message + " Correct it, or pass --generation-config vllm to do without.");
    }
  }
  if (Status s = take_eos(find_in_config(config.value(), "eos_token_id"), folder + "/config.json", vocab,
                          result.eos);
      !s.ok())
    return s;
  return result;
}

}  // namespace quire
