// NFC, NFD, NFKC, NFKD by utf8proc's tables, linear in the length: a starter and what follows it at a time.
#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "text/character.h"
#include "text/normalizers/normalizers.h"
#include "text/read_stage.h"
#include "text/unicode_tables.h"

namespace quire {
namespace {

constexpr int kMostDecomposed = 18;  // of one character: U+FDFA in NFKD

class Form {
 public:
  Form(Section& section, bool compose, bool compatibility)
      : section_(section), r_(section), compose_(compose), compatibility_(compatibility) {}

  void run() {
    while (r_.at() + bytes_ < section_.text.size()) take();
    flush();
    r_.finish();
  }

 private:
  // The next character joins the pending ones, unless it begins anew.
  void take() {
    const size_t at = r_.at() + bytes_;
    const Character c = character_at(section_.text, at);
    const auto cp = static_cast<utf8proc_int32_t>(c.code_point);
    if (c.bytes == 1 || is_unknown_to_forms(c.code_point)) {
      flush();
      pending_.assign(1, cp);
      changed_ = false;
      bytes_ = c.bytes;
      if (c.bytes > 1) flush();
      return;
    }
    utf8proc_int32_t parts[kMostDecomposed];
    int boundary = 0;
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                                        (compatibility_ ? UTF8PROC_COMPAT : 0));
    const auto n = utf8proc_decompose_char(cp, parts, kMostDecomposed, options, &boundary);
    QUIRE_CHECK(n > 0 && n <= kMostDecomposed);
    if (begins_anew(parts[0])) flush();
    pending_.insert(pending_.end(), parts, parts + n);
    bytes_ += c.bytes;
    changed_ = true;
  }

  static bool begins_anew(utf8proc_int32_t c) {
    const utf8proc_property_t* p = utf8proc_get_property(c);
    const bool second = p->comb_index != UINT16_MAX && p->comb_index >= 0x8000;
    const bool jamo = (c >= 0x1161 && c <= 0x1175) || (c >= 0x11a8 && c <= 0x11c2);  // join what is before
    return p->combining_class == 0 && !second && !jamo;
  }

  void flush() {
    if (bytes_ == 0) return;
    if (changed_) {
      sort_marks();
      auto n = static_cast<utf8proc_ssize_t>(pending_.size());
      if (compose_)
        n = utf8proc_normalize_utf32(pending_.data(), n,
                                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
      text_.clear();
      for (utf8proc_ssize_t i = 0; i < n; ++i)
        append_character(static_cast<char32_t>(pending_[static_cast<size_t>(i)]), text_);
      if (r_.rest().substr(0, bytes_) == text_) r_.keep(bytes_);
      else r_.replace(bytes_, text_);
    } else {
      r_.keep(bytes_);
    }
    pending_.clear();
    bytes_ = 0;
  }

  // Each run of marks by class, those of one class in order.
  void sort_marks() {
    const auto mark = [](utf8proc_int32_t c) { return utf8proc_get_property(c)->combining_class; };
    for (auto i = pending_.begin(); i != pending_.end();) {
      i = std::find_if(i, pending_.end(), mark);
      const auto end = std::find_if_not(i, pending_.end(), mark);
      std::ranges::stable_sort(i, end, {}, mark);
      i = end;
    }
  }

  Section& section_;
  Rewriter r_;
  bool compose_, compatibility_;
  std::vector<utf8proc_int32_t> pending_;  // decomposed, of the next `bytes_` of the section
  size_t bytes_ = 0;
  bool changed_ = false;  // they are not just one character that stays
  std::string text_;
};

Result<Normalizer> read_form(const Json& json, const std::string& where, bool compose, bool compatibility) {
  if (Status s = only_members(json, where, {}); !s.ok()) return s;
  return Normalizer([=](Section& section) {
    if (std::ranges::any_of(section.text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
      Form(section, compose, compatibility).run();
    return Status();
  });
}

}  // namespace

void decompose(Section& section) { Form(section, false, false).run(); }

Result<Normalizer> read_nfc(const Json& json, const std::string& where) {
  return read_form(json, where, true, false);
}
Result<Normalizer> read_nfd(const Json& json, const std::string& where) {
  return read_form(json, where, false, false);
}
Result<Normalizer> read_nfkc(const Json& json, const std::string& where) {
  return read_form(json, where, true, true);
}
Result<Normalizer> read_nfkd(const Json& json, const std::string& where) {
  return read_form(json, where, false, true);
}

}  // namespace quire
