// ByteLevel: spells the bytes of a piece in GPT-2's alphabet, after splitting it by GPT-2's pattern unless
// "use_regex" is off. "trim_offsets" concerns offsets, which we do not give.
#include "base/fields.h"
#include "text/byte_alphabet.h"
#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/read_stage.h"

namespace quire {
namespace {

// Source: openai/gpt-2, encoder.py.
constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

Status spell(const Piece& piece, PieceSink to) {
  std::string spelled;
  append_in_byte_alphabet(piece.text, spelled);
  return to({spelled, piece.begins_text});
}

}  // namespace

Result<PreTokenizer> read_byte_level(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"add_prefix_space", "trim_offsets", "use_regex"}); !s.ok())
    return s;
  Status problem;
  Fields fields(json, where, problem);
  const bool add_prefix_space = fields.flag("add_prefix_space", true);
  const bool use_regex = fields.flag("use_regex", true);
  fields.flag("trim_offsets", true);
  if (!problem.ok()) return problem;
  auto pattern = Pattern::compile(kGpt2, where);
  if (!pattern.ok()) return pattern.status();

  return PreTokenizer(
      [add_prefix_space, use_regex, pattern = std::move(pattern).value()](const Piece& piece, PieceSink to) {
        std::string prefixed;
        Piece whole = piece;
        if (add_prefix_space && !piece.text.starts_with(' ')) {
          prefixed.reserve(piece.text.size() + 1);
          prefixed += ' ';
          prefixed += piece.text;
          whole.text = prefixed;
        }
        if (!use_regex) return spell(whole, to);
        return split_isolated(pattern, whole, [&](const Piece& part) { return spell(part, to); });
      });
}

}  // namespace quire
