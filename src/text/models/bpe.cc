// BPE: a piece is spelled in the vocabulary's characters, which are then merged. Byte-level models are
// this with GPT-2's alphabet of bytes (pre_tokenizers/byte_level.cc).
#include <memory>

#include "base/fields.h"
#include "base/utf8.h"
#include "text/models/bpe_merges.h"
#include "text/models/models.h"
#include "text/read_stage.h"

namespace quire {
namespace {

struct Bpe {
  std::shared_ptr<const Vocabulary> vocabulary;
  BpeMerges merges;
  bool ignore_merges;            // a piece that is a token is that token
  bool has_unknown;              // unknown characters are a token, else nothing
  std::string unknown_spelling;  // that token: in the vocabulary, or it is an error to need it
  std::string where;

  Status encode(std::string_view piece, std::vector<Token>& to) const {
    if (ignore_merges)
      if (const auto id = vocabulary->id_of(piece)) {
        to.push_back(*id);
        return {};
      }
    std::vector<Token> symbols;
    symbols.reserve(piece.size());
    for (size_t i = 0; i < piece.size();) {
      const size_t n = utf8_length(piece.substr(i));
      if (const auto id = vocabulary->id_of(piece.substr(i, n))) {
        symbols.push_back(*id);
      } else if (has_unknown) {
        const auto unknown = vocabulary->id_of(unknown_spelling);
        if (!unknown)
          return Status(Code::kInvalidArgument,
                        where + ": the text has a character that the vocabulary lacks, and " + "unk_token " +
                            quoted(unknown_spelling) + " is not in it either.");
        symbols.push_back(*unknown);
      }
      i += n;
    }
    merges.apply(symbols);
    to.insert(to.end(), symbols.begin(), symbols.end());
    return {};
  }
};

// "a b" or ["a", "b"]; both halves and what they make must be in the vocabulary.
Result<BpeMerges::Entry> read_merge(const Json& json, const Vocabulary& vocabulary,
                                    const std::string& where) {
  std::string_view left, right;
  if (const std::string* s = json.string()) {
    const size_t space = s->find(' ');
    if (space == std::string::npos || s->find(' ', space + 1) != std::string::npos)
      return refused(where, "must be two tokens with one space between, found " + quoted(*s) + ".");
    left = std::string_view(*s).substr(0, space);
    right = std::string_view(*s).substr(space + 1);
  } else if (const Json::Array* a = json.array();
             a && a->size() == 2 && (*a)[0].string() && (*a)[1].string()) {
    left = *(*a)[0].string();
    right = *(*a)[1].string();
  } else {
    return refused(where, "must be \"a b\" or [\"a\", \"b\"], found " + std::string(json.kind_name()) + ".");
  }
  const std::string made = std::string(left) + std::string(right);
  BpeMerges::Entry entry;
  for (const auto& [spelling, id] : {std::pair(left, &entry.left), std::pair(right, &entry.right),
                                     std::pair(std::string_view(made), &entry.merge.result)}) {
    const auto found = vocabulary.id_of(spelling);
    if (!found) return refused(where, "refers to " + quoted(spelling) + ", which is not in the vocabulary.");
    *id = *found;
  }
  return entry;
}

Result<BpeMerges> read_merges(const Json* json, const Vocabulary& vocabulary, const std::string& where) {
  if (!json || !json->array()) return refused(where, "needs its list \"merges\".");
  std::vector<BpeMerges::Entry> entries;
  entries.reserve(json->array()->size());
  const bool spaced = !json->array()->empty() && json->array()->front().string();
  for (size_t i = 0; i < json->array()->size(); ++i) {
    const Json& merge = (*json->array())[i];
    const std::string place = where + ": merges[" + std::to_string(i) + "]";
    if ((merge.string() != nullptr) != spaced)
      return refused(place, "is spelled otherwise than the first merge.");
    if (spaced && merge.string()->starts_with("#version")) continue;  // a line of merges.txt, not a merge
    auto entry = read_merge(merge, vocabulary, place);
    if (!entry.ok()) return entry.status();
    entry.value().merge.rank = static_cast<uint32_t>(entries.size());
    entries.push_back(entry.value());
  }
  return BpeMerges(entries);
}

}  // namespace

Result<TokenModel> read_bpe(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where,
                              {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
                               "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"});
      !s.ok())
    return s;
  Status problem;
  Fields fields(json, where, problem);
  for (const std::string_view name : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!fields.text(name, "").empty()) fields.fail(name, "is not supported but null or empty.");
  for (const std::string_view name : {"fuse_unk", "byte_fallback"})
    if (fields.flag(name, false)) fields.fail(name, "is not supported but false.");
  if (fields.number("dropout", 0.0f, 1.0f, 0.0f) != 0.0f)
    fields.fail("dropout", "is not supported but null.");
  const bool ignore_merges = fields.flag("ignore_merges", false);
  const bool has_unknown = fields.has("unk_token");
  std::string unknown(fields.text("unk_token", ""));
  if (!problem.ok()) return problem;

  const Json* vocab = json.find("vocab");
  if (!vocab) return refused(where, "needs its object \"vocab\".");
  auto read = Vocabulary::read(*vocab, where + ": vocab");
  if (!read.ok()) return read.status();
  const auto vocabulary = std::make_shared<const Vocabulary>(std::move(read).value());
  auto merges = read_merges(json.find("merges"), *vocabulary, where);
  if (!merges.ok()) return merges.status();

  const auto bpe = std::make_shared<const Bpe>(
      Bpe{vocabulary, std::move(merges).value(), ignore_merges, has_unknown, std::move(unknown), where});
  return TokenModel{vocabulary,
                    [bpe](std::string_view piece, std::vector<Token>& to) { return bpe->encode(piece, to); }};
}

}  // namespace quire
