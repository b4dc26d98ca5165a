// A tokenizer without a file: a token below 128 is that character, those above are words; 0 is special.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace quire {

class Letters : public Tokenizer {
 public:
  explicit Letters(std::vector<std::string> words = {}) : words_(std::move(words)) {}

  Result<std::vector<Token>> encode(std::string_view text, const EncodeOptions& options) const override {
    std::vector<Token> ids;
    if (options.add_special_tokens) ids.push_back(0);
    for (char c : text) {
      if (c < 0) return Status(Code::kInvalidArgument, "only ASCII here");
      ids.push_back(c);
    }
    return ids;
  }
  std::unique_ptr<Detokenizer> detokenizer(bool skip) const override {
    return std::make_unique<Speller>(*this, skip);
  }
  std::optional<std::string_view> spelling(Token t) const override {
    static constexpr char kSpecial[] = "<s>";
    if (t == 0) return kSpecial;
    if (t >= 128 && static_cast<size_t>(t - 128) < words_.size()) return words_[static_cast<size_t>(t - 128)];
    return std::nullopt;
  }
  std::optional<Token> id_of(std::string_view) const override { return std::nullopt; }
  bool is_special(Token t) const override { return t == 0; }
  int32_t size() const override { return 128 + static_cast<int32_t>(words_.size()); }

 private:
  struct Speller : Detokenizer {
    Speller(const Letters& l, bool skip) : letters(l), skip_special(skip) {}
    void add(Token t, std::string& to) override {
      if (t == 0 && skip_special) return;
      if (t > 0 && t < 128) to += static_cast<char>(t);
      else if (auto s = letters.spelling(t)) to += *s;
    }
    void finish(std::string&) override {}
    const Letters& letters;
    bool skip_special;
  };
  std::vector<std::string> words_;
};

}  // namespace quire
