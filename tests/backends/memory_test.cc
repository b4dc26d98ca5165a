// What backends share besides operations: memory, staging, how weights and caches are sized, the table of
// names; and what host memory says is free under made-up control groups.
#include <cstdint>

#include "backends/host_memory.h"
#include "tests/backends/device.h"
#include "tests/scratch_folder.h"

namespace quire::test {
namespace {

// A folder with a proc and a sys of its own, gone at the end.
class Root {
 public:
  Root() { write("proc/meminfo", "MemTotal:  16000000 kB\nMemFree:  1000 kB\nMemAvailable:   8000000 kB\n"); }
  Root& write(const std::string& file, const std::string& text) {
    folder_.write(file, text);
    return *this;
  }
  size_t free() const { return free_host_memory(folder_.path()); }

 private:
  ScratchFolder folder_;
};

constexpr size_t kAvailable = size_t{8000000} * 1024;

}  // namespace

TEST_CASE("memory: aligned, zeroed, and given back") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, size_t{1} << 20, (size_t{5} << 20) + 3}) {
      for (const bool host : {false, true}) {
        auto got = host ? d->allocate_host(size) : d->allocate(size);
        REQUIRE(got.ok());
        REQUIRE(got.value() != nullptr);
        CHECK(reinterpret_cast<uintptr_t>(got.value()) % 64 == 0);
        std::vector<char> bytes(size, 1);
        d->download(bytes.data(), got.value(), size);
        CHECK(bytes == std::vector<char>(size, 0));
        const std::vector<char> pattern(size, 7);
        d->upload(got.value(), pattern.data(), size);
        d->download(bytes.data(), got.value(), size);
        CHECK(bytes == pattern);
        d->release(got.value());
      }
    }
    d->release(nullptr);
  }
}

TEST_CASE("memory: too much is refused with a sentence, not an end of the process") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name);
    CHECK(d->free_memory() > 0);
    for (const size_t size : {d->free_memory() * 2, SIZE_MAX, SIZE_MAX - 64, SIZE_MAX / 2}) {
      const auto got = d->allocate(size);
      REQUIRE(!got.ok());
      CHECK(got.status().code() == Code::kOutOfMemory);
      CHECK(got.status().message().find(std::to_string(size)) != std::string::npos);
    }
  }
}

TEST_CASE("memory: what the kernel says is available") {
  Root root;
  CHECK(root.free() == kAvailable);
  CHECK(free_host_memory() > 0);
}

TEST_CASE("memory: limits of control groups, version 2") {
  Root root;
  root.write("proc/self/cgroup", "0::/a/b\n");
  CHECK(root.free() == kAvailable);  // nothing is mounted
  root.write("sys/fs/cgroup/a/b/memory.max", "max\n").write("sys/fs/cgroup/a/b/memory.current", "1000\n");
  CHECK(root.free() == kAvailable);
  root.write("sys/fs/cgroup/a/b/memory.max", "5000000\n");
  CHECK(root.free() == 4999000);
  root.write("sys/fs/cgroup/a/b/memory.stat", "anon 300\nfile 700\ninactive_file 500\nactive_file 200\n");
  CHECK(root.free() == 4999700);  // 300 are held
  root.write("sys/fs/cgroup/a/memory.max", "2000\n").write("sys/fs/cgroup/a/memory.current", "1500\n");
  CHECK(root.free() == 500);  // the group around it
  root.write("sys/fs/cgroup/a/memory.current", "2500\n");
  CHECK(root.free() == 0);
}

TEST_CASE("memory: limits of control groups, version 1, and the path of a host in a container") {
  Root root;
  root.write("proc/self/cgroup", "9:name=systemd:/x\n4:cpu,memory:/docker/1234\n0::/\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  root.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "4096\n");
  CHECK(root.free() == kAvailable);
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "10000\n");
  CHECK(root.free() == 5904);
  root.write("sys/fs/cgroup/memory/memory.stat", "cache 96\ntotal_inactive_file 90\ntotal_active_file 6\n");
  CHECK(root.free() == 6000);
  root.write("sys/fs/cgroup/memory/docker/1234/memory.limit_in_bytes", "3000\n");
  root.write("sys/fs/cgroup/memory/docker/1234/memory.usage_in_bytes", "1000\n");
  CHECK(root.free() == 2000);
}

TEST_CASE("stage: a packed list of patches") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name);
    const MutIntSpan a = d.ints({0, 0, 0, 0, 0}), b = d.ints({9, 9});
    std::vector<char> packed;
    const auto add = [&](int32_t* to, const Ints& values) {
      const Patch patch = {to, static_cast<int64_t>(values.size())};
      const size_t old = packed.size(), bytes = values.size() * sizeof(int32_t);
      packed.resize(old + sizeof patch + bytes);
      std::memcpy(packed.data() + old, &patch, sizeof patch);
      if (bytes > 0) std::memcpy(packed.data() + old + sizeof patch, values.data(), bytes);
    };
    add(a.data + 1, {5, 6});
    add(b.data, {});
    add(b.data, {-1, 7});
    add(a.data + 2, {8, 3});  // later ones win
    auto host = d->allocate_host(packed.size());
    REQUIRE(host.ok());
    std::memcpy(host.value(), packed.data(), packed.size());
    d->stage(host.value(), packed.size());
    CHECK(d->wait(d->mark()).ok());
    CHECK(d.read(a) == Ints{0, 5, 8, 3, 0});
    CHECK(d.read(b) == Ints{-1, 7});
    d->stage(host.value(), 0);
    d->release(host.value());
  }
}

TEST_CASE("order: a mark is reached after wait, and run calls its body once") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name);
    int calls = 0;
    d->run({3, 1}, [&] { ++calls; });
    const uint64_t mark = d->mark();
    CHECK(d->wait(mark).ok());
    CHECK(d->reached(mark));
    CHECK(calls == 1);
    const StepShape fit = d->fit({5, 2});
    CHECK(fit.tokens >= 5);
    CHECK(fit.rows >= 2);
  }
}

TEST_CASE("weights: the reference keeps what is stored, or bf16 when it rounds as cpu does") {
  Device ref("ref"), round("ref", rounding());
  CHECK(ref->name() == "ref");
  CHECK(ref->threads() == 1);
  for (const Elem e : {Elem::kF32, Elem::kF16, Elem::kBF16, Elem::kI8}) {
    WeightLayout stored;
    stored.elem = e;
    CHECK(ref->prefer(stored, 7, 5).elem == (e == Elem::kI8 ? Elem::kF32 : e));
    CHECK(round->prefer(stored, 7, 5).elem == Elem::kBF16);
    CHECK(ref->prefer(stored, 7, 5).order == Order::kRows);
  }
}

TEST_CASE("weights: sizes hold all matrices") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name);
    Weight w;
    w.out = 301, w.in = 80, w.count = 3;
    w.layout = d->prefer({}, w.out, w.in);
    CHECK(d->weight_stride(w) >= 301 * 80 * 2);
    CHECK(d->weight_bytes(w) >= 2 * static_cast<size_t>(d->weight_stride(w)) + 301 * 80 * 2);
  }
}

TEST_CASE("cache: the size of a block") {
  Device ref("ref");
  CHECK(ref->kv_block_bytes({7, 24, 24}, 16, DType::kF32) == 7 * 48 * 16 * 4);
  CHECK(ref->kv_block_bytes({7, 24, 24}, 16, DType::kBF16) == 7 * 48 * 16 * 2);
  CHECK(ref->kv_block_bytes({7, 24, 24}, 16, DType::kI8) == 0);
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name);
    const size_t bytes = d->kv_block_bytes({7, 24, 24}, 16, d->cache());
    CHECK(bytes >= 7 * 48 * 16 * dtype_size(d->cache()));
    CHECK(d->kv_block_bytes({7, 24, 24}, 32, d->cache()) <= 2 * bytes);
  }
}

TEST_CASE("backends: an unknown name is refused with the list of what is known") {
  const auto got = make_backend("abacus", {});
  REQUIRE(!got.ok());
  CHECK(got.status().code() == Code::kInvalidArgument);
  CHECK(got.status().message().find("abacus") != std::string::npos);
  for (const std::string_view name : backend_names())
    CHECK(got.status().message().find(name) != std::string::npos);
}

}  // namespace quire::test
