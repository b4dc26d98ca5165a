#include "weights/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked.h"
#include "base/utf8.h"

namespace quire {
namespace {

constexpr uint64_t kPrefix = 8, kMostHeader = 100'000'000;
constexpr size_t kMostTensors = 1'000'000, kMostDims = 8, kMostMetadata = 65'536;

struct Type {
  std::string_view name;
  uint8_t bits;
};
constexpr Type kTypes[] = {
    {"BF16", 16}, {"F16", 16},    {"F32", 32},    {"F64", 64},    {"I64", 64},        {"I32", 32},
    {"I16", 16},  {"I8", 8},      {"U64", 64},    {"U32", 32},    {"U16", 16},        {"U8", 8},
    {"BOOL", 8},  {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
    {"F4", 4},    {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"C64", 64}};

std::string count(uint64_t n) { return std::to_string(n); }

}  // namespace

// One walk over a header; what it finds goes into `to_`.
class Safetensors::Reader {
 public:
  explicit Reader(Safetensors& to) : to_(to), text_(*to.text_) {}

  Status read() {
    if (text_.open('{')) {
      while (text_.next('}')) {
        const std::string_view name = text_.key();
        if (name == "__metadata__") metadata();
        else entry(name);
        if (!text_.ok() || !unknown_.empty()) return problem(name);
      }
    }
    text_.end();
    return text_.ok() ? sort() : problem({});
  }

 private:
  Status problem(std::string_view name) const {
    const std::string where = name.data() ? "in the entry " + quoted_name(name) + ", " : "";
    if (!unknown_.empty()) return {Code::kUnsupported, where + unknown_};
    return {Code::kInvalidArgument, where + text_.problem() + "."};
  }

  void metadata() {
    if (std::exchange(has_metadata_, true)) return text_.fail("it is given twice");
    std::vector<std::string_view> keys;
    if (!text_.open('{')) return;
    while (text_.next('}')) {
      keys.push_back(text_.key());
      text_.string();
      if (keys.size() > kMostMetadata)
        return text_.fail("more than the " + count(kMostMetadata) + " members that are allowed");
    }
    std::ranges::sort(keys);
    if (const auto twice = std::ranges::adjacent_find(keys); twice != keys.end())
      text_.fail("the key " + quoted_name(*twice) + " is given twice");
  }

  void entry(std::string_view name) {
    if (to_.entries_.size() == kMostTensors)
      return text_.fail("more than the " + count(kMostTensors) + " tensors that are allowed");
    Entry e{.name = name, .dims = static_cast<uint32_t>(to_.dims_.size())};
    std::array<bool, 3> seen{};
    if (!text_.open('{')) return;
    while (text_.next('}')) {
      const std::string_view field = text_.key();
      const size_t which = field == "dtype" ? 0 : field == "shape" ? 1 : field == "data_offsets" ? 2 : 3;
      if (!text_.ok()) return;
      if (which == 3)
        return text_.fail("expected dtype, shape and data_offsets, found " + quoted_name(field));
      if (std::exchange(seen[which], true)) return text_.fail(std::string(field) + " is given twice");
      which == 0 ? type(e) : which == 1 ? shape(e) : offsets(e);
      if (!text_.ok() || !unknown_.empty()) return;
    }
    if (!text_.ok()) return;
    if (!seen[0] || !seen[1] || !seen[2])
      return text_.fail(std::string(!seen[0]   ? "dtype"
                                    : !seen[1] ? "shape"
                                               : "data_offsets") +
                        " is missing");
    if (extent(e)) to_.entries_.push_back(e);
  }

  void type(Entry& e) {
    const std::string_view name = text_.string();
    if (!text_.ok()) return;
    const auto it = std::ranges::find(kTypes, name, &Type::name);
    if (it != std::end(kTypes)) e.type = static_cast<uint8_t>(it - kTypes);
    else
      unknown_ = "the dtype " + quoted_name(name) +
                 " is not known; BF16, F16, F32 and the other names of the format are.";
  }

  void shape(Entry& e) {
    if (!text_.open('[')) return;
    while (text_.next(']')) {
      const auto n = text_.size();
      if (!n) return;
      const auto dim = narrow<int64_t>(*n);
      if (!dim) return text_.fail("a dimension of " + count(*n) + " is too large");
      if (e.rank == kMostDims)
        return text_.fail("more than the " + count(kMostDims) + " dimensions that are allowed");
      to_.dims_.push_back(*dim);
      ++e.rank;
    }
  }

  void offsets(Entry& e) {
    uint64_t* const ends[] = {&e.begin, &e.end};
    size_t n = 0;
    if (!text_.open('[')) return;
    while (text_.next(']')) {
      const auto v = text_.size();
      if (!v) return;
      if (n == 2) return text_.fail("data_offsets has more than two numbers");
      *ends[n++] = *v;
    }
    if (n < 2) text_.fail("data_offsets has fewer than two numbers");
  }

  // Do the offsets enclose just what type and shape need, inside the file?
  bool extent(const Entry& e) {
    Checked bits = kTypes[e.type].bits;
    for (uint8_t i = 0; i < e.rank; ++i) bits = bits * to_.dims_[e.dims + i];
    if (e.end < e.begin) {
      text_.fail("data_offsets end at " + count(e.end) + ", before they begin at " + count(e.begin));
    } else if (e.end > to_.data_.size()) {
      text_.fail("data_offsets end at " + count(e.end) + ", but the file has only " +
                 count(to_.data_.size()) + " bytes behind its header (is it cut off?)");
    } else if (!bits.ok()) {
      text_.fail("the product of the shape does not fit into 64 bits");
    } else if (*bits.value() % 8 != 0 || *bits.value() / 8 != e.end - e.begin) {
      text_.fail("data_offsets enclose " + count(e.end - e.begin) + " bytes, but " +
                 std::string(kTypes[e.type].name) + " in this shape takes " + count(*bits.value() / 8) +
                 (*bits.value() % 8 ? " and a part of one" : ""));
    }
    return text_.ok();
  }

  // Looks for holes, overlaps and names given twice; leaves the entries in the order of names.
  Status sort() {
    auto& all = to_.entries_;
    const auto place = [](const Entry& e) { return std::pair(e.begin, e.end); };
    if (!std::ranges::is_sorted(all, {}, place)) std::ranges::sort(all, {}, place);
    uint64_t end = 0;
    for (const Entry& e : all) {
      if (e.begin != end)
        return {Code::kInvalidArgument, "the tensor " + quoted_name(e.name) + " begins at data offset " +
                                            count(e.begin) + ", but the one before it ends at " + count(end) +
                                            (e.begin > end ? ": a hole." : ": an overlap.")};
      end = e.end;
    }
    if (end != to_.data_.size())
      return {Code::kInvalidArgument, "the tensors end at data offset " + count(end) + ", but the file has " +
                                          count(to_.data_.size()) + " bytes behind its header."};
    if (!std::ranges::is_sorted(all, {}, &Entry::name)) std::ranges::sort(all, {}, &Entry::name);
    const auto twice = std::ranges::adjacent_find(all, {}, &Entry::name);
    if (twice != all.end())
      return {Code::kInvalidArgument, "the tensor " + quoted_name(twice->name) + " is given twice."};
    return {};
  }

  Safetensors& to_;
  JsonCursor& text_;
  bool has_metadata_ = false;
  std::string unknown_;  // a dtype
};

Result<Safetensors> Safetensors::parse(std::span<const std::byte> file, const std::string& path) {
  const auto refuse = [&](const std::string& what, Code code = Code::kInvalidArgument) {
    return Status(code, path + ": " + what);
  };
  const std::string_view all(reinterpret_cast<const char*>(file.data()), file.size());
  if (all.starts_with("version https://git-lfs"))
    return refuse("is not the weights but a pointer to them: fetch them with git lfs pull.");
  if (file.size() < kPrefix)
    return refuse("has " + count(file.size()) + " bytes; a safetensors file begins with 8 bytes of length.");
  uint64_t length = 0;
  for (size_t i = 0; i < kPrefix; ++i) length |= std::to_integer<uint64_t>(file[i]) << 8 * i;
  if (length > kMostHeader)
    return refuse("its first 8 bytes give the header " + count(length) + " bytes; at most " +
                  count(kMostHeader) + " are allowed (is it a safetensors file?).");
  if (length > file.size() - kPrefix)
    return refuse("its first 8 bytes give the header " + count(length) + " bytes, but only " +
                  count(file.size() - kPrefix) + " follow (is it cut off?).");
  const std::string_view header = all.substr(kPrefix, length);
  if (!header.starts_with('{')) return refuse("byte 8: the header must begin with {.");
  if (!is_utf8(header)) return refuse("the header is not valid UTF-8.");

  Safetensors s;
  s.data_ = file.subspan(kPrefix + length);
  s.text_.emplace(header, kPrefix);
  const Status status = Reader(s).read();
  if (!status.ok()) return refuse("header: " + status.message(), status.code());
  return s;
}

StoredTensor Safetensors::tensor(size_t i) const {
  const Entry& e = entries_[i];
  return {kTypes[e.type].name, std::span(dims_).subspan(e.dims, e.rank),
          data_.subspan(e.begin, e.end - e.begin)};
}

std::optional<size_t> Safetensors::find(std::string_view name) const {
  const auto it = std::ranges::lower_bound(entries_, name, {}, &Entry::name);
  if (it == entries_.end() || it->name != name) return std::nullopt;
  return static_cast<size_t>(it - entries_.begin());
}

}  // namespace quire
