// What each family makes of a config: its traits, both spellings, and what it refuses.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "models/inventory.h"
#include "models/spec.h"
#include "tests/models/expected.h"

namespace quire {
namespace {

using Changes = std::vector<std::pair<std::string, std::string>>;  // key, JSON text; empty text: leave it out

Json parsed(const std::string& text) {
  auto r = parse_json(text);
  REQUIRE_MESSAGE(r.ok(), text);
  return std::move(r).value();
}

Json config(const std::string& architecture, const Changes& changes) {
  Json c = parsed(R"({"vocab_size": 301, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 4,
                      "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 128,
                      "architectures": [")" +
                  architecture + "\"]}");
  for (const auto& [key, text] : changes) {
    std::erase_if(*c.object(), [&](const Json::Member& m) { return m.first == key; });
    if (!text.empty()) c.object()->emplace_back(key, parsed(text));
  }
  return c;
}

ModelSpec spec_of(const std::string& architecture, const Changes& changes = {}) {
  auto r = read_spec(config(architecture, changes), "config.json");
  REQUIRE_MESSAGE(r.ok(), r.status().message());
  return std::move(r).value();
}

std::string refusal(const std::string& architecture, const Changes& changes) {
  auto r = read_spec(config(architecture, changes), "config.json");
  return r.ok() ? "accepted" : r.status().message();
}

std::vector<int32_t> windows(const ModelSpec& m) {
  std::vector<int32_t> w;
  for (const Block& b : m.blocks) w.push_back(b.mix.window);
  return w;
}

bool same_rope(const Rope& a, const Rope& b) {
  return a.dim == b.dim && a.scale == b.scale && a.inv_freq == b.inv_freq;
}

const Rope& rope_of(const ModelSpec& m, size_t layer = 0) { return m.blocks[layer].mix.rope; }

using W = std::vector<int32_t>;

}  // namespace

// How many units in the last place a frequency may be from transformers'. Our powers differ by one; yarn
// mixes two of them, and llama3 subtracts numbers that are nearly equal, which magnifies a rounding as much
// as `factor` times.
float allowed_ulps(const Json& settings) {
  const Json* type = settings.find("rope_type") ? settings.find("rope_type") : settings.find("type");
  const std::string name = type && type->string() ? *type->string() : "";
  float most = name == "yarn" ? 4 : 2;
  if (name == "llama3") most = 4 * static_cast<float>(settings.find("factor")->real().value_or(1));
  for (const char* inside : {"rope_parameters", "rope_scaling", "full_attention", "sliding_attention"})
    if (const Json* j = settings.find(inside)) most = std::max(most, allowed_ulps(*j));
  return most;
}

TEST_CASE("every golden config is read, and its frequencies are transformers' to the last places") {
  for (const std::string& name : golden_cases()) {
    CAPTURE(name);
    auto json = read_json_file((goldens_folder() / name / "config.json").string());
    REQUIRE(json.ok());
    auto spec = read_spec(json.value(), name);
    REQUIRE_MESSAGE(spec.ok(), spec.status().message());
    const Expected e = read_expected(name);
    size_t at = 0, layer = 0;
    for (const Block& b : spec.value().blocks) {
      const Rope& r = b.mix.rope;
      CHECK(r.scale == doctest::Approx(e.rope_scale[layer]).epsilon(1e-7));
      ++layer;
      REQUIRE(at + static_cast<size_t>(r.dim / 2) <= e.inv_freq.size());
      for (int32_t i = 0; i < r.dim / 2; ++i, ++at) {
        const float want = e.inv_freq[at], ulp = std::nextafter(want, 2 * want) - want;
        CHECK(std::abs(r.inv_freq[static_cast<size_t>(i)] - want) <= ulp * allowed_ulps(json.value()));
      }
    }
    CHECK(at == e.inv_freq.size());
  }
}

TEST_CASE("an unknown architecture is refused by name with the list of what is known") {
  const std::string said = refusal("GPT2LMHeadModel", {});
  CHECK(said.find("architectures is [\"GPT2LMHeadModel\"]; known are LlamaForCausalLM, Mistral") !=
        std::string::npos);
  CHECK(refusal("", {{"architectures", ""}}).find("must be a list with the name of a model class") !=
        std::string::npos);
  CHECK(refusal("", {{"architectures", "[]"}}).find("known are LlamaForCausalLM") != std::string::npos);
  CHECK(refusal("", {{"architectures", "[3]"}}).find("known are LlamaForCausalLM") != std::string::npos);
  CHECK(!read_spec(parsed("[1]"), "config.json").ok());
}

TEST_CASE("Llama: defaults of fields that older files leave out") {
  const ModelSpec m = spec_of("LlamaForCausalLM", {{"head_dim", ""}, {"num_key_value_heads", ""}});
  CHECK(m.blocks.size() == 4);
  const Block& b = m.blocks[0];
  CHECK(b.mix.kv_heads == 4);
  CHECK(b.mix.head_dim == 16);
  CHECK(b.mix.scale == 0.25f);
  CHECK(b.mix.window == 0);
  CHECK(!b.qkv_bias);
  CHECK(!b.mlp_bias);
  CHECK(!m.tied_head);
  CHECK(b.before_mix.eps == 1e-6f);
  CHECK(!b.after_mix);
  CHECK(spec_of("LlamaForCausalLM", {{"num_key_value_heads", "null"}}).blocks[0].mix.kv_heads == 4);
  CHECK(spec_of("LlamaForCausalLM", {{"tie_word_embeddings", "true"}}).tied_head);
  const Block biased =
      spec_of("LlamaForCausalLM", {{"attention_bias", "true"}, {"mlp_bias", "true"}}).blocks[3];
  CHECK(biased.qkv_bias);
  CHECK(biased.out_bias);
  CHECK(biased.mlp_bias);
}

TEST_CASE("Mistral: null means no window, absent means 4096") {
  CHECK(windows(spec_of("MistralForCausalLM", {{"sliding_window", "null"}})) == W{0, 0, 0, 0});
  CHECK(windows(spec_of("MistralForCausalLM")) == W{4096, 4096, 4096, 4096});
  CHECK(windows(spec_of("MistralForCausalLM", {{"sliding_window", "10"}})) == W{10, 10, 10, 10});
  CHECK(spec_of("MistralForCausalLM", {{"head_dim", "20"}}).blocks[0].mix.head_dim == 20);
  CHECK(spec_of("MistralForCausalLM", {{"head_dim", "null"}}).blocks[0].mix.head_dim == 16);
  CHECK(refusal("MistralForCausalLM", {{"sliding_window", "10"}, {"layer_types", R"(["full_attention",
        "sliding_attention", "sliding_attention", "sliding_attention"])"}})
            .find("must be sliding_attention for all layers") != std::string::npos);
}

TEST_CASE("Qwen2: bias on q, k, v only; a window only where it is switched on") {
  const ModelSpec m = spec_of("Qwen2ForCausalLM", {{"sliding_window", "9"}, {"max_window_layers", "2"}});
  CHECK(m.blocks[0].qkv_bias);
  CHECK(!m.blocks[0].out_bias);
  CHECK(windows(m) == W{0, 0, 0, 0});
  const Changes on = {{"sliding_window", "9"}, {"max_window_layers", "2"}, {"use_sliding_window", "true"}};
  CHECK(windows(spec_of("Qwen2ForCausalLM", on)) == W{0, 0, 9, 9});
  Changes types = on;
  types.emplace_back("layer_types",
                     R"(["sliding_attention", "full_attention", "attention", "sliding_attention"])");
  CHECK(windows(spec_of("Qwen2ForCausalLM", types)) == W{9, 0, 0, 9});
  types.emplace_back("use_sliding_window", "false");
  CHECK(refusal("Qwen2ForCausalLM", types).find("layer 0 is sliding_attention") != std::string::npos);
}

TEST_CASE("Qwen3: norms on the heads") {
  const Block b = spec_of("Qwen3ForCausalLM", {{"rms_norm_eps", "1e-5"}}).blocks[1];
  CHECK(b.mix.q_norm.kind == Norm::Kind::kRms);
  CHECK(b.mix.k_norm.eps == 1e-5f);
  CHECK(!b.qkv_bias);
  CHECK(spec_of("Qwen3ForCausalLM", {{"head_dim", ""}}).blocks[0].mix.head_dim == 128);
  CHECK(spec_of("Qwen3ForCausalLM", {{"attention_bias", "true"}}).blocks[0].out_bias);
}

TEST_CASE("Qwen3-MoE: both spellings, which layers have experts, renormalization") {
  const Changes hub = {
      {"num_experts", "6"},         {"num_experts_per_tok", "2"},   {"moe_intermediate_size", "20"},
      {"decoder_sparse_step", "2"}, {"mlp_only_layers", "[1, 77]"}, {"norm_topk_prob", "true"}};
  const ModelSpec m = spec_of("Qwen3MoeForCausalLM", hub);
  CHECK(std::holds_alternative<Mlp>(m.blocks[0].mlp));
  CHECK(std::holds_alternative<Mlp>(m.blocks[1].mlp));
  CHECK(std::holds_alternative<Mlp>(m.blocks[2].mlp));
  const Moe* e = std::get_if<Moe>(&m.blocks[3].mlp);
  REQUIRE(e);
  CHECK(e->experts == 6);
  CHECK(e->per_token == 2);
  CHECK(e->width == 20);
  CHECK(e->renormalize);
  const ModelSpec five =
      spec_of("Qwen3MoeForCausalLM", {{"num_local_experts", "5"}, {"num_experts_per_tok", "2"}});
  const Moe* f = std::get_if<Moe>(&five.blocks[0].mlp);
  REQUIRE(f);
  CHECK(f->experts == 5);
  CHECK(!f->renormalize);
  CHECK(f->width == 768);
  CHECK(std::holds_alternative<Mlp>(spec_of("Qwen3MoeForCausalLM", {{"num_experts", "0"}}).blocks[0].mlp));
  CHECK(
      refusal("Qwen3MoeForCausalLM", {{"num_experts", "4"}, {"num_local_experts", "5"}}).find("must agree") !=
      std::string::npos);
  CHECK(refusal("Qwen3MoeForCausalLM", {{"num_experts", "4"}, {"num_experts_per_tok", "5"}})
            .find("num_experts_per_tok (5) must be at most the number of experts (4)") != std::string::npos);
  CHECK(refusal("Qwen3MoeForCausalLM", {{"decoder_sparse_step", "0"}}).find("decoder_sparse_step") !=
        std::string::npos);
  CHECK(refusal("Qwen3MoeForCausalLM", {{"mlp_only_layers", "[-1]"}}).find("mlp_only_layers") !=
        std::string::npos);
  CHECK(refusal("Qwen3MoeForCausalLM", {{"mlp_only_layers", "3"}}).find("mlp_only_layers") !=
        std::string::npos);
}

TEST_CASE("Mixtral: experts everywhere, renormalized, no window unless told") {
  const ModelSpec m = spec_of("MixtralForCausalLM", {{"num_local_experts", "4"}});
  const Moe* e = std::get_if<Moe>(&m.blocks[0].mlp);
  REQUIRE(e);
  CHECK(e->experts == 4);
  CHECK(e->per_token == 2);
  CHECK(e->width == 96);
  CHECK(e->renormalize);
  CHECK(m.blocks[0].mix.window == 0);
  CHECK(m.final_norm.eps == 1e-5f);
  CHECK(same_rope(rope_of(m), rope_of(spec_of("MixtralForCausalLM", {{"rope_theta", "1000000"}}))));
  CHECK(refusal("MixtralForCausalLM", {{"num_local_experts", "0"}}).find("num_local_experts") !=
        std::string::npos);
}

TEST_CASE("Gemma 2: caps, four norms, every other window, a scaled embedding, tied unless told") {
  const ModelSpec m =
      spec_of("Gemma2ForCausalLM",
              {{"sliding_window", "9"}, {"query_pre_attn_scalar", "64"}, {"attn_logit_softcapping", "7"}});
  CHECK(m.tied_head);
  CHECK(m.embed_scale == 8.0f);
  CHECK(m.logit_softcap == 30.0f);
  CHECK(windows(m) == W{9, 0, 9, 0});
  const Block& b = m.blocks[0];
  CHECK(b.mix.scale == 0.125f);
  CHECK(b.mix.softcap == 7.0f);
  CHECK(b.before_mlp.plus_one);
  CHECK(b.after_mix.plus_one);
  CHECK(b.after_mlp.plus_one);
  CHECK(m.final_norm.plus_one);
  CHECK(std::get<Mlp>(b.mlp).act == Act::kGeluTanh);
  const ModelSpec bare =
      spec_of("Gemma2ForCausalLM", {{"attn_logit_softcapping", "null"}, {"final_logit_softcapping", "null"}});
  CHECK(bare.logit_softcap == 0.0f);
  CHECK(bare.blocks[0].mix.softcap == 0.0f);
  CHECK(refusal("Gemma2ForCausalLM", {{"sliding_window", "null"}}).find("sliding_window is needed") !=
        std::string::npos);
  CHECK(refusal("Gemma2ForCausalLM", {{"final_logit_softcapping", "0"}}).find("final_logit_softcapping") !=
        std::string::npos);
}

TEST_CASE("Gemma 3: two rotary bases, head norms, the pattern of windows, in both spellings") {
  const Changes hub = {
      {"num_hidden_layers", "3"},       {"sliding_window", "12"},
      {"sliding_window_pattern", "2"},  {"rope_theta", "50000"},
      {"rope_local_base_freq", "2000"}, {"rope_scaling", R"({"rope_type": "linear", "factor": 4})"}};
  const ModelSpec m = spec_of("Gemma3ForCausalLM", hub);
  CHECK(windows(m) == W{12, 0, 12});
  CHECK(m.blocks[0].mix.q_norm.plus_one);
  CHECK(m.blocks[0].mix.k_norm.plus_one);
  CHECK(m.blocks[0].mix.softcap == 0.0f);
  CHECK(m.logit_softcap == 0.0f);
  CHECK(m.tied_head);
  CHECK(same_rope(rope_of(m, 0), rope_of(spec_of("LlamaForCausalLM", {{"rope_theta", "2000"}}))));
  CHECK(
      same_rope(rope_of(m, 1), rope_of(spec_of("LlamaForCausalLM", {{"rope_theta", "50000"}, hub.back()}))));
  const ModelSpec five = spec_of(
      "Gemma3ForCausalLM",
      {{"num_hidden_layers", "3"},
       {"sliding_window", "12"},
       {"sliding_window_pattern", "6"},
       {"layer_types", R"(["sliding_attention", "full_attention", "sliding_attention"])"},
       {"rope_parameters", R"({"full_attention": {"rope_type": "linear", "factor": 4, "rope_theta": 50000},
                              "sliding_attention": {"rope_type": "default", "rope_theta": 2000}})"}});
  CHECK(windows(five) == windows(m));
  for (size_t i = 0; i < 3; ++i) CHECK(same_rope(rope_of(five, i), rope_of(m, i)));
  const ModelSpec bare = spec_of("Gemma3ForCausalLM", {{"num_hidden_layers", "7"}});
  CHECK(windows(bare) == W{4096, 4096, 4096, 4096, 4096, 0, 4096});
  CHECK(same_rope(rope_of(bare, 5), rope_of(spec_of("LlamaForCausalLM", {{"rope_theta", "1000000"}}))));
  CHECK(same_rope(rope_of(bare, 0), rope_of(spec_of("LlamaForCausalLM"))));
  CHECK(refusal("Gemma3ForCausalLM", {{"rope_parameters", R"({"rope_type": "linear", "factor": 8})"}})
            .find("must hold settings by layer type") != std::string::npos);
  CHECK(refusal("Gemma3ForCausalLM", {{"attn_logit_softcapping", "50"}}).find("must be null") !=
        std::string::npos);
  CHECK(refusal("Gemma3ForCausalLM", {{"sliding_window_pattern", "0"}}).find("sliding_window_pattern") !=
        std::string::npos);
}

TEST_CASE("a family's own names of a tensor replace the common one, and may be several") {
  using Names = std::vector<std::string>;
  const ModelSpec gemma = spec_of("Gemma2ForCausalLM"), mixtral = spec_of("MixtralForCausalLM");
  CHECK(spellings(gemma, {.ours = "layers.{}.before_mlp", .layer = 3}) ==
        Names{"model.layers.3.pre_feedforward_layernorm"});
  CHECK(spellings(gemma, {.ours = "layers.{}.after_mix", .layer = 3}) ==
        Names{"model.layers.3.post_attention_layernorm"});
  CHECK(spellings(gemma, {.ours = "embed"}) == Names{"model.embed_tokens"});
  CHECK(spellings(mixtral, {.ours = "layers.{}.experts.{e}.up", .layer = 1, .expert = 7}) ==
        Names{"model.layers.1.block_sparse_moe.experts.7.w3", "model.layers.1.mlp.experts.7.up_proj"});
}

TEST_CASE("rotary settings in old and new spellings are the same frequencies") {
  const std::string llama3 =
      R"("factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 32)";
  const auto inside =
      spec_of("LlamaForCausalLM",
              {{"rope_parameters", R"({"rope_type": "llama3", "rope_theta": 500000, )" + llama3 + "}"}});
  const auto type = spec_of("LlamaForCausalLM", {{"rope_theta", "500000.0"},
                                                 {"rope_scaling", R"({"type": "llama3", )" + llama3 + "}"}});
  const auto rope_type =
      spec_of("LlamaForCausalLM",
              {{"rope_theta", "500000"}, {"rope_scaling", R"({"rope_type": "llama3", )" + llama3 + "}"}});
  const auto plain = spec_of("LlamaForCausalLM", {{"rope_theta", "500000"}, {"rope_scaling", "null"}});
  CHECK(same_rope(rope_of(inside), rope_of(type)));
  CHECK(same_rope(rope_of(inside), rope_of(rope_type)));
  CHECK(!same_rope(rope_of(inside), rope_of(plain)));
  // Nested by layer type, one set for each.
  const auto nested =
      spec_of("Qwen3ForCausalLM",
              {{"use_sliding_window", "true"},
               {"max_window_layers", "2"},
               {"rope_parameters",
                R"({"full_attention": {"rope_theta": 500000}, "sliding_attention": {"rope_theta": 1000}})"}});
  CHECK(same_rope(rope_of(nested, 0), rope_of(plain)));
  CHECK(same_rope(rope_of(nested, 3), rope_of(spec_of("LlamaForCausalLM", {{"rope_theta", "1000"}}))));
}

TEST_CASE("rotary settings that are unknown or hostile are refused by name") {
  auto said = [](const std::string& settings) {
    return refusal("LlamaForCausalLM", {{"rope_scaling", settings}});
  };
  CHECK(said(R"({"type": "ntk"})") ==
        "config.json: rope_scaling: type is \"ntk\"; known are default, linear, llama3 and yarn.");
  CHECK(said(R"({"rope_type": "longrope", "type": "su"})").find("rope_type is \"longrope\"") !=
        std::string::npos);
  CHECK(said(R"({"rope_type": "dynamic", "factor": 2})").find("known are") != std::string::npos);
  CHECK(said(R"({"rope_type": "linear"})").find("factor is missing") != std::string::npos);
  for (const char* factor : {"0", "-1", "1e308", "\"NaN\"", "[]", "true"}) {
    CAPTURE(factor);
    CHECK(said(R"({"rope_type": "linear", "factor": )" + std::string(factor) + "}")
              .find("rope_scaling: factor must be a number in") != std::string::npos);
  }
  CHECK(said(R"({"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4})")
            .find("high_freq_factor must be greater than low_freq_factor") != std::string::npos);
  CHECK(said(R"({"rope_type": "yarn", "factor": 2, "original_max_position_embeddings": 0})")
            .find("original_max") != std::string::npos);
  CHECK(said(R"({"rope_type": "default", "partial_rotary_factor": 0.5})")
            .find("partial_rotary_factor must be 1") != std::string::npos);
  CHECK(said("7").find("rope_scaling must be an object") != std::string::npos);
  CHECK(refusal("LlamaForCausalLM", {{"rope_theta", "0"}}).find("rope_theta must be a number in") !=
        std::string::npos);
  CHECK(refusal("LlamaForCausalLM", {{"rope_theta", "-1e308"}}).find("rope_theta") != std::string::npos);
}

TEST_CASE("hostile numbers give one sentence that names the field and what is allowed") {
  struct Case {
    Changes changes;
    std::string says;
  };
  const std::vector<Case> cases = {
      {{{"num_attention_heads", "0"}}, "num_attention_heads must be an integer in [1, "},
      {{{"num_attention_heads", "-4"}}, "num_attention_heads must be an integer in [1, "},
      {{{"num_attention_heads", "5"}, {"num_key_value_heads", "1"}, {"head_dim", ""}},
       "does not divide hidden_size (64 / 5)"},
      {{{"num_attention_heads", "3"}}, "num_key_value_heads (2) must divide num_attention_heads (3)"},
      {{{"num_key_value_heads", "0"}}, "num_key_value_heads must be an integer in [1, "},
      {{{"num_key_value_heads", "8"}}, "num_key_value_heads (8) must divide num_attention_heads (4)"},
      {{{"head_dim", "2147483648"}}, "head_dim must be an integer in [2, "},
      {{{"head_dim", "15"}}, "head_dim (15) must be even"},
      {{{"head_dim", "0"}}, "head_dim must be an integer in [2, "},
      {{{"head_dim", ""}, {"num_attention_heads", "64"}},
       "head_dim would be hidden_size / num_attention_heads = 64 / 64"},
      {{{"num_hidden_layers", "-1"}}, "num_hidden_layers must be an integer in [1, "},
      {{{"num_hidden_layers", "2147483647"}}, "num_hidden_layers must be an integer in [1, "},
      {{{"vocab_size", "8589934592"}}, "vocab_size must be an integer in [1, "},
      {{{"vocab_size", "301.5"}}, "vocab_size must be an integer in [1, "},
      {{{"vocab_size", ""}}, "vocab_size is missing"},
      {{{"hidden_size", "9223372036854775808"}}, "hidden_size must be an integer in [1, "},
      {{{"hidden_size", "\"64\""}}, "hidden_size must be an integer in [1, "},
      {{{"hidden_size", "[[[[64]]]]"}}, "hidden_size must be an integer in [1, "},
      {{{"intermediate_size", "null"}}, "intermediate_size is missing"},
      {{{"max_position_embeddings", "0"}}, "max_position_embeddings must be an integer in [1, "},
      {{{"rms_norm_eps", "-1e-5"}}, "rms_norm_eps must be a number in [0, 1]"},
      {{{"tie_word_embeddings", "1"}}, "tie_word_embeddings must be true or false"},
      {{{"hidden_act", "\"mish\""}}, "hidden_act is \"mish\"; known are silu, "},
      {{{"hidden_act", "3"}}, "hidden_act must be a string"},
      {{{"layer_types", R"(["linear_attention", "full_attention", "full_attention", "full_attention"])"}},
       "layer_types holds \"linear_attention\"; known are full_attention and sliding_attention."},
      {{{"layer_types", "[\"full_attention\"]"}},
       "layer_types must be a list of num_hidden_layers (4) names"},
      {{{"layer_types", "[1, 2, 3, 4]"}}, "layer_types holds 1; known are"},
      {{{"quantization_config", R"({"quant_method": "gptq", "bits": 4})"}},
       "quantization_config (quant_method gptq) is not supported"},
      {{{"quantization_config", "3"}}, "quantization_config must be an object"},
  };
  for (const Case& c : cases) {
    const std::string said = refusal("LlamaForCausalLM", c.changes);
    CAPTURE(said);
    CHECK(said.starts_with("config.json: "));
    CHECK(said.find(c.says) != std::string::npos);
    CHECK(said.ends_with("."));
    CHECK(said.size() < 300);
  }
}

TEST_CASE("every family refuses every hostile value of every field without falling over") {
  const std::vector<std::string> fields = {"vocab_size",
                                           "hidden_size",
                                           "intermediate_size",
                                           "num_hidden_layers",
                                           "num_attention_heads",
                                           "num_key_value_heads",
                                           "head_dim",
                                           "max_position_embeddings",
                                           "rms_norm_eps",
                                           "rope_theta",
                                           "rope_scaling",
                                           "rope_parameters",
                                           "sliding_window",
                                           "layer_types",
                                           "max_window_layers",
                                           "num_experts",
                                           "num_local_experts",
                                           "num_experts_per_tok",
                                           "moe_intermediate_size",
                                           "decoder_sparse_step",
                                           "mlp_only_layers",
                                           "query_pre_attn_scalar",
                                           "attn_logit_softcapping",
                                           "final_logit_softcapping",
                                           "hidden_activation",
                                           "sliding_window_pattern"};
  const std::vector<std::string> values = {"0",
                                           "-1",
                                           "2147483648",
                                           "8589934592",
                                           "-9223372036854775809",
                                           "1e308",
                                           "0.5",
                                           "\"x\"",
                                           "[]",
                                           "{}",
                                           "[[]]",
                                           "true",
                                           "null",
                                           "{\"full_attention\": 3}",
                                           "{\"full_attention\": null}",
                                           "{\"rope_type\": []}"};
  int refused = 0;
  for (const char* family :
       {"LlamaForCausalLM", "MistralForCausalLM", "MixtralForCausalLM", "Qwen2ForCausalLM",
        "Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "Gemma2ForCausalLM", "Gemma3ForCausalLM"})
    for (const std::string& field : fields)
      for (const std::string& value : values) {
        const std::string said = refusal(family, {{"use_sliding_window", "true"}, {field, value}});
        if (said == "accepted") continue;  // a field that the family has not, or a value that it may have
        ++refused;
        CHECK(said.starts_with("config.json: "));
        CHECK(said.ends_with("."));
      }
  CHECK(refused > 1000);
}

TEST_CASE("auto_map is ignored: no code comes from a model folder") {
  CHECK(spec_of("LlamaForCausalLM", {{"auto_map", R"({"AutoModelForCausalLM": "evil.Model"})"}})
            .blocks.size() == 4);
}

}  // namespace quire
