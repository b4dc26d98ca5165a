#include "models/families/windows.h"

#include <string>
#include <vector>

namespace quire {
namespace {

constexpr int32_t kMostWindow = 1 << 27;

// One entry per layer: is it sliding? Empty if the config has no layer_types.
std::vector<bool> read_layer_types(Fields& c, size_t layers) {
  std::vector<bool> sliding;
  const Json* types = c.find("layer_types");
  if (!types) return sliding;
  if (!types->array() || types->array()->size() != layers) {
    c.fail("layer_types", "must be a list of num_hidden_layers (" + std::to_string(layers) + ") names.");
    return sliding;
  }
  for (const Json& t : *types->array()) {
    const std::string* name = t.string();
    if (name && *name == "sliding_attention") {
      sliding.push_back(true);
    } else if (name && (*name == "full_attention" || *name == "attention")) {
      sliding.push_back(false);
    } else {
      std::string found;
      append_json(t, found);
      c.fail("layer_types",
             "holds " + found.substr(0, 60) + "; known are full_attention and sliding_attention.");
      sliding.push_back(false);
    }
  }
  return sliding;
}

}  // namespace

int32_t read_window(Fields& c, int32_t otherwise) {
  return c.integer("sliding_window", 1, kMostWindow, c.is_null("sliding_window") ? 0 : otherwise);
}

void same_window(Fields& c, int32_t window, ModelSpec& m) {
  for (Block& b : m.blocks) b.mix.window = window;
  for (const bool sliding : read_layer_types(c, m.blocks.size()))
    if (sliding != (window > 0))
      c.fail("layer_types", std::string("must be ") + (window > 0 ? "sliding_attention" : "full_attention") +
                                " for all layers: this architecture treats them alike.");
}

void windows_by_layer(Fields& c, int32_t window, function_ref<bool(int32_t)> pattern, const RopeSource& rope,
                      ModelSpec& m) {
  const std::vector<bool> types = read_layer_types(c, m.blocks.size());
  for (size_t i = 0; i < m.blocks.size(); ++i) {
    Attention& a = m.blocks[i].mix;
    if (!(types.empty() ? pattern(static_cast<int32_t>(i)) : types[i])) continue;
    if (window == 0)
      c.fail("sliding_window",
             "is needed: layer " + std::to_string(i) + " is sliding_attention, and no window is in use.");
    a.window = window;
    a.rope = read_rope(c, a.head_dim, rope);
  }
}

void windows_if_switched_on(Fields& c, ModelSpec& m) {
  const int32_t window = c.flag("use_sliding_window", false) ? read_window(c, 4096) : 0;
  const int32_t first = c.integer("max_window_layers", 0, kMostWindow, 28);
  windows_by_layer(
      c, window, [&](int32_t i) { return window > 0 && i >= first; }, {.layer_type = "sliding_attention"}, m);
}

}  // namespace quire
