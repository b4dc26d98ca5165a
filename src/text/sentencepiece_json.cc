// A SentencePiece model as the tokenizer.json that transformers 5 makes of it.
#include <unordered_map>

#include "base/fields.h"
#include "text/base64.h"
#include "text/character.h"
#include "text/read_stage.h"
#include "text/sentencepiece_file.h"

namespace quire {
namespace {

constexpr const char* kSpace = "\u2581";
constexpr uint64_t kMostSteps = uint64_t{1} << 30;  // published models take 2^25

Json object(Json::Object members) { return Json(std::move(members)); }
Json number(int64_t n) { return Json(n); }
Json stage(const char* type, Json::Object members = {}) {
  members.insert(members.begin(), {"type", Json(type)});
  return Json(std::move(members));
}
Json chain(const char* list, Json::Array stages) {
  return stage("Sequence", {{list, Json(std::move(stages))}});
}
Json replace(const char* from, const char* by) {
  return stage("Replace", {{"pattern", object({{"String", from}})}, {"content", by}});
}
Json metaspace(const char* scheme, bool split) {
  return stage("Metaspace", {{"replacement", kSpace}, {"prepend_scheme", scheme}, {"split", split}});
}

// Each piece is made of every two pieces that it falls into; pieces come in the order of their ids.
Json merges_of(const std::vector<SentencePieceFile::Piece>& pieces,
               const std::unordered_map<std::string_view, size_t>& ids) {
  Json::Array merges;
  for (const auto& piece : pieces) {
    const std::string_view text = piece.text;
    for (size_t at = character_at(text, 0).bytes; at < text.size(); at += character_at(text, at).bytes)
      if (ids.contains(text.substr(0, at)) && ids.contains(text.substr(at)))
        merges.push_back(Json::Array{std::string(text.substr(0, at)), std::string(text.substr(at))});
  }
  return merges;
}

Json template_of(const SentencePieceFile& file, int64_t first, int64_t last) {
  Json::Array single;
  Json::Object tokens;
  const auto special = [&](int64_t id) {
    if (id < 0) return;
    const std::string& name = file.pieces[static_cast<size_t>(id)].text;
    single.push_back(object({{"SpecialToken", object({{"id", name}, {"type_id", number(0)}})}}));
    tokens.push_back(
        {name, object({{"id", name}, {"ids", Json::Array{number(id)}}, {"tokens", Json::Array{name}}})});
  };
  special(first);
  single.push_back(object({{"Sequence", object({{"id", "A"}, {"type_id", number(0)}})}}));
  special(last);
  return stage("TemplateProcessing",
               {{"single", single}, {"pair", Json::Array{}}, {"special_tokens", tokens}});
}

Json added_tokens_of(const SentencePieceFile& file) {
  Json::Array added;
  for (size_t i = 0; i < file.pieces.size(); ++i) {
    const auto id = static_cast<int64_t>(i);
    const bool gemma = !file.add_dummy_prefix && file.model_type == SentencePieceFile::kBpe;
    const std::string& text = file.pieces[i].text;
    const bool special = (gemma && (text == "<pad>" || text == "<mask>")) ||
                         file.pieces[i].type == SentencePieceFile::kControl || id == file.unk_id ||
                         id == file.bos_id || id == file.eos_id;
    if (!special && file.pieces[i].type != SentencePieceFile::kUserDefined) continue;
    added.push_back(object(
        {{"id", number(id)}, {"content", file.pieces[i].text}, {"normalized", false}, {"special", special}}));
  }
  return added;
}

}  // namespace

Result<SentencePieceChoices> SentencePieceChoices::read(const Json& json, const std::string& where) {
  Status problem;
  Fields fields(json, where, problem);
  SentencePieceChoices c;
  c.add_bos_token = fields.flag("add_bos_token", c.add_bos_token);
  c.add_eos_token = fields.flag("add_eos_token", c.add_eos_token);
  c.add_prefix_space = fields.flag("add_prefix_space", c.add_prefix_space);
  c.legacy = fields.flag("legacy", c.legacy);
  if (!problem.ok()) return problem;
  return c;
}

Result<Json> SentencePieceFile::as_tokenizer_json(const SentencePieceChoices& choices,
                                                  const std::string& where) const {
  std::unordered_map<std::string_view, size_t> ids;
  for (size_t i = 0; i < pieces.size(); ++i)
    if (!ids.emplace(pieces[i].text, i).second)
      return refused(where, "the piece " + quoted(pieces[i].text) + " stands in it twice.");
  uint64_t steps = 0;  // that looking for the merges takes
  for (const Piece& p : pieces) steps += uint64_t{p.text.size()} * p.text.size();
  if (steps > kMostSteps) return refused(where, "its pieces are too long for a SentencePiece model.");
  const bool llama = add_dummy_prefix;  // else gemma; both of BPE
  const bool prefix = llama && choices.add_prefix_space;
  const Json unknown = unk_id >= 0 && !llama ? Json(pieces[static_cast<size_t>(unk_id)].text) : Json();
  const bool bytes = byte_fallback || model_type == kBpe;
  Json::Array decoders = {replace(kSpace, " "), stage("ByteFallback"), stage("Fuse")};
  if (prefix)
    decoders.push_back(stage("Strip", {{"content", " "}, {"start", number(1)}, {"stop", number(0)}}));
  Json decoder = chain("decoders", std::move(decoders));
  if (!bytes) decoder = metaspace("always", true);

  Json model, normalizer, pre_tokenizer;
  if (model_type == kBpe) {
    Json::Object vocabulary;
    for (size_t i = 0; i < pieces.size(); ++i)
      vocabulary.push_back({pieces[i].text, number(static_cast<int64_t>(i))});
    model = stage("BPE", {{"unk_token", unknown},
                          {"fuse_unk", true},
                          {"byte_fallback", true},
                          {"vocab", std::move(vocabulary)},
                          {"merges", merges_of(pieces, ids)}});
    if (llama) {
      pre_tokenizer = metaspace(!prefix ? "never" : choices.legacy ? "always" : "first", false);
    } else {
      normalizer = replace(" ", kSpace);
      pre_tokenizer = stage(
          "Split",
          {{"pattern", object({{"String", " "}})}, {"behavior", "MergedWithPrevious"}, {"invert", false}});
    }
  } else {
    Json::Array vocabulary;
    for (const Piece& p : pieces) {
      std::string score;
      append_json_number(static_cast<double>(p.score), score);
      vocabulary.push_back(Json::Array{p.text, Json::Number{score}});
    }
    model = stage("Unigram", {{"unk_id", unk_id >= 0 ? number(unk_id) : Json()},
                              {"byte_fallback", byte_fallback},
                              {"vocab", std::move(vocabulary)}});
    pre_tokenizer = chain("pretokenizers", {stage("WhitespaceSplit"), metaspace("always", true)});
    if (!character_map.empty())
      normalizer = stage("Precompiled", {{"precompiled_charsmap", to_base64(character_map)}});
  }
  const bool is_bpe = model_type == kBpe;
  return object({{"added_tokens", added_tokens_of(*this)},
                 {"normalizer", std::move(normalizer)},
                 {"pre_tokenizer", std::move(pre_tokenizer)},
                 {"post_processor", template_of(*this, is_bpe && choices.add_bos_token ? bos_id : -1,
                                                !is_bpe || choices.add_eos_token ? eos_id : -1)},
                 {"decoder", std::move(decoder)},
                 {"model", std::move(model)}});
}

}  // namespace quire
