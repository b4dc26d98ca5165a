// Tokenizers for the tests: the committed goldens, and small ones written on the spot.
#pragma once
#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "text/tokenizer.h"

namespace quire {

inline const std::vector<std::string>& golden_names() {
  static const std::vector<std::string> names = {
      "gpt2", "llama3", "qwen2",      "flags", "llama2",   "mistral",  "gemma",    "qwen2_nfc", "clip",
      "bert", "t5",     "bert_cased", "xlmr",  "deepseek", "sp_llama", "sp_gemma", "sp_t5"};
  return names;
}

inline std::string golden_folder(const std::string& name) {
  return std::string(QUIRE_TEST_DATA) + "/text/goldens/" + name;
}

inline std::unique_ptr<Tokenizer> golden_tokenizer(const std::string& name) {
  auto t = load_tokenizer(golden_folder(name));
  REQUIRE_MESSAGE(t.ok(), t.status().message());
  return std::move(t).value();
}

inline std::vector<Json> golden_lines(const std::string& name, const std::string& file) {
  std::ifstream in(golden_folder(name) + "/" + file);
  std::vector<Json> lines;
  for (std::string line; std::getline(in, line);) {
    auto json = parse_json(line);
    REQUIRE(json.ok());
    lines.push_back(std::move(json).value());
  }
  REQUIRE(lines.size() > 100);
  return lines;
}

inline std::vector<Token> ids_of(const Json& list) {
  std::vector<Token> ids;
  for (const Json& id : *list.array()) ids.push_back(static_cast<Token>(*id.integer()));
  return ids;
}

// What is there under `key`, else under `otherwise`.
inline const Json& member(const Json& line, const char* key, const char* otherwise) {
  const Json* v = line.find(key);
  return v ? *v : *line.find(otherwise);
}

// A byte-level BPE of the letters a to d, the space and "ab", "abc", "cd" as tokens 5, 6 and 7; `more` are
// members of the file that stand before the model (each with a comma after it), `model` members of the model.
inline std::string tiny_json(const std::string& more = "", const std::string& model = "") {
  return "{" + more + R"("decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", )" + model +
         R"("vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "Ġ": 4, "ab": 5, "abc": 6, "cd": 7},
            "merges": ["a b", "c d", "ab c"]}})";
}

inline std::unique_ptr<Tokenizer> tokenizer_of(const std::string& json) {
  auto t = parse_tokenizer(json, "test");
  REQUIRE_MESSAGE(t.ok(), t.status().message());
  return std::move(t).value();
}

// The sentence with which `json` is refused; empty if it is not.
inline std::string refusal(const std::string& json) {
  return parse_tokenizer(json, "test").status().message();
}

inline std::vector<Token> encoded(const Tokenizer& t, std::string_view text, bool special = true) {
  auto ids = t.encode(text, {special});
  REQUIRE_MESSAGE(ids.ok(), ids.status().message());
  return std::move(ids).value();
}

}  // namespace quire
