// The class behind make_cpu(). It checks what an operation is given, cuts it into tiles and hands them to the
// threads; what a tile computes is the kernels' (kernels.h). Each family of operations is a file of its own,
// as named below.
#pragma once
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "backends/cpu/levels.h"
#include "backends/cpu/product_of.h"
#include "base/thread_pool.h"

namespace quire::cpu {

// What one thread needs to sample or score a line.
struct LineScratch {
  struct Candidate {
    float value;
    int32_t token;
    float p;  // e^(value - the largest)
  };
  std::vector<float> maxima, sums, edited, values;
  std::vector<int32_t> ids;
  std::vector<Candidate> left;

  // Room for whatever a line of so many tokens may need, so that no thread allocates in a warm step,
  // whichever lines it happens to take.
  void reserve(size_t vocab) {
    for (auto* v : {&maxima, &sums, &edited, &values}) v->reserve(vocab);
    ids.reserve(vocab);
    left.reserve(vocab);
  }
};

class CpuBackend final : public Backend {
 public:
  CpuBackend(const Level& level, int32_t threads);
  ~CpuBackend() override;

  std::string_view name() const override { return "cpu"; }
  bool synchronous() const override { return true; }
  int32_t threads() const override { return pool_.threads(); }
  void enter() override;
  DType activation() const override { return DType::kF32; }
  DType cache() const override { return DType::kBF16; }

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

  // weights.cc
  WeightLayout prefer(const WeightLayout& stored, int32_t out, int32_t in) const override;
  size_t weight_bytes(const Weight&) const override;
  int64_t weight_stride(const Weight&) const override;
  void load(const Weight& to, int32_t matrix, int32_t first, const Weight& rows) override;

  // rows.cc
  void embed(Mat out, const Weight& table, IntSpan tokens, const StepTables&, IntSpan last_token,
             float scale) override;
  void norm(Mat out, Mat residual, Mat x, const Weight& w, const Norm&) override;
  void pick_rows(Mat out, Mat x, IntSpan rows) override;
  void softcap(Mat logits, float cap) override;
  void sum_ranks(Mat) override {}
  // products.cc
  void linear(Mat out, Mat x, const Weight& w) override;
  void mlp_in(Mat out, Mat x, const Weight& gate_up, const Mlp&) override;
  // experts.cc
  void route(Mat weights, MutIntSpan experts, Mat logits, const Moe&) override;
  void experts(Mat out, Mat x, Mat weights, IntSpan experts, const Weight& gate_up, const Weight& down,
               const Moe&) override;
  // attention.cc
  size_t kv_block_bytes(const KvSpec&, int32_t block_size, DType) const override;
  void place_qkv(Mat qkv, const KvView&, const StepTables&, const Attention&, const Weight& q_norm,
                 const Weight& k_norm) override;
  void attend(Mat out, Mat q, const KvView&, const StepTables&, const Attention&) override;
  // sample.cc
  void sample(Mat logits, const SampleArgs&) override;
  // score.cc
  void score(Mat logits, const ScoreArgs&) override;

 private:
  // Hands tiles to the threads, or does them here if there is too little to do: about so many products and
  // sums altogether.
  void share(int32_t tiles, int64_t work, ThreadPool::Body body);
  // At least `floats` for each thread until the next call; what was there is lost.
  void reserve_scratch(int64_t floats);
  void reserve_lines(const Mat& logits) {
    for (LineScratch& s : lines_) s.reserve(static_cast<size_t>(logits.cols));
  }
  float* scratch(int32_t worker) { return scratch_ + worker * scratch_floats_; }

  // Rows as products take them, until the next call; `row` says which row of x is meant, null: the same.
  PackedRows pack_rows(Mat x, int32_t blocks, function_ref<RowBlock(int32_t)> block,
                       const int32_t* row = nullptr);

  // Tokens whose pieces are shared out, for where there are few and threads would have nothing to do.
  void attend_pieces(const Attend& g, int32_t tokens, function_ref<AttendTokens(int32_t)> token,
                     int64_t work);

  // Rows of one expert, or a part of them, as experts() sorts them.
  struct ExpertRows {
    int32_t expert, first, count;
  };
  void sort_by_expert(IntSpan experts, Mat weights, const Moe& m);

  const Kernels& k_;
  const std::vector<int32_t> cores_;  // of the threads; empty: they go where the system puts them
  ThreadPool pool_;
  uint64_t marks_ = 0;
  float* scratch_ = nullptr;
  int64_t scratch_floats_ = 0;      // of one thread
  std::vector<LineScratch> lines_;  // [threads]
  std::vector<uint32_t> packed_;
  std::vector<RowBlock> attend_tiles_;  // attend(): tokens that are computed together
  std::vector<int32_t> piece_begin_;    // attend_pieces(): the first piece of each token
  std::vector<float> parts_;
  // experts(): places in its list by (expert, row).
  std::vector<ExpertRows> expert_rows_;
  std::vector<int32_t> expert_begin_, sorted_row_;
  std::vector<float> sorted_weight_, inner_;
};

}  // namespace quire::cpu
