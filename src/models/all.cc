// Every family, in one table. Adding one is a file in families/ and a line here.
#include <algorithm>
#include <string>

#include "models/families/families.h"

namespace quire {
namespace {

constexpr Family kFamilies[] = {
    {"LlamaForCausalLM", llama},   {"MistralForCausalLM", mistral}, {"MixtralForCausalLM", mixtral},
    {"Qwen2ForCausalLM", qwen2},   {"Qwen3ForCausalLM", qwen3},     {"Qwen3MoeForCausalLM", qwen3_moe},
    {"Gemma2ForCausalLM", gemma2}, {"Gemma3ForCausalLM", gemma3},
};

std::string known() {
  std::string names;
  for (const Family& f : kFamilies) names += (names.empty() ? "" : ", ") + std::string(f.architecture);
  return names;
}

const Family* find_family(Fields& config) {
  const Json* list = config.find("architectures");
  const Json::Array* names = list ? list->array() : nullptr;
  const std::string* name = names && !names->empty() ? names->front().string() : nullptr;
  if (!name) {
    config.fail("architectures", "must be a list with the name of a model class; known are " + known() + ".");
    return nullptr;
  }
  const Family* f = std::ranges::find(kFamilies, std::string_view(*name), &Family::architecture);
  if (f != std::end(kFamilies)) return f;
  config.unknown("architectures", known());
  return nullptr;
}

// Settings that change what the numbers mean, whatever the family.
void refuse_other_numbers(Fields& config) {
  if (config.has("quantization_config")) {
    Fields q = config.object("quantization_config");
    config.fail("quantization_config", "(quant_method " + std::string(q.text("quant_method", "missing")) +
                                           ") is not supported: use the checkpoint before quantization.");
  }
  if (config.has("per_layer_config")) config.fail("per_layer_config", "is not supported.");
}

}  // namespace

Result<ModelSpec> read_spec(const Json& config, const std::string& where) {
  Status problem;
  Fields fields(config, where, problem);
  ModelSpec spec;
  if (const Family* f = fields.ok() ? find_family(fields) : nullptr) {
    refuse_other_numbers(fields);
    f->describe(fields, spec);
  }
  if (!problem.ok()) return problem;
  return spec;
}

}  // namespace quire
