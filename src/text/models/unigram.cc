// Unigram: of all ways to spell a piece the one whose tokens' scores have the largest sum. A character that
// no token spells alone counts as unknown; neighbouring unknowns become one token, or bytes.
#include <limits>

#include "base/fields.h"
#include "base/utf8.h"
#include "text/models/byte_tokens.h"
#include "text/models/models.h"
#include "text/models/rust_number.h"
#include "text/models/spelling_trie.h"
#include "text/read_stage.h"

namespace quire {
namespace {

constexpr double kUnknownPenalty = 10.0;  // SentencePiece's: below the least score

struct Unigram {
  std::shared_ptr<const Vocabulary> vocabulary;
  SpellingTrie trie;
  std::vector<double> scores;  // by id
  double unknown_score;
  Token unknown;  // -1: none
  bool byte_fallback;
  ByteTokens bytes;
  std::string where;

  struct Best {  // of the ways to spell the text up to a place
    double score = 0;
    Token last = -1;
    uint32_t begin = UINT32_MAX;  // of the last token; UINT32_MAX: no way was found yet
  };

  static void offer(Best& to, double score, Token token, size_t begin) {
    if (to.begin != UINT32_MAX && score <= to.score) return;
    to = {score, token, static_cast<uint32_t>(begin)};
  }

  Status encode(std::string_view piece, const TokenSet* never, std::vector<Token>& to) const {
    if (piece.size() >= UINT32_MAX)
      return Status(Code::kInvalidArgument,
                    where + ": a piece of " + std::to_string(piece.size()) + " bytes is too long.");
    std::vector<Best> best(piece.size() + 1);
    for (size_t at = 0, n = 0; at < piece.size(); at += n) {
      n = utf8_length(piece.substr(at));
      bool alone = false;
      uint32_t node = SpellingTrie::kRoot;
      for (size_t end = at; end < piece.size();) {
        node = trie.next(node, static_cast<unsigned char>(piece[end++]));
        if (node == SpellingTrie::kRoot) break;
        const Token token = trie.token(node);
        if (token < 0 || contains(never, token)) continue;
        offer(best[end], scores[static_cast<size_t>(token)] + best[at].score, token, at);
        alone = alone || end - at == n;
      }
      if (alone) continue;
      if (unknown < 0) return no_unknown(where, "");
      offer(best[at + n], unknown_score + best[at].score, unknown, at);
    }
    return spell(piece, best, never, to);
  }

  // The tokens of the best way, from its end to its beginning and turned round.
  Status spell(std::string_view piece, const std::vector<Best>& best, const TokenSet* never,
               std::vector<Token>& to) const {
    std::vector<std::pair<size_t, Token>> ends;  // of each token, unknowns joined
    for (size_t end = piece.size(); end > 0; end = best[end].begin) {
      const bool joins = !ends.empty() && best[end].last == unknown && ends.back().second == unknown;
      if (!joins) ends.emplace_back(end, best[end].last);
    }
    size_t begin = 0;
    for (auto i = ends.rbegin(); i != ends.rend(); ++i) {
      const std::string_view text = piece.substr(begin, i->first - begin);
      begin = i->first;
      if (i->second != unknown) {
        to.push_back(i->second);
      } else if (const auto id = vocabulary->id_of(text); id && !contains(never, *id)) {
        to.push_back(*id);  // unknown one by one, but not together
      } else if (!byte_fallback || !bytes.spell(text, to)) {
        to.push_back(unknown);
      }
    }
    return {};
  }
};

}  // namespace

Result<TokenModel> read_unigram(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"unk_id", "vocab", "byte_fallback"}); !s.ok()) return s;
  const Json* vocab = json.find("vocab");
  if (!vocab || !vocab->array()) return refused(where, "needs its list \"vocab\".");
  std::vector<std::string_view> spellings;
  std::vector<double> scores;
  double least = std::numeric_limits<double>::infinity();
  for (const Json& entry : *vocab->array()) {
    const Json::Array* pair = entry.array();
    const std::string* spelling = pair && pair->size() == 2 ? (*pair)[0].string() : nullptr;
    const Json::Number* number = spelling ? (*pair)[1].number() : nullptr;
    const auto score = number ? rust_number(number->text) : std::nullopt;
    if (!score)
      return refused(where, "vocab[" + std::to_string(scores.size()) + "] must be [a spelling, a number].");
    spellings.push_back(*spelling);
    scores.push_back(*score);
    least = std::min(least, *score);
  }
  auto made = Vocabulary::of(spellings, where + ": vocab");
  if (!made.ok()) return made.status();
  Status problem;
  Fields fields(json, where, problem);
  const int32_t most = made.value().end() - 1;
  if (most < 0 && fields.has("unk_id")) fields.fail("unk_id", "is given, but the vocabulary is empty.");
  const Token unknown = most < 0 ? -1 : fields.integer("unk_id", 0, most, -1);
  const bool byte_fallback = fields.flag("byte_fallback", false);
  if (!problem.ok()) return problem;

  const auto vocabulary = std::make_shared<const Vocabulary>(std::move(made).value());
  auto trie = SpellingTrie::make(*vocabulary, where);
  if (!trie.ok()) return trie.status();
  const auto model = std::make_shared<const Unigram>(
      Unigram{vocabulary, std::move(trie).value(), std::move(scores), least - kUnknownPenalty, unknown,
              byte_fallback, ByteTokens(*vocabulary), where});
  return TokenModel{.vocabulary = vocabulary,
                    .encode = [model](std::string_view piece, const TokenSet* never, std::vector<Token>& to) {
                      return model->encode(piece, never, to);
                    }};
}

}  // namespace quire
