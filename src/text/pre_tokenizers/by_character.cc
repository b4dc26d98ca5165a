// Pre-tokenizers whose delimiters are single characters: BertPreTokenizer, Punctuation, Digits,
// CharDelimiterSplit, WhitespaceSplit.
#include "base/fields.h"
#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/pre_tokenizers/splitter.h"
#include "text/read_stage.h"
#include "text/unicode_tables.h"
#include "text/white_space.h"

namespace quire {
namespace {

bool punctuation(char32_t c) {
  if (c < 0x80)
    return (c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c > 'z' && c < 0x7f);
  return is_punctuation(c);
}
bool digit(char32_t c) { return c < 0x80 ? c >= '0' && c <= '9' : is_number(c); }

}  // namespace

Result<PreTokenizer> read_white_space_split(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {}); !s.ok()) return s;
  return PreTokenizer([](const Piece& piece, PieceSink to) {
    return split_characters(piece, Behavior::kRemoved, to, is_white_space);
  });
}

Result<PreTokenizer> read_bert_pre_tokenizer(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {}); !s.ok()) return s;
  return PreTokenizer([](const Piece& piece, PieceSink to) {
    const auto word = [&](const Piece& part) {
      return split_characters(part, Behavior::kIsolated, to, punctuation);
    };
    return split_characters(piece, Behavior::kRemoved, word, is_white_space);
  });
}

Result<PreTokenizer> read_punctuation(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"behavior"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  const auto behavior = behavior_of(fields.text("behavior", "Isolated"));
  if (!behavior) fields.unknown("behavior", kBehaviors);
  if (!problem.ok()) return problem;
  return PreTokenizer([behavior = *behavior](const Piece& piece, PieceSink to) {
    return split_characters(piece, behavior, to, punctuation);
  });
}

Result<PreTokenizer> read_digits(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"individual_digits"}); !s.ok()) return s;
  Status problem;
  const Behavior behavior = Fields(json, where, problem).flag("individual_digits", false)
                                ? Behavior::kIsolated
                                : Behavior::kContiguous;
  if (!problem.ok()) return problem;
  return PreTokenizer(
      [behavior](const Piece& piece, PieceSink to) { return split_characters(piece, behavior, to, digit); });
}

Result<PreTokenizer> read_delimiter(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"delimiter"}); !s.ok()) return s;
  const auto delimiter = read_character(json.find("delimiter"));
  if (!delimiter) return refused(where, "\"delimiter\" must be one character.");
  return PreTokenizer([delimiter = *delimiter](const Piece& piece, PieceSink to) {
    return split_characters(piece, Behavior::kRemoved, to, [&](char32_t c) { return c == delimiter; });
  });
}

}  // namespace quire
