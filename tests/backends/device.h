// A backend under test, with what it owns for a test: matrices, tables and weights that are made from plain
// vectors and read back into them. Every matrix has a margin of NaN right of its columns, which must neither
// be read nor written.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "backends/cpu/levels.h"
#include "tensor/half.h"

namespace quire::test {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Ints = std::vector<int32_t>;

inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInf = std::numeric_limits<float>::infinity();

inline size_t at(int64_t i) { return static_cast<size_t>(i); }

// Random floats of a normal distribution.
inline Floats normal(uint64_t seed, int64_t count, float deviation = 1.0f) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> draw(0.0f, deviation);
  Floats v(at(count));
  for (float& x : v) x = draw(random);
  return v;
}

inline uint16_t float_to_half(float v) {  // round to nearest even; too large is infinity
  const double magnitude = std::fabs(static_cast<double>(v));
  const auto sign = static_cast<uint16_t>(std::signbit(v) ? 0x8000 : 0);
  if (magnitude >= 65520) return sign | 0x7c00;
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  const int shift = std::max(exponent - 11, -24);  // the last bit's weight is 2^shift
  const auto units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, -shift)));
  const uint32_t base = static_cast<uint32_t>(shift + 24) << 10;  // a carry moves into the exponent
  return static_cast<uint16_t>(sign | (base + units));
}

inline float rounded(float v, Elem e) {
  if (e == Elem::kBF16) return rounded_to_bf16(v);
  if (e == Elem::kF16) return half_to_float(float_to_half(v));
  return v;
}
inline Floats rounded(Floats values, Elem e) {
  for (float& v : values) v = rounded(v, e);
  return values;
}

// Rows [begin, begin + count) of values [rows, cols].
template <class T>
std::vector<T> rows_of(const std::vector<T>& v, int64_t cols, int64_t begin, int64_t count) {
  return {v.begin() + begin * cols, v.begin() + (begin + count) * cols};
}

class Device {
 public:
  // "ref", or "cpu/avx2" for one level of cpu.
  explicit Device(std::string_view name, BackendOptions options = {}) {
    const size_t slash = name.find('/');
    if (slash != std::string_view::npos) options.cpu_isa = name.substr(slash + 1);
    auto made = make_backend(name.substr(0, slash), options);
    if (!made.ok()) FAIL(made.status().message());
    backend_ = std::move(made).value();
  }
  Device(Device&&) = default;
  ~Device() {
    for (void* p : owned_) backend_->release(p);
  }
  Backend* operator->() { return backend_.get(); }

  void* bytes(size_t count, const void* from = nullptr) {
    auto got = backend_->allocate(count);
    if (!got.ok()) FAIL(got.status().message());
    owned_.push_back(got.value());
    if (from != nullptr) backend_->upload(got.value(), from, count);
    return got.value();
  }

  MutIntSpan ints(const Ints& v) {
    return {static_cast<int32_t*>(bytes(v.size() * sizeof(int32_t), v.data())),
            static_cast<int32_t>(v.size())};
  }
  Ints read(IntSpan s) {
    Ints v(at(s.size));
    backend_->download(v.data(), s.data, v.size() * sizeof(int32_t));
    return v;
  }

  // No values: NaN, to be written.
  Mat mat(int32_t rows, int32_t cols, const Floats& values = {}, DType dtype = DType::kF32) {
    REQUIRE((values.empty() || values.size() == at(int64_t{rows} * cols)));
    Mat m = {nullptr, dtype, rows, cols, cols + kMargin};
    Floats host(at(rows * m.stride), kNaN);
    for (int64_t r = 0; r < rows && !values.empty(); ++r)
      std::copy_n(values.begin() + r * cols, cols, host.begin() + r * m.stride);
    const std::vector<char> encoded = encode(host, dtype);
    m.data = bytes(encoded.size(), encoded.data());
    return m;
  }
  // A matrix input, in the type that the backend computes with.
  Mat input(int32_t rows, int32_t cols, const Floats& values) {
    return mat(rows, cols, values, backend_->activation());
  }

  Floats read(Mat m) {
    std::vector<char> encoded(at(m.rows * m.stride) * dtype_size(m.dtype));
    backend_->download(encoded.data(), m.data, encoded.size());
    const Floats host = decode(encoded, m.dtype);
    Floats v;
    bool untouched = true;
    for (auto row = host.begin(); row != host.end(); row += m.stride) {
      v.insert(v.end(), row, row + m.cols);
      untouched =
          untouched && std::all_of(row + m.cols, row + m.stride, [](float f) { return std::isnan(f); });
    }
    if (!untouched) FAIL("the margin was written");
    return v;
  }

  // `count` matrices [out, in], as a loader would bring them from a file of that element type; loaded in
  // parts, the last first.
  Weight matrix(const Floats& values, int32_t out, int32_t in, Elem stored = Elem::kF32,
                const Floats& bias = {}, int32_t count = 1) {
    WeightLayout layout;
    layout.elem = stored;
    Weight w;
    w.layout = backend_->prefer(layout, out, in);
    w.out = out, w.in = in, w.count = count;
    w.stride = backend_->weight_stride(w);
    w.data = bytes(backend_->weight_bytes(w));
    if (!bias.empty()) w.bias = static_cast<const float*>(bytes(bias.size() * sizeof(float), bias.data()));
    for (int32_t m = count - 1; m >= 0; --m) {
      const int32_t cut = out / 3;
      load_part(w, m, cut, out, values, stored);
      load_part(w, m, 0, cut, values, stored);
    }
    return w;
  }
  // A norm's weights: always f32.
  Weight vector(const Floats& values) {
    Weight w;
    w.layout.elem = Elem::kF32;
    w.out = 1, w.in = static_cast<int32_t>(values.size());
    w.data = bytes(values.size() * sizeof(float), values.data());
    return w;
  }

 private:
  static constexpr int64_t kMargin = 5;

  static std::vector<char> encode(const Floats& v, DType t) {
    std::vector<char> to(v.size() * dtype_size(t));
    if (t == DType::kF32 && !v.empty()) std::memcpy(to.data(), v.data(), to.size());
    for (size_t i = 0; i < v.size() && t != DType::kF32; ++i) {
      const uint16_t half = t == DType::kBF16 ? float_to_bf16(v[i]) : float_to_half(v[i]);
      std::memcpy(to.data() + i * 2, &half, 2);
    }
    return to;
  }
  static Floats decode(const std::vector<char>& from, DType t) {
    Floats v(from.size() / dtype_size(t));
    if (t == DType::kF32 && !v.empty()) std::memcpy(v.data(), from.data(), from.size());
    for (size_t i = 0; i < v.size() && t != DType::kF32; ++i) {
      uint16_t half = 0;
      std::memcpy(&half, from.data() + i * 2, 2);
      v[i] = t == DType::kBF16 ? bf16_to_float(half) : half_to_float(half);
    }
    return v;
  }

  void load_part(const Weight& w, int32_t m, int32_t begin, int32_t end, const Floats& values, Elem stored) {
    if (begin == end) return;
    const DType type = w.layout.elem == Elem::kF32   ? DType::kF32
                       : w.layout.elem == Elem::kF16 ? DType::kF16
                                                     : DType::kBF16;
    REQUIRE((w.layout.elem == Elem::kF32 || w.layout.elem == Elem::kF16 || w.layout.elem == Elem::kBF16));
    const std::vector<char> encoded =
        encode(rounded(rows_of(values, w.in, int64_t{m} * w.out + begin, end - begin), stored), type);
    Weight rows;
    rows.layout.elem = w.layout.elem;
    rows.out = end - begin, rows.in = w.in;
    rows.data = encoded.data();
    backend_->load(w, m, begin, rows);
  }

  std::unique_ptr<Backend> backend_;
  std::vector<void*> owned_;
};

// For the reference beside `name`: what that backend rounds.
inline bool rounds_inputs(const std::string& name) { return name == "cpu/avx512-bf16"; }
inline BackendOptions rounding(const std::string& name = "") {
  BackendOptions o;
  o.round_like_cpu = true;
  o.round_inputs = rounds_inputs(name);
  return o;
}
inline BackendOptions threads(int32_t n) {
  BackendOptions o;
  o.threads = n;
  return o;
}

// All backends, and cpu in every level that this machine has.
inline std::vector<std::string> backends_under_test() {
  std::vector<std::string> names;
  for (const std::string_view name : backend_names()) {
    if (name != "cpu") names.emplace_back(name);
    if (name == "cpu")
      for (const cpu::Level& level : cpu::levels())
        if (level.supported()) names.push_back("cpu/" + std::string(level.name));
  }
  return names;
}

// Those but the reference, which is tested against float64 instead.
inline std::vector<std::string> other_backends() {
  std::vector<std::string> names = backends_under_test();
  std::erase(names, "ref");
  return names;
}

// The largest of |got - want| / max(1, |want|); infinity for a NaN.
template <class Want>
double worst_error(const Floats& got, const std::vector<Want>& want) {
  REQUIRE(got.size() == want.size());
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const auto w = static_cast<double>(want[i]);
    const double error = std::fabs(static_cast<double>(got[i]) - w) / std::max(1.0, std::fabs(w));
    worst = std::isnan(error) ? static_cast<double>(kInf) : std::max(worst, error);
  }
  return worst;
}

inline bool same_bits(const Floats& a, const Floats& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

// How exactness is tested: `whole` is what `compute` gives for all rows at once on one thread. It must give
// the same bits for every cut of the rows, on any number of threads. compute(device, begin, count) -> values
// of those rows, [count][cols].
template <class Compute>
void check_rows_exact(int32_t rows, int32_t cols, Compute compute) {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device one(name, threads(1));
    const auto whole = compute(one, 0, rows);
    for (int32_t n = 1; n <= (name == "ref" ? 1 : 4); ++n) {
      CAPTURE(n);
      for (const int32_t piece : n == 1 ? Ints{1, 2, 3, 7, 33, 64} : Ints{rows, 1, 7}) {
        Device device(name, threads(n));
        for (int32_t begin = 0; begin < rows;
             begin += piece < 7 ? 5 * piece - 1 : piece) {  // some of small cuts
          const int32_t count = std::min(piece, rows - begin);
          CAPTURE(begin);
          CAPTURE(count);
          const auto part = compute(device, begin, count);
          const auto want = rows_of(whole, cols, begin, count);
          const bool same = part.size() == want.size() &&
                            std::memcmp(part.data(), want.data(), part.size() * sizeof(part[0])) == 0;
          if (!same) FAIL("other bits");
        }
      }
    }
  }
}

}  // namespace quire::test
