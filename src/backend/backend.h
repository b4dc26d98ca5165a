// The one door to a device. A backend is a folder that implements this class;
// nothing above it knows which one it has.
//
// Every function is pure: a backend either does all of it or does not exist. backends/ref is the
// specification, and every other backend is tested against it. One thread calls (the runner's);
// work runs in order and is not waited for, except by wait(). On a host backend (synchronous() is true)
// "device" memory is host memory and every call returns when its work is done.
//
// Exactness: what an operation writes for a row has the same bits whatever other rows, row counts, block
// sizes or threads there are.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/params.h"
#include "backend/sample_args.h"
#include "backend/stage.h"
#include "base/function_ref.h"
#include "base/status.h"
#include "tensor/kv_view.h"
#include "tensor/mat.h"
#include "weights/weight.h"

namespace quire {

// Two steps with the same shape do the same launches on the same addresses.
struct StepShape {
  int32_t tokens = 0, rows = 0;
  friend bool operator==(const StepShape&, const StepShape&) = default;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  virtual bool synchronous() const = 0;
  virtual int32_t threads() const = 0;
  // Called once by the thread that runs the steps, before the first: it may be bound to a core or a device.
  virtual void enter() = 0;

  // --- types -----------------------------------------------------------------
  virtual DType activation() const = 0;  // of matrix inputs; the residual stream and logits are f32
  virtual DType cache() const = 0;       // of k and v, unless the user says otherwise

  // --- memory ----------------------------------------------------------------
  virtual size_t free_memory() const = 0;                 // bytes that allocate() could still give, about
  virtual Result<void*> allocate(size_t bytes) = 0;       // zeroed, aligned to 64 bytes or more
  virtual Result<void*> allocate_host(size_t bytes) = 0;  // fast to copy from and to
  virtual void release(void*) = 0;                        // of either kind; null is nothing
  virtual void upload(void* device, const void* host, size_t bytes) = 0;
  virtual void download(void* host, const void* device, size_t bytes) = 0;
  virtual void stage(const void* packed, size_t bytes) = 0;  // a list of Patch, from allocate_host
  virtual size_t kv_block_bytes(const KvSpec&, int32_t block_size, DType) const = 0;  // 0: no such cache

  // --- order -----------------------------------------------------------------
  virtual uint64_t mark() = 0;                    // a point in the stream of work
  virtual bool reached(uint64_t mark) const = 0;  // what StepRunner::ready() asks
  virtual Status wait(uint64_t mark) = 0;         // reports what went wrong before it
  // The smallest prepared shape that holds `wanted`, which the caller pads to: tokens and blocks 0, an
  // idle slot. A backend that prepares nothing returns it unchanged.
  virtual StepShape fit(const StepShape& wanted) const = 0;
  // Run `body` now. A backend may record it once per shape and replay it.
  virtual void run(const StepShape& shape, function_ref<void()> body) = 0;

  // --- weights, at load --------------------------------------------------------
  // In which layout it wants a matrix that is stored so. The same elem: packed as it is. Another elem:
  // decoded through the format to f32 first, so a new format runs everywhere at once, if slowly.
  virtual WeightLayout prefer(const WeightLayout& stored, int32_t out, int32_t in) const = 0;
  virtual size_t weight_bytes(const Weight& w) const = 0;  // of w.layout, out, in, count
  virtual int64_t weight_stride(const Weight& w) const = 0;
  // Put `rows` (order kRows, on the host, the elem of to.layout, rows.out rows of to.in) at rows
  // [first, first + rows.out) of matrix `matrix` of `to`, whose data is device memory of weight_bytes().
  // Parts may come in any order.
  virtual void load(const Weight& to, int32_t matrix, int32_t first, const Weight& rows) = 0;

  // --- operations: `out` may be one of the inputs where noted ------------------
  // out f32 = table row * scale. Token -1 stands for last_token[slot of its row]. Reads any order: a tied
  // head is one copy.
  virtual void embed(Mat out, const Weight& table, IntSpan tokens, const StepTables&, IntSpan last_token,
                     float scale) = 0;
  // residual += x (if x is given); out = norm(residual) * w (if out is given). out may be x. kNone: out =
  // residual.
  virtual void norm(Mat out, Mat residual, Mat x, const Weight& w, const Norm&) = 0;
  // out = x w^T + bias: out [rows, w.out], x [rows, w.in]. Not in place.
  virtual void linear(Mat out, Mat x, const Weight& w) = 0;
  // qkv [tokens, (heads + 2 kv_heads) * head_dim]: head norms (if any), rotary, then k and v into the cache
  // at the tokens' positions; q stays in qkv, in place.
  virtual void place_qkv(Mat qkv, const KvView&, const StepTables&, const Attention&, const Weight& q_norm,
                         const Weight& k_norm) = 0;
  // out may be q [tokens, heads * head_dim]. Token i of a row sees keys [0, position of i], cut by the
  // window. Every k and v of the step is in place before any row attends: rows of one step may share blocks.
  virtual void attend(Mat out, Mat q, const KvView&, const StepTables&, const Attention&) = 0;
  // out [rows, width] = act(x gate^T) * (x up^T); gate_up is [2 * width, in]: all gates, then all ups.
  virtual void mlp_in(Mat out, Mat x, const Weight& gate_up, const Mlp&) = 0;
  // logits f32 [rows, experts] -> weights f32 [rows, per_token], experts [rows * per_token] in ascending id:
  // softmax over all experts, the per_token largest (ties to the lower id), renormalized if asked.
  virtual void route(Mat weights, MutIntSpan experts, Mat logits, const Moe&) = 0;
  // out f32 [rows, in] = sum over a row's experts, in ascending id, of weight * down_e(act(gate_e x) * up_e
  // x).
  virtual void experts(Mat out, Mat x, Mat weights, IntSpan experts, const Weight& gate_up,
                       const Weight& down, const Moe&) = 0;
  virtual void pick_rows(Mat out, Mat x, IntSpan rows) = 0;
  virtual void softcap(Mat logits, float cap) = 0;  // in place: cap * tanh(x / cap)
  // Reads the logits f32 [lines, vocab] and leaves them as they are.
  virtual void sample(Mat logits, const SampleArgs&) = 0;
  virtual void score(Mat logits, const ScoreArgs&) = 0;
  virtual void sum_ranks(Mat) = 0;  // tensor parallel; one rank: nothing
};

struct BackendOptions {
  int32_t threads = 0;           // 0: one for each core that the process may use
  std::string cpu_isa = "auto";  // cpu only: auto, or the name of a level
  bool round_like_cpu = false;   // ref only: weights and cache in bf16, where cpu rounds them
  bool round_inputs = false;     // ref only: inputs of products, queries and attention's weights too, as the
                                 // levels of cpu with bf16 dots do
};

std::vector<std::string_view> backend_names();
// Unknown names are refused with the list of what is known.
Result<std::unique_ptr<Backend>> make_backend(std::string_view name,
                                              const BackendOptions&);  // backends/all.cc

}  // namespace quire
