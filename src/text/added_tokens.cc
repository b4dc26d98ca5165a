#include "text/added_tokens.h"

#include <algorithm>
#include <unordered_set>

#include "base/fields.h"
#include "text/read_stage.h"

namespace quire {
namespace {

constexpr size_t kMaxContent = 1024;  // the search for them takes this many steps a byte at worst
constexpr size_t kMaxTokens = 1 << 20;

Result<AddedToken> read_token(const Json& json, const std::vector<Normalizer>& normalizers,
                              const std::string& where) {
  if (Status s = only_members(json, where,
                              {"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
      !s.ok())
    return s;
  Status problem;
  Fields fields(json, where, problem);
  AddedToken t;
  t.id = fields.integer("id", 0, Vocabulary::kMaxId);
  t.content = fields.text("content", "");
  t.special = fields.flag("special", false);
  t.single_word = fields.flag("single_word", false);
  t.lstrip = fields.flag("lstrip", false);
  t.rstrip = fields.flag("rstrip", false);
  t.normalized = fields.flag("normalized", !t.special);
  if (t.content.empty() || t.content.size() > kMaxContent)
    fields.fail("content", "must have 1 to " + std::to_string(kMaxContent) + " bytes, found " +
                               std::to_string(t.content.size()) + ".");
  if (!problem.ok()) return problem;
  Section pattern{.text = t.content, .most_bytes = kMaxContent};
  if (t.normalized)
    for (const Normalizer& n : normalizers)
      if (Status s = n(pattern); !s.ok())
        return refused(where, "its content " + quoted(t.content) + " cannot be normalized: " + s.message());
  if (pattern.text.size() > kMaxContent)
    return refused(where, "the normalizer makes more than " + std::to_string(kMaxContent) + " bytes of " +
                              quoted(t.content) + ".");
  t.pattern = std::move(pattern.text);
  if (t.pattern.empty()) return refused(where, "the normalizer leaves nothing of " + quoted(t.content) + ".");
  return t;
}

}  // namespace

Result<AddedTokens> AddedTokens::read(const Json& json, const Vocabulary& model,
                                      const std::vector<Normalizer>& normalizers, const std::string& where) {
  AddedTokens added;
  if (json.is_null()) return added;
  if (!json.array()) return refused(where, "must be a list, found " + std::string(json.kind_name()) + ".");
  if (json.array()->size() > kMaxTokens)
    return refused(where, "more than " + std::to_string(kMaxTokens) + " added tokens.");
  Token next = model.count();  // as Hugging Face's reader counts on, whatever the largest id is
  for (size_t i = 0; i < json.array()->size(); ++i) {
    const std::string place = where + "[" + std::to_string(i) + "]";
    auto read = read_token((*json.array())[i], normalizers, place);
    if (!read.ok()) return read.status();
    AddedToken& t = read.value();
    const auto known = model.id_of(t.content);
    const Token id = known ? *known : next++;
    if (!added.by_content_.emplace(t.content, id).second)
      return refused(place, "the added token " + quoted(t.content) + " is given twice.");
    if (t.id != id || !added.by_id_.emplace(id, added.tokens_.size()).second)
      return refused(place, "the added token " + quoted(t.content) + " has the id " + std::to_string(t.id) +
                                ", but by the vocabulary and the order of the list it is " +
                                std::to_string(id) + (t.id == id ? ", which another has." : "."));
    added.end_ = std::max(added.end_, id + 1);
    added.tokens_.push_back(std::move(t));
  }
  std::unordered_set<std::string_view> specials;
  for (const AddedToken& t : added.tokens_)
    if (t.special) specials.insert(t.content);
  for (AddedToken& t : added.tokens_) t.skipped = specials.contains(t.pattern);
  return added;
}

const AddedToken* AddedTokens::find(Token id) const {
  const auto it = by_id_.find(id);
  return it != by_id_.end() ? &tokens_[it->second] : nullptr;
}

std::optional<Token> AddedTokens::id_of(std::string_view content) const {
  const auto it = by_content_.find(std::string(content));
  return it != by_content_.end() ? std::optional<Token>(it->second) : std::nullopt;
}

}  // namespace quire
