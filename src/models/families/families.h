// One line per family; models/all.cc lists them. Each fills the spec from a config, in which it believes
// nothing: what is wrong is the Fields' first problem. Facts are from transformers 5, models/<family>/.
#pragma once
#include "base/fields.h"
#include "models/spec.h"

namespace quire {

void llama(Fields& config, ModelSpec& spec);
void mistral(Fields& config, ModelSpec& spec);
void mixtral(Fields& config, ModelSpec& spec);
void qwen2(Fields& config, ModelSpec& spec);
void qwen3(Fields& config, ModelSpec& spec);
void qwen3_moe(Fields& config, ModelSpec& spec);
void gemma2(Fields& config, ModelSpec& spec);
void gemma3(Fields& config, ModelSpec& spec);

}  // namespace quire
