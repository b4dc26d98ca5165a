// WordPiece: the longest token that a word begins with, then the longest that continues it, and so on; a word
// for which that fails, or that is too long, is the unknown token.
#include "base/fields.h"
#include "text/models/models.h"
#include "text/models/spelling_trie.h"
#include "text/read_stage.h"

namespace quire {
namespace {

struct WordPiece {
  std::shared_ptr<const Vocabulary> vocabulary;
  SpellingTrie trie;
  uint32_t continuing;  // the node of the prefix of tokens that continue a word
  bool continues;       // there are such tokens
  std::string unknown;
  size_t most_characters;
  std::string where;

  Status encode(std::string_view piece, const TokenSet* never, std::vector<Token>& to) const {
    const auto characters = static_cast<size_t>(
        std::ranges::count_if(piece, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    const size_t before = to.size();
    size_t at = characters > most_characters ? SIZE_MAX : 0;
    while (at < piece.size()) {
      size_t longest = 0;
      Token token = -1;
      uint32_t node = at == 0 ? SpellingTrie::kRoot : continuing;
      for (size_t end = at; end < piece.size() && (at == 0 || continues);) {
        node = trie.next(node, static_cast<unsigned char>(piece[end++]));
        if (node == SpellingTrie::kRoot) break;
        if (trie.token(node) < 0 || contains(never, trie.token(node))) continue;
        longest = end;
        token = trie.token(node);
      }
      if (token < 0) break;
      to.push_back(token);
      at = longest;
    }
    if (at == piece.size()) return {};
    to.resize(before);
    const auto id = vocabulary->id_of(unknown);
    if (!id) return no_unknown(where, unknown);
    to.push_back(*id);
    return {};
  }
};

}  // namespace

Result<TokenModel> read_wordpiece(const Json& json, const std::string& where) {
  if (Status s = only_members(
          json, where, {"unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"});
      !s.ok())
    return s;
  Status problem;
  Fields fields(json, where, problem);
  std::string unknown(fields.text("unk_token", "[UNK]"));
  const std::string prefix(fields.text("continuing_subword_prefix", "##"));
  const int32_t most = fields.integer("max_input_chars_per_word", 0, INT32_MAX, 100);
  if (!problem.ok()) return problem;
  auto read = read_vocabulary(json, where);
  if (!read.ok()) return read.status();
  const auto vocabulary = std::move(read).value();
  auto trie = SpellingTrie::make(*vocabulary, where);
  if (!trie.ok()) return trie.status();
  const uint32_t continuing = trie.value().next(SpellingTrie::kRoot, prefix);
  const auto model = std::make_shared<const WordPiece>(WordPiece{
      vocabulary, std::move(trie).value(), continuing, prefix.empty() || continuing != SpellingTrie::kRoot,
      std::move(unknown), static_cast<size_t>(most), where});
  return TokenModel{.vocabulary = vocabulary,
                    .encode = [model](std::string_view piece, const TokenSet* never, std::vector<Token>& to) {
                      return model->encode(piece, never, to);
                    }};
}

}  // namespace quire
