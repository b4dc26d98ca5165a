// Experts stored as one tensor stand one by one, and shapes that lie about them list nothing.
#include "weights/stacked_experts.h"

#include <doctest/doctest.h>

#include "tests/weights/folder.h"
#include "weights/format.h"

namespace quire {
namespace {

std::unique_ptr<Checkpoint> unstacked(const ScratchFolder& folder, const std::vector<TestTensor>& tensors) {
  folder.write("config.json", "{}");
  folder.write("model.safetensors", safetensors_file(tensors));
  auto opened = Checkpoint::open(folder.path());
  INFO(opened.status().message());
  REQUIRE(opened.ok());
  return std::move(opened).value();  // open() unstacks
}

std::string text(const std::optional<StoredTensor>& t) {
  return t ? std::string(reinterpret_cast<const char*>(t->bytes.data()), t->bytes.size()) : "none";
}

TEST_CASE("two experts, gate and up stacked too") {
  const ScratchFolder folder;
  const auto c = unstacked(folder, {{"x.experts.gate_up_proj", "U8", "[2,4,3]", "aaabbbcccdddeeefffggghhh"},
                                    {"x.experts.down_proj", "BF16", "[2,3,1]", "112233445566"}});
  CHECK(text(c->find("x.experts.0.gate_proj.weight")) == "aaabbb");
  CHECK(text(c->find("x.experts.0.up_proj.weight")) == "cccddd");
  CHECK(text(c->find("x.experts.1.gate_proj.weight")) == "eeefff");
  CHECK(text(c->find("x.experts.1.up_proj.weight")) == "ggghhh");
  CHECK(text(c->find("x.experts.1.down_proj.weight")) == "445566");
  CHECK(text(c->find("x.experts.2.down_proj.weight")) == "none");
  CHECK(c->names().size() == 8);
  CHECK(c->where("x.experts.1.down_proj.weight").find("\"x.experts.down_proj\"") != std::string::npos);
  const auto f = find_format(*c, "x.experts.1.down_proj");
  REQUIRE(f.ok());
  const auto m = f.value()->describe(*c, "x.experts.1.down_proj");
  REQUIRE(m.ok());
  CHECK(m.value().out == 3);
  CHECK(m.value().in == 1);
}

TEST_CASE("shapes without bytes may not list billions") {
  const ScratchFolder folder;
  std::vector<TestTensor> tensors = {{"a.experts.gate_up_proj", "U8", "[4000000000,2,0]", ""},
                                     {"b.experts.down_proj", "U8", "[4097,0,1]", ""},
                                     {"c.experts.down_proj", "U8", "[2,3]", "123456"},
                                     {"d.experts.gate_up_proj", "U8", "[1,3,1]", "123"}};
  for (int i = 0; i < 100; ++i)
    tensors.push_back({"l" + std::to_string(i) + ".experts.down_proj", "U8", "[4096,1,0]", ""});
  const double begin = cpu_seconds();
  const auto c = unstacked(folder, tensors);
  CHECK_FALSE(c->find("a.experts.0.gate_proj.weight"));
  CHECK_FALSE(c->find("b.experts.0.down_proj.weight"));
  CHECK_FALSE(c->find("c.experts.0.down_proj.weight"));
  CHECK_FALSE(c->find("d.experts.0.gate_proj.weight"));
  CHECK(c->names().size() < 210'000);
  CHECK(cpu_seconds() - begin < 5.0);
}

}  // namespace
}  // namespace quire
