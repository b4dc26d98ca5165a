// The class behind make_ref(). Each family of operations is a file of its own, as named below; what they
// share is in rows.h and cache.h.
#pragma once
#include "backend/backend.h"

namespace quire::ref {

class RefBackend final : public Backend {
 public:
  explicit RefBackend(const BackendOptions& options)
      : round_(options.round_like_cpu), round_inputs_(options.round_inputs) {}

  std::string_view name() const override { return "ref"; }
  bool synchronous() const override { return true; }
  int32_t threads() const override { return 1; }
  void enter() override {}
  DType activation() const override { return DType::kF32; }
  DType cache() const override { return round_ ? DType::kBF16 : DType::kF32; }

  uint64_t mark() override { return ++marks_; }
  bool reached(uint64_t) const override { return true; }
  Status wait(uint64_t) override { return {}; }
  StepShape fit(const StepShape& wanted) const override { return wanted; }
  void run(const StepShape&, function_ref<void()> body) override { body(); }

  // memory.cc
  size_t free_memory() const override;
  Result<void*> allocate(size_t bytes) override;
  Result<void*> allocate_host(size_t bytes) override;
  void release(void*) override;
  void upload(void* device, const void* host, size_t bytes) override;
  void download(void* host, const void* device, size_t bytes) override;
  void stage(const void* packed, size_t bytes) override;
  size_t kv_block_bytes(const KvSpec&, int32_t block_size, DType) const override;

  // weights.cc
  WeightLayout prefer(const WeightLayout& stored, int32_t out, int32_t in) const override;
  size_t weight_bytes(const Weight&) const override;
  int64_t weight_stride(const Weight&) const override;
  void load(const Weight& to, int32_t matrix, int32_t first, const Weight& rows) override;

  // rows.cc
  void embed(Mat out, const Weight& table, IntSpan tokens, const StepTables&, IntSpan last_token,
             float scale) override;
  void pick_rows(Mat out, Mat x, IntSpan rows) override;
  void softcap(Mat logits, float cap) override;
  void sum_ranks(Mat) override {}
  // norm.cc
  void norm(Mat out, Mat residual, Mat x, const Weight& w, const Norm&) override;
  // linear.cc
  void linear(Mat out, Mat x, const Weight& w) override;
  // place.cc
  void place_qkv(Mat qkv, const KvView&, const StepTables&, const Attention&, const Weight& q_norm,
                 const Weight& k_norm) override;
  // attend.cc
  void attend(Mat out, Mat q, const KvView&, const StepTables&, const Attention&) override;
  // mlp.cc
  void mlp_in(Mat out, Mat x, const Weight& gate_up, const Mlp&) override;
  // experts.cc
  void route(Mat weights, MutIntSpan experts, Mat logits, const Moe&) override;
  void experts(Mat out, Mat x, Mat weights, IntSpan experts, const Weight& gate_up, const Weight& down,
               const Moe&) override;
  // sample.cc
  void sample(Mat logits, const SampleArgs&) override;
  // score.cc
  void score(Mat logits, const ScoreArgs&) override;

 private:
  // x, or where inputs are rounded a copy in `room`.
  Mat inputs(Mat x, std::vector<float>& room) const;

  bool round_, round_inputs_;
  uint64_t marks_ = 0;
};

}  // namespace quire::ref
