// The table of decoders, and chains of them.
#include <algorithm>

#include "text/decoders/decoders.h"
#include "text/read_stage.h"

namespace quire {
namespace {

// One answer's pass through a chain.
struct Chain {
  std::vector<DecodeStage> stages;

  void pass(size_t i, const TokenPart& part, std::string& to) {
    if (i == stages.size()) to += part.text;
    else stages[i](&part, [&](const TokenPart& p) { pass(i + 1, p, to); });
  }
  void end(std::string& to) {
    for (size_t i = 0; i < stages.size(); ++i)
      stages[i](nullptr, [&](const TokenPart& p) { pass(i + 1, p, to); });
  }
};

Decoder chain_decoder(std::vector<DecodeStageMaker> makers) {
  return [makers = std::move(makers)] {
    Chain chain;
    for (const DecodeStageMaker& m : makers) chain.stages.push_back(m());
    return DecodeStep(
        [chain = std::move(chain)](std::optional<std::string_view> spelling, std::string& to) mutable {
          if (spelling) chain.pass(0, {*spelling}, to);
          else chain.end(to);
        });
  };
}

// How many times longer the Replace stages of a chain can make a token. What decodes has no way to refuse.
double growth(const Json& json) {
  const Json *type = json.find("type"), *list = json.find("decoders");
  if (!type || !type->string()) return 1;
  double times = 1;
  if (*type->string() == "Sequence" && list && list->array())
    for (const Json& d : *list->array()) times *= growth(d);
  const Json *content = json.find("content"), *pattern = json.find("pattern");
  if (*type->string() != "Replace" || !content || !content->string() || !pattern) return times;
  const Json* literal = pattern->find("String");
  const double by = static_cast<double>(content->string()->size());
  if (!literal || !literal->string()) return by + 1;  // each place may match
  return std::max(1.0, by / static_cast<double>(std::max<size_t>(1, literal->string()->size())));
}

}  // namespace

Result<Decoder> read_decoder(const Json& json, const std::string& where) {
  static constexpr StageKind<DecodeStageMaker> kKinds[] = {
      {"ByteLevel", read_byte_level_decoder}, {"Metaspace", read_metaspace_decoder},
      {"WordPiece", read_wordpiece_decoder},  {"BPEDecoder", read_bpe_decoder},
      {"ByteFallback", read_byte_fallback},   {"Fuse", read_fuse},
      {"Strip", read_strip_decoder},          {"Replace", read_replace_decoder},
  };
  std::vector<DecodeStageMaker> stages;
  const std::span<const StageKind<DecodeStageMaker>> kinds(kKinds);
  if (Status s = read_chain(json, where, "decoders", kinds, stages); !s.ok()) return s;
  constexpr double kMost = 4096;
  if (growth(json) > kMost)
    return refused(where, "its Replace stages could make a token more than " +
                              std::to_string(static_cast<int>(kMost)) + " times longer.");
  return json.is_null() ? spaced_decoder() : chain_decoder(std::move(stages));
}

DecodeStage on_whole_tokens(std::function<void(const std::string* token, TokenPartSink to)> stage) {
  return [stage = std::move(stage), token = std::string()](const TokenPart* part, TokenPartSink to) mutable {
    if (!part) return stage(nullptr, to);
    if (part->begins) token.clear();
    token += part->text;
    if (part->ends) stage(&token, to);
  };
}

}  // namespace quire
