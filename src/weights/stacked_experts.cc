#include "weights/stacked_experts.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace quire {
namespace {

// What hostile shapes may make us list: experts of a layer, matrices of the model.
constexpr int64_t kMostExperts = 4096;
constexpr size_t kMostSlices = 200'000;

class Unstacked : public Checkpoint {
 public:
  struct Slice {
    std::string_view whole;  // the stacked tensor's name
    std::array<int64_t, 2> shape{};
    size_t begin = 0, bytes = 0;
  };
  Unstacked(std::unique_ptr<Checkpoint> whole, std::map<std::string, Slice, std::less<>> slices)
      : whole_(std::move(whole)), slices_(std::move(slices)) {}

  std::optional<StoredTensor> find(std::string_view name) const override {
    const auto it = slices_.find(name);
    if (it == slices_.end()) return whole_->find(name);
    const auto t = whole_->find(it->second.whole);
    return StoredTensor{t->type, it->second.shape, t->bytes.subspan(it->second.begin, it->second.bytes)};
  }
  std::vector<std::string_view> names() const override {
    std::vector<std::string_view> all = whole_->names();
    for (const auto& [name, slice] : slices_) all.push_back(name);
    std::ranges::sort(all);
    return all;
  }
  const Json& config() const override { return whole_->config(); }
  const std::string& path() const override { return whole_->path(); }
  std::string where(std::string_view name) const override {
    const auto it = slices_.find(name);
    if (it == slices_.end()) return whole_->where(name);
    return whole_->where(it->second.whole) + " (its part " + std::string(name) + ")";
  }
  std::string identity() const override { return whole_->identity(); }
  void drop(std::string_view name) const override {
    if (!slices_.contains(name)) whole_->drop(name);
  }

 private:
  std::unique_ptr<Checkpoint> whole_;
  std::map<std::string, Slice, std::less<>> slices_;
};

}  // namespace

std::unique_ptr<Checkpoint> unstack_experts(std::unique_ptr<Checkpoint> whole) {
  std::map<std::string, Unstacked::Slice, std::less<>> slices;
  for (const std::string_view name : whole->names()) {
    const bool gate_up = name.ends_with(".experts.gate_up_proj"), down = name.ends_with(".experts.down_proj");
    if ((!gate_up && !down) || slices.size() >= kMostSlices) continue;
    const auto t = whole->find(name);
    if (t->shape.size() != 3 || t->shape[0] < 1 || t->shape[0] > kMostExperts || t->shape[1] < 1 ||
        (gate_up && t->shape[1] % 2 != 0))
      continue;
    const std::string prefix(name.substr(0, name.rfind('.') + 1));
    const size_t halves = gate_up ? 2 : 1;
    const size_t bytes = t->bytes.size() / static_cast<size_t>(t->shape[0]) /
                         halves;  // the file's reader has checked the product
    for (size_t e = 0; e < static_cast<size_t>(t->shape[0]); ++e)
      for (size_t half = 0; half < halves; ++half) {
        const char* kind = down ? "down_proj" : half == 0 ? "gate_proj" : "up_proj";
        slices[prefix + std::to_string(e) + "." + kind + ".weight"] = {
            name,
            {t->shape[1] / static_cast<int64_t>(halves), t->shape[2]},
            (e * halves + half) * bytes,
            bytes};
      }
  }
  if (slices.empty()) return whole;
  return std::make_unique<Unstacked>(std::move(whole), std::move(slices));
}

}  // namespace quire
