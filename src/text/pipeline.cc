#include "text/pipeline.h"

#include "base/utf8.h"
#include "text/piece_cache.h"

namespace quire {
namespace {

class PipelineDetokenizer final : public Detokenizer {
 public:
  PipelineDetokenizer(const Pipeline& pipeline, bool skip_special)
      : pipeline_(pipeline), step_(pipeline.decoder()), skip_special_(skip_special) {}

  void add(Token token, std::string& to) override {
    const AddedToken* added = pipeline_.added.find(token);
    if (added && added->skipped && skip_special_) return;
    const auto spelling =
        added ? std::string_view(added->pattern) : pipeline_.model.vocabulary->spelling(token);
    if (spelling) step_(spelling, to);
  }
  void finish(std::string& to) override { step_(std::nullopt, to); }

 private:
  const Pipeline& pipeline_;
  DecodeStep step_;
  bool skip_special_;
};

// A byte for each of a text: 1 where it is plain. Empty if it is so nowhere.
std::string plain_bytes(size_t text_bytes, std::span<const TextRange> ranges) {
  std::string plain;
  if (ranges.empty()) return plain;
  plain.resize(text_bytes);
  for (const TextRange& r : ranges)
    for (size_t i = r.begin; i < std::min(r.end, text_bytes); ++i) plain[i] = 1;
  return plain;
}

}  // namespace

Status grows_too_much() {
  return {
      Code::kInvalidArgument,
      "The normalizers and pre-tokenizers of tokenizer.json would make more than 256 times the text of it."};
}

struct PipelineTokenizer::Encoding {
  explicit Encoding(size_t text_bytes) : cache(text_bytes), left(most_made_of(text_bytes)) {}
  Status take(size_t bytes) {
    if (bytes > left) return grows_too_much();
    left -= bytes;
    return {};
  }
  PieceCache cache;
  std::vector<Token> ids;
  const TokenSet* never = nullptr;  // special tokens, if some of the text is plain
  size_t left;                      // bytes that stages may still make of the text
};

Result<std::unique_ptr<Tokenizer>> PipelineTokenizer::make(Pipeline pipeline) {
  std::unique_ptr<PipelineTokenizer> t(new PipelineTokenizer(std::move(pipeline)));
  auto as_it_came = AddedTokenSearch::make(t->p_.added, false);
  if (!as_it_came.ok()) return as_it_came.status();
  auto in_normalized = AddedTokenSearch::make(t->p_.added, true);
  if (!in_normalized.ok()) return in_normalized.status();
  for (const AddedToken& a : t->p_.added.all())
    if (a.special) {
      if (t->specials_.size() <= static_cast<size_t>(a.id))
        t->specials_.resize(static_cast<size_t>(a.id) + 1);
      t->specials_[static_cast<size_t>(a.id)] = true;
    }
  t->as_it_came_ = std::move(as_it_came).value();
  t->in_normalized_ = std::move(in_normalized).value();
  return std::unique_ptr<Tokenizer>(std::move(t));
}

Result<std::vector<Token>> PipelineTokenizer::encode(std::string_view text,
                                                     const EncodeOptions& options) const {
  if (text.size() > kMostText)
    return Status(Code::kInvalidArgument, "A text of " + std::to_string(text.size()) + " bytes; at most " +
                                              std::to_string(kMostText) + " are tokenized.");
  if (!is_utf8(text)) return Status(Code::kInvalidArgument, "The text is not valid UTF-8.");
  Encoding e(text.size());
  const std::string plain = plain_bytes(text.size(), options.plain);
  if (!plain.empty()) e.never = &specials_;
  Status s = as_it_came_->split(text, plain, [&](std::optional<Token> token, std::string_view part) {
    if (token) return e.ids.push_back(*token), Status();
    const auto at = static_cast<size_t>(part.data() - text.data());
    Section section{.text = std::string(part), .begins_text = at == 0};
    if (!plain.empty()) section.plain = plain.substr(at, part.size());
    return encode_section(std::move(section), e);
  });
  if (!s.ok()) return s;
  std::vector<std::vector<Token>> parts;
  parts.push_back(std::move(e.ids));
  for (const PostProcessor& p : p_.post_processors) p(options.add_special_tokens, parts);
  std::vector<Token> ids = std::move(parts.front());
  for (size_t i = 1; i < parts.size(); ++i) ids.insert(ids.end(), parts[i].begin(), parts[i].end());
  return ids;
}

Status PipelineTokenizer::encode_section(Section section, Encoding& e) const {
  section.most_bytes = e.left;
  for (const Normalizer& n : p_.normalizers) {
    if (Status s = n(section); !s.ok()) return s;
    if (section.text.size() > e.left) return grows_too_much();
  }
  if (Status s = e.take(section.text.size()); !s.ok()) return s;
  return in_normalized_->split(
      section.text, section.plain, [&](std::optional<Token> token, std::string_view part) {
        if (token) return e.ids.push_back(*token), Status();
        return encode_piece({part, section.begins_text && part.data() == section.text.data()}, 0, e);
      });
}

// Through the pre-tokenizers from `stage` on, then the model.
Status PipelineTokenizer::encode_piece(const Piece& piece, size_t stage, Encoding& e) const {
  if (piece.text.empty()) return {};
  if (stage < p_.pre_tokenizers.size())
    return p_.pre_tokenizers[stage](piece, [&](const Piece& part) {
      Status s = e.take(part.text.size());
      return s.ok() ? encode_piece(part, stage + 1, e) : s;
    });
  constexpr size_t kLong = 64;  // shorter ones are not worth the search for a cut
  if (!p_.model.first_part || piece.text.size() <= kLong) return encode_part(piece.text, e);
  for (std::string_view rest = piece.text; !rest.empty();) {
    const size_t n = p_.model.first_part(rest);
    if (Status s = encode_part(rest.substr(0, n), e); !s.ok()) return s;
    rest.remove_prefix(n);
  }
  return {};
}

Status PipelineTokenizer::encode_part(std::string_view part, Encoding& e) const {
  if (e.cache.find(part, e.ids)) return {};
  const size_t before = e.ids.size();
  Status s = p_.model.encode(part, e.never, e.ids);
  if (s.ok()) e.cache.keep(part, std::span(e.ids).subspan(before));
  return s;
}

std::unique_ptr<Detokenizer> PipelineTokenizer::detokenizer(bool skip_special_tokens) const {
  return std::make_unique<PipelineDetokenizer>(p_, skip_special_tokens);
}

std::optional<std::string_view> PipelineTokenizer::spelling(Token token) const {
  if (const AddedToken* added = p_.added.find(token)) return added->pattern;
  return p_.model.vocabulary->spelling(token);
}

std::optional<Token> PipelineTokenizer::id_of(std::string_view spelling) const {
  const auto added = p_.added.id_of(spelling);
  return added ? added : p_.model.vocabulary->id_of(spelling);
}

bool PipelineTokenizer::is_special(Token token) const {
  const AddedToken* added = p_.added.find(token);
  return added && added->special;
}

int32_t PipelineTokenizer::size() const { return std::max(p_.added.end(), p_.model.vocabulary->end()); }

}  // namespace quire
