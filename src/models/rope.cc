#include "models/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace quire {
namespace {

constexpr float kLeastFactor = 1.0f / 1024, kMostFactor = 1e6f;
constexpr int32_t kMostPositions = 1 << 27;
constexpr double kPi = std::numbers::pi;

// theta ^ (2i / dim): the exponent is rounded to f32 before the power, as a tensor of exponents is.
float turn_length(float theta, int32_t i, int32_t dim) {
  const float exponent = static_cast<float>(2 * i) / static_cast<float>(dim);
  return static_cast<float>(std::pow(static_cast<double>(theta), static_cast<double>(exponent)));
}

// The length that the model was first trained for. On top of the config it beats the settings' own.
float trained_length(Fields& config, Fields& settings, const RopeSource& source) {
  const std::string_view key = "original_max_position_embeddings";
  Fields& from = !source.by_type && config.has(key) ? config : settings;
  if (from.has(key)) return static_cast<float>(from.integer(key, 1, kMostPositions));
  return static_cast<float>(config.integer("max_position_embeddings", 1, kMostPositions));
}

void scale_linear(Fields& settings, Rope& r) {
  const float factor = settings.number("factor", kLeastFactor, kMostFactor);
  for (int32_t i = 0; i < r.dim / 2; ++i) r.inv_freq[i] /= factor;
}

// Long wavelengths are stretched by `factor`, short ones are kept, between them a mixture.
void scale_llama3(Fields& settings, float length, Rope& r) {
  const float factor = settings.number("factor", kLeastFactor, kMostFactor);
  const float low = settings.number("low_freq_factor", kLeastFactor, kMostFactor);
  const float high = settings.number("high_freq_factor", kLeastFactor, kMostFactor);
  if (high <= low) settings.fail("high_freq_factor", "must be greater than low_freq_factor.");
  if (!settings.ok()) return;
  for (int32_t i = 0; i < r.dim / 2; ++i) {
    float& f = r.inv_freq[i];
    const float wave = static_cast<float>(2 * kPi) / f;
    if (wave < length / high) continue;
    const float keep = (length / wave - low) / (high - low);
    f = wave > length / low ? f / factor : (1 - keep) * f / factor + keep * f;
  }
}

double yarn_magnitude(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

// From the pair that turns beta_fast times in the trained length to the one that turns beta_slow times, a
// ramp from kept to stretched frequencies; sine and cosine grow with the factor.
void scale_yarn(Fields& config, Fields& settings, float length, float theta, Rope& r) {
  float factor = settings.number("factor", kLeastFactor, kMostFactor, 0.0f);
  if (factor == 0)
    factor = static_cast<float>(config.integer("max_position_embeddings", 1, kMostPositions)) / length;
  const float mscale = settings.number("mscale", 0.0f, kMostFactor, 0.0f);
  const float mscale_all = settings.number("mscale_all_dim", 0.0f, kMostFactor, 0.0f);
  double magnitude = yarn_magnitude(factor, 1);
  if (mscale > 0 && mscale_all > 0)
    magnitude = yarn_magnitude(factor, mscale) / yarn_magnitude(factor, mscale_all);
  r.scale = settings.number("attention_factor", 0.0f, kMostFactor, static_cast<float>(magnitude));
  float fast = settings.number("beta_fast", 0.0f, kMostFactor, 32.0f);
  float slow = settings.number("beta_slow", 0.0f, kMostFactor, 1.0f);
  if (fast == 0) fast = 32.0f;  // as if left out
  if (slow == 0) slow = 1.0f;
  const bool truncate = settings.flag("truncate", true);
  if (!settings.ok()) return;

  auto pair_that_turns = [&](float times) {
    return r.dim * std::log(static_cast<double>(length) / (times * 2 * kPi)) /
           (2 * std::log(static_cast<double>(theta)));
  };
  double first = pair_that_turns(fast), last = pair_that_turns(slow);
  if (truncate) first = std::floor(first), last = std::ceil(last);
  first = std::max(first, 0.0), last = std::min(last, r.dim - 1.0);
  if (first == last) last += 0.001;
  for (int32_t i = 0; i < r.dim / 2; ++i) {
    const float ramp = (static_cast<float>(i) - static_cast<float>(first)) / static_cast<float>(last - first);
    const float keep = 1 - std::clamp(ramp, 0.0f, 1.0f);
    const float turn = turn_length(theta, i, r.dim);
    r.inv_freq[i] = 1 / (factor * turn) * (1 - keep) + 1 / turn * keep;
  }
}

}  // namespace

Rope read_rope(Fields& config, int32_t dim, const RopeSource& source) {
  Rope r{.dim = dim};
  const Json* old = config.find("rope_scaling");
  if (old && old->object() && old->object()->empty()) old = nullptr;
  if (source.by_type && old && config.has("rope_parameters"))
    config.fail("rope_scaling", "and rope_parameters are both there; keep one.");
  const bool scaling = old && (!source.by_type || source.layer_type == "full_attention");
  Fields outer = config.object(scaling ? "rope_scaling" : "rope_parameters");
  const bool nested = outer.has("full_attention") || outer.has("sliding_attention");
  const bool flat = outer.has("rope_type") || outer.has("type") || outer.has("rope_theta");
  if (flat && !nested && source.by_type && !scaling)
    config.fail("rope_parameters", "must hold settings by layer type: full_attention and sliding_attention.");
  if (nested && !source.by_type && !outer.has(source.layer_type))
    outer.fail(source.layer_type, "is missing, and a layer of that type needs it.");
  Fields inner = outer.object(source.layer_type);
  Fields& settings = nested ? inner : outer;

  const std::string type(settings.text("rope_type", settings.text("type", "default")));
  const float theta = settings.has("rope_theta")
                          ? settings.number("rope_theta", 2.0f, 1e12f)
                          : config.number(source.theta_field, 2.0f, 1e12f, source.theta);
  Fields& rotary = settings.has("partial_rotary_factor") ? settings : config;
  if (rotary.number("partial_rotary_factor", 0.0f, 1.0f, 1.0f) != 1)
    rotary.fail("partial_rotary_factor", "must be 1: this architecture rotates whole heads.");
  if (!config.ok()) return r;

  for (int32_t i = 0; i < dim / 2; ++i) r.inv_freq[i] = 1 / turn_length(theta, i, dim);
  if (type == "linear") {
    scale_linear(settings, r);
  } else if (type == "llama3") {
    scale_llama3(settings, trained_length(config, settings, source), r);
  } else if (type == "yarn") {
    scale_yarn(config, settings, trained_length(config, settings, source), theta, r);
  } else if (type != "default") {
    settings.unknown(settings.has("rope_type") ? "rope_type" : "type", "default, linear, llama3 and yarn");
  }
  return r;
}

}  // namespace quire
