// BPE: a piece is spelled in the vocabulary's characters, which are then merged. Byte-level models are
// this with GPT-2's alphabet of bytes (pre_tokenizers/byte_level.cc); SentencePiece's have byte fallback.
#include <memory>

#include "base/fields.h"
#include "base/utf8.h"
#include "text/models/bpe_cuts.h"
#include "text/models/bpe_merges.h"
#include "text/models/byte_tokens.h"
#include "text/models/models.h"
#include "text/read_stage.h"

namespace quire {
namespace {

constexpr size_t kMaxAffix = 64;  // they are put to every character

struct BpeOptions {
  bool ignore_merges;   // a piece that is a token is that token
  bool has_unknown;     // unknown characters are a token, else nothing
  std::string unknown;  // that token: in the vocabulary, or it is an error to need it
  bool fuse_unknown;    // neighbouring ones are one
  bool byte_fallback;   // they are spelled in bytes, if all those are in the vocabulary
  std::string prefix;   // of every character but the first
  std::string suffix;   // of the last
};

struct Bpe {
  std::shared_ptr<const Vocabulary> vocabulary;
  BpeMerges merges;
  BpeCuts cuts;
  ByteTokens bytes;
  BpeOptions options;
  std::string where;

  Status encode(std::string_view piece, const TokenSet* never, std::vector<Token>& to) const {
    if (options.ignore_merges)
      if (const auto id = vocabulary->id_of(piece); id && !contains(never, *id)) {
        to.push_back(*id);
        return {};
      }
    std::vector<Token> symbols;
    symbols.reserve(piece.size());
    if (Status s = spell(piece, never, symbols); !s.ok()) return s;
    merges.apply(symbols, never);
    to.insert(to.end(), symbols.begin(), symbols.end());
    return {};
  }

  Status spell(std::string_view piece, const TokenSet* never, std::vector<Token>& symbols) const {
    const bool affixes = !options.prefix.empty() || !options.suffix.empty();
    Token pending = -1;  // the unknown token; HF tokenizers puts bytes that come after it before it
    std::string affixed;
    for (size_t i = 0, n = 0; i < piece.size(); i += n) {
      n = utf8_length(piece.substr(i));
      std::string_view character = piece.substr(i, n);
      if (affixes) {
        affixed.clear();
        if (i > 0) affixed += options.prefix;
        affixed += character;
        if (i + n == piece.size()) affixed += options.suffix;
        character = affixed;
      }
      if (const auto id = vocabulary->id_of(character); id && !contains(never, *id)) {
        if (pending >= 0) symbols.push_back(std::exchange(pending, -1));
        symbols.push_back(*id);
        continue;
      }
      if (options.byte_fallback && bytes.spell(character, symbols)) continue;
      if (!options.has_unknown) continue;
      if (pending >= 0 && !options.fuse_unknown) symbols.push_back(pending);
      const auto unknown = vocabulary->id_of(options.unknown);
      if (!unknown) return no_unknown(where, options.unknown);
      pending = *unknown;
    }
    if (pending >= 0) symbols.push_back(pending);
    return {};
  }
};

// "a b" or ["a", "b"]; both halves and what they make must be in the vocabulary. Of the right half the prefix
// (of the characters that continue a piece) goes.
Result<BpeMerges::Entry> read_merge(const Json& json, const Vocabulary& vocabulary, size_t prefix,
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
  const std::string made = std::string(left) + std::string(right.substr(std::min(prefix, right.size())));
  BpeMerges::Entry entry;
  for (const auto& [spelling, id] : {std::pair(left, &entry.left), std::pair(right, &entry.right),
                                     std::pair(std::string_view(made), &entry.merge.result)}) {
    const auto found = vocabulary.id_of(spelling);
    if (!found) return refused(where, "refers to " + quoted(spelling) + ", which is not in the vocabulary.");
    *id = *found;
  }
  return entry;
}

Result<std::vector<BpeMerges::Entry>> read_merges(const Json* json, const Vocabulary& vocabulary,
                                                  size_t prefix, const std::string& where) {
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
    auto entry = read_merge(merge, vocabulary, prefix, place);
    if (!entry.ok()) return entry.status();
    entry.value().merge.rank = static_cast<uint32_t>(entries.size());
    entries.push_back(entry.value());
  }
  return entries;
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
  if (fields.number("dropout", 0.0f, 1.0f, 0.0f) != 0.0f)
    fields.fail("dropout", "is not supported but null.");
  BpeOptions options = {.ignore_merges = fields.flag("ignore_merges", false),
                        .has_unknown = fields.has("unk_token"),
                        .unknown = std::string(fields.text("unk_token", "")),
                        .fuse_unknown = fields.flag("fuse_unk", false),
                        .byte_fallback = fields.flag("byte_fallback", false),
                        .prefix = std::string(fields.text("continuing_subword_prefix", "")),
                        .suffix = std::string(fields.text("end_of_word_suffix", ""))};
  if (std::max(options.prefix.size(), options.suffix.size()) > kMaxAffix)
    fields.fail("continuing_subword_prefix and end_of_word_suffix",
                "have at most " + std::to_string(kMaxAffix) + " bytes.");
  if (!problem.ok()) return problem;

  auto read = read_vocabulary(json, where);
  if (!read.ok()) return read.status();
  const auto vocabulary = std::move(read).value();
  auto entries = read_merges(json.find("merges"), *vocabulary, options.prefix.size(), where);
  if (!entries.ok()) return entries.status();
  std::vector<Token> made;
  for (const BpeMerges::Entry& e : entries.value()) made.push_back(e.merge.result);

  const bool whole = options.ignore_merges || !options.prefix.empty() || !options.suffix.empty();
  const auto bpe =
      std::make_shared<const Bpe>(Bpe{vocabulary, BpeMerges(entries.value()), BpeCuts(*vocabulary, made),
                                      ByteTokens(*vocabulary), std::move(options), where});
  TokenModel model;
  model.vocabulary = vocabulary;
  model.encode = [bpe](std::string_view piece, const TokenSet* never, std::vector<Token>& to) {
    return bpe->encode(piece, never, to);
  };
  if (!whole) model.first_part = [bpe](std::string_view piece) { return bpe->cuts.first_part(piece); };
  return model;
}

}  // namespace quire
