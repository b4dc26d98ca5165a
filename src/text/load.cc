// Reads tokenizer.json into a pipeline. Whatever the file holds beyond what we know is refused by name:
// a tokenizer that is nearly right gives wrong ids without a word.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/fields.h"
#include "text/pipeline.h"
#include "text/read_stage.h"
#include "text/sentencepiece_file.h"
#include "text/tokenizer.h"

namespace quire {
namespace {

constexpr int64_t kMaxBytes = int64_t{64} << 20;  // the largest published are half of it
constexpr JsonLimits kLimits = {.depth = 64, .values = 4'000'000};

// "truncation" and "padding" are how the file's author called it, not what the tokenizer is.
Result<Pipeline> read_pipeline(const Json& json, const std::string& name) {
  if (Status s = only_members(json, name,
                              {"version", "truncation", "padding", "added_tokens", "normalizer",
                               "pre_tokenizer", "post_processor", "decoder", "model"});
      !s.ok())
    return s;
  const Json null;
  const auto member = [&](std::string_view key) -> const Json& {
    const Json* v = json.find(key);
    return v ? *v : null;
  };
  Status problem;
  if (const auto version = Fields(json, name, problem).text("version", "1.0"); version != "1.0")
    return refused(name, "the version " + quoted(version) + " is not known; known is 1.0.");
  if (!problem.ok()) return problem;

  Pipeline p;
  const auto take = [](auto read, auto& to) {
    Status status = read.status();
    if (status.ok()) to = std::move(read).value();
    return status;
  };
  Status s = take(read_model(member("model"), name + ": model"), p.model);
  if (s.ok()) s = take(read_normalizers(member("normalizer"), name + ": normalizer"), p.normalizers);
  if (s.ok())
    s = take(read_pre_tokenizers(member("pre_tokenizer"), name + ": pre_tokenizer"), p.pre_tokenizers);
  if (s.ok())
    s = take(read_post_processors(member("post_processor"), name + ": post_processor"), p.post_processors);
  if (s.ok()) s = take(read_decoder(member("decoder"), name + ": decoder"), p.decoder);
  if (s.ok())
    s = take(AddedTokens::read(member("added_tokens"), *p.model.vocabulary, p.normalizers,
                               name + ": added_tokens"),
             p.added);
  if (!s.ok()) return s;
  return p;
}

Result<std::unique_ptr<Tokenizer>> make(const Json& json, const std::string& name) {
  auto pipeline = read_pipeline(json, name);
  return pipeline.ok() ? PipelineTokenizer::make(std::move(pipeline).value())
                       : Result<std::unique_ptr<Tokenizer>>(pipeline.status());
}

Result<std::unique_ptr<Tokenizer>> make(std::string_view sentencepiece, const SentencePieceChoices& choices,
                                        const std::string& name) {
  const auto file = SentencePieceFile::parse(sentencepiece, name);
  if (!file.ok()) return file.status();
  const auto json = file.value().as_tokenizer_json(choices, name);
  return json.ok() ? make(json.value(), name) : Result<std::unique_ptr<Tokenizer>>(json.status());
}

Result<std::unique_ptr<Tokenizer>> load_model_file(const std::string& path, const std::string& config) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > static_cast<uint64_t>(kMaxBytes))
    return refused(path, "cannot be read, or is larger than the " + std::to_string(kMaxBytes) +
                             " bytes that are allowed.");
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return refused(path, "cannot be read.");
  SentencePieceChoices choices;
  if (std::filesystem::exists(config, error)) {
    const auto json = read_json_file(config, kMaxBytes, kLimits);
    if (!json.ok()) return json.status();
    const auto read = SentencePieceChoices::read(json.value(), config);
    if (!read.ok()) return read.status();
    choices = read.value();
  }
  return make(bytes, choices, path);
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> parse_sentencepiece(std::string_view bytes, const std::string& name) {
  return make(bytes, SentencePieceChoices(), name);
}

Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& folder) {
  const std::string base = folder + (folder.ends_with('/') ? "" : "/");
  const std::string path = base + "tokenizer.json", model = base + "tokenizer.model";
  std::error_code error;
  if (!std::filesystem::exists(path, error) && std::filesystem::exists(model, error))
    return load_model_file(model, base + "tokenizer_config.json");
  const auto json = read_json_file(path, kMaxBytes, kLimits);
  return json.ok() ? make(json.value(), path) : Result<std::unique_ptr<Tokenizer>>(json.status());
}

Result<std::unique_ptr<Tokenizer>> parse_tokenizer(std::string_view text, const std::string& name) {
  const auto json = parse_json(text, kLimits);
  return json.ok() ? make(json.value(), name)
                   : Result<std::unique_ptr<Tokenizer>>(
                         Status(json.status().code(), name + ": " + json.status().message()));
}

}  // namespace quire
