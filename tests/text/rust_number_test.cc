// The numbers below were read by HF tokenizers 0.23.3 from a tokenizer.json; half of them differ from the
// nearest double.
#include "text/models/rust_number.h"

#include <doctest/doctest.h>

#include <string>

namespace quire {
namespace {

struct Row {
  const char* text;
  double read;
};
constexpr Row kRows[] = {
    {"-3.0123284804704786", -0x1.8193faca370cdp+1},
    {"-14.825037124029805", -0x1.da66b44136347p+3},
    {"-1.2806287645399461", -0x1.47d7496604157p+0},
    {"-15.164604925736347", -0x1.e544718c998a4p+3},
    {"-14.376478481316061", -0x1.cc0c1c999cceap+3},
    {"-1.9490861946175442", -0x1.f2f75016f7aa5p+0},
    {"-12.532965817336079", -0x1.910e0e546b052p+3},
    {"-11.701482148107269", -0x1.76728ab09b274p+3},
    {"-14.276340403483985", -0x1.c8d7c7d470de7p+3},
    {"-11.470647047025695", -0x1.6f0f8a655de62p+3},
    {"-11.995256175932013", -0x1.7fd9237ad8a3fp+3},
    {"-7.5557847882436535", -0x1.e391fa5c47bacp+2},
    {"-4.759292541837827", -0x1.30983fbed2925p+2},
    {"-10.884584505919037", -0x1.5c4e842a6f0f0p+3},
    {"-7.3991033309615855", -0x1.d98ae8b28d196p+2},
    {"-12.078400771923889", -0x1.82824255ec9dcp+3},
    {"-12.51440608216108", -0x1.907603be77d9cp+3},
    {"-1.3105771847962622", -0x1.4f81fc83956d0p+0},
    {"-0.26335983109748273", -0x1.0dae331693390p-2},
    {"-16.7493816419292", -0x1.0bfd779ac4f07p+4},
    {"-1e-3", -0x1.0624dd2f1a9fcp-10},
    {"-12", -0x1.8000000000000p+3},
    {"0", 0x0.0p+0},
    {"-0.0", -0x0.0p+0},
    {"1.5e2", 0x1.2c00000000000p+7},
};

TEST_CASE("numbers are read as HF tokenizers reads them") {
  int off = 0;
  for (const Row& r : kRows) {
    CAPTURE(r.text);
    REQUIRE(rust_number(r.text));
    CHECK(*rust_number(r.text) == r.read);
    off += std::stod(r.text) != r.read;
  }
  CHECK(off >= 10);
  CHECK_FALSE(rust_number("1e400"));
  CHECK(rust_number("0e99999999999999999999") == 0.0);
}

}  // namespace
}  // namespace quire
