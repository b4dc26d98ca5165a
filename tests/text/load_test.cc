// Files that are refused: what we do not know, by name; what contradicts itself; what is hostile, soon.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "tests/text/tokenizer_files.h"

namespace quire {
namespace {

bool says(const std::string& sentence, const std::string& part) {
  return sentence.find(part) != std::string::npos && sentence.find('\n') == std::string::npos;
}

TEST_CASE("what a file holds beyond what we know is refused by name") {
  CHECK(refusal(tiny_json()) == "");
  const std::pair<const char*, const char*> members[] = {
      {R"("surprise": 1, )", "\"surprise\""},
      {R"("version": "2.0", )", "\"2.0\""},
      {R"("normalizer": {"type": "NFX"}, )", "test: normalizer: the type \"NFX\" is not known here"},
      {R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "Uppercase"}]}, )",
       "normalizer[0]: the type"},
      {R"("pre_tokenizer": {"type": "Words"}, )",
       "\"Words\" is not known here; known are ByteLevel, Split, "},
      {R"("pre_tokenizer": {"type": "Metaspace"}, )", "replacement must be one character"},
      {R"("pre_tokenizer": {"type": "Metaspace", "replacement": "ab"}, )",
       "replacement must be one character"},
      {R"("pre_tokenizer": {"type": "Metaspace", "replacement": "_", "add_prefix_space": false}, )",
       "prepend_scheme is not \"never\""},
      {R"("pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"}, )",
       "known are first, never, always"},
      {R"("pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "removed", "invert": false}, )",
       "behavior is \"removed\"; known are Removed"},
      {R"("pre_tokenizer": {"type": "FixedLength", "length": 0}, )", "length"},
      {R"("pre_tokenizer": {"type": "CharDelimiterSplit", "delimiter": ""}, )", "must be one character"},
      {R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAA"}, )", "must be base64"},
      {R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "////f2Fi"}, )",
       "do not begin with a trie"},
      {R"("normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": "a"}, )", "not empty"},
      {R"("pre_tokenizer": {"type": "Split", "pattern": "a", "behavior": "Isolated", "invert": false}, )",
       "\"pattern\" must be"},
      {R"("pre_tokenizer": {"type": "ByteLevel", "new_option": false}, )", "\"new_option\""},
      {R"("pre_tokenizer": {"type": "ByteLevel", "use_regex": 1}, )",
       "use_regex must be true or false, found 1."},
      {R"("pre_tokenizer": {"use_regex": true}, )", "needs a \"type\""},
      {R"("pre_tokenizer": [], )", "must be an object, found an array"},
      {R"("post_processor": {"type": "BertProcessing"}, )", "cls must be [a spelling, an id]"},
      {R"("post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}]}, )",
       "or the Sequence A"},
      {R"("post_processor": {"type": "TemplateProcessing", "single": []}, )", "exactly once"},
      {R"("post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}]}, )",
       "special_tokens needs an entry \"x\""},
  };
  for (const auto& [text, part] : members) {
    CAPTURE(text);
    CHECK_MESSAGE(says(refusal(tiny_json(text)), part), refusal(tiny_json(text)));
  }
  const std::pair<const char*, const char*> models[] = {
      {R"("dropout": 0.1, )", "dropout"},
      {R"("scores": [], )", "\"scores\""},
      {R"("unk_token": 5, )", "unk_token must be a string"},
  };
  for (const auto& [text, part] : models) CHECK(says(refusal(tiny_json("", text)), part));
  CHECK(says(refusal(R"({"model": {"type": "Trigram"}})"), "test: model: the type \"Trigram\""));
  CHECK(says(refusal(R"({"model": null})"), "test: model: must be an object, found null"));
  CHECK(says(refusal("{}"), "test: model"));
  CHECK(says(refusal("[]"), "test: must be an object, found an array"));
  CHECK(says(refusal("{"), "test: not valid JSON at byte 1"));
  CHECK(says(refusal(R"({"decoder": {"type": "WordParts"}, "model": {"vocab": {}, "merges": []}})"),
             "\"WordParts\""));
  CHECK(says(refusal(R"({"decoder": {"type": "CTC"}, "model": {"vocab": {}, "merges": []}})"), "\"CTC\""));
  CHECK(says(
      refusal(
          R"({"decoder": {"type": "Strip", "content": " ", "start": -1}, "model": {"vocab": {}, "merges": []}})"),
      "start"));
  const std::pair<const char*, const char*> unigrams[] = {
      {R"("vocab": {})", "needs its list"},
      {R"("vocab": [["a"]])", "vocab[0] must be"},
      {R"("vocab": [["a", 0.0]], "unk_id": 1)", "unk_id"},
      {R"("vocab": [], "unk_id": 0)", "the vocabulary is empty"},
      {R"("vocab": [["a", "b"]])", "vocab[0] must be"},
  };
  for (const auto& [text, part] : unigrams) {
    const std::string file = R"({"model": {"type": "Unigram", )" + std::string(text) + "}}";
    CHECK_MESSAGE(says(refusal(file), part), refusal(file));
  }
  const std::string longest(2000, 'a');
  CHECK(says(refusal(R"({"model": {"type": "WordPiece", "vocab": {")" + longest + R"(": 0}}})"),
             "has 2000 bytes"));
}

TEST_CASE("what does not change ids or text is taken as it is") {
  const auto t =
      tokenizer_of(tiny_json(R"("version": "1.0", "truncation": {"max_length": 1}, "padding": {"x": 1},
      "normalizer": {"type": "Sequence", "normalizers": []}, "post_processor": null, "pre_tokenizer": null,
      "added_tokens": [], )",
                             R"("dropout": null, "unk_token": null, "continuing_subword_prefix": "",
      "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, )"));
  CHECK(encoded(*t, "abcab") == std::vector<Token>{6, 5});
}

TEST_CASE("a vocabulary that contradicts itself is refused") {
  const auto with = [](const std::string& vocab, const std::string& merges = "[]") {
    return refusal(R"({"model": {"type": "BPE", "vocab": )" + vocab + R"(, "merges": )" + merges + "}}");
  };
  CHECK(with("{}") == "");
  CHECK(with(R"({"a": 0, "b": 5})") == "");  // holes are allowed
  CHECK(with(R"({"a\u0000b": 0, "": 1})") == "");
  CHECK(says(with(R"({"a": 0, "b": 0})"), "the id 0 is given to both \"a\" and \"b\""));
  CHECK(says(with(R"({"a": -1})"), "[0, 4194303], found -1."));
  for (const char* id : {"4194304", "2147483648", "4294967296", "18446744073709551616", "1e3", "1.0", "\"1\"",
                         "null", "[]", "true"})
    CHECK(says(with(R"({"a": )" + std::string(id) + "}"), "the id of \"a\" must be an integer"));
  CHECK(says(with(R"({"a": 1, "a": 2})"), "given twice"));
  CHECK(says(with(R"(["a"])"), "must be an object of spellings and ids"));
  const std::string ab = R"({"a": 0, "b": 1, "ab": 2})";
  CHECK(with(ab, R"(["a b"])") == "");
  CHECK(with(ab, R"([["a", "b"]])") == "");
  CHECK(with(ab, R"(["#version: 0.2", "a b"])") == "");
  CHECK(says(with(ab, R"(["a c"])"), "merges[0]: refers to \"c\""));
  CHECK(says(with(ab, R"([["a", "b"], ["b", "a"]])"), "merges[1]: refers to \"ba\""));
  CHECK(says(with(ab, R"(["ab"])"), "one space between"));
  CHECK(says(with(ab, R"(["a  b"])"), "one space between"));
  CHECK(says(with(ab, R"([["a", "b", "c"]])"), "must be \"a b\" or"));
  CHECK(says(with(ab, R"([7])"), "must be \"a b\" or"));
  CHECK(says(with(ab, R"(["a b", ["a", "b"]])"), "spelled otherwise than the first"));
  CHECK(says(with(ab, "null"), "needs its list \"merges\""));
  CHECK(says(with(R"({"\ud800": 0})"), "surrogate"));
  CHECK(says(with("{\"\xff\": 0}"), "not valid JSON"));
}

TEST_CASE("added tokens that contradict the file are refused") {
  const auto with = [](const std::string& tokens) {
    return refusal(tiny_json("\"added_tokens\": [" + tokens + "], "));
  };
  CHECK(
      with(
          R"({"id": 8, "content": "x"}, {"id": 0, "content": "a", "special": true}, {"id": 9, "content": "y"})") ==
      "");
  CHECK(says(with(R"({"id": 8, "content": ""})"), "content must have 1 to 1024 bytes, found 0"));
  CHECK(says(with(R"({"id": 8, "content": ")" + std::string(5000, 'x') + "\"}"), "found 5000"));
  CHECK(says(with(R"({"id": 9, "content": "x"})"),
             "has the id 9, but by the vocabulary and the order of the list it is 8"));
  CHECK(says(with(R"({"id": 8, "content": "a"})"), "it is 0"));
  CHECK(says(with(R"({"id": 8, "content": "x"}, {"id": 9, "content": "x"})"), "given twice"));
  CHECK(says(with(R"({"id": -1, "content": "x"})"), "id must be an integer in [0, 4194303]"));
  CHECK(says(with(R"({"content": "x"})"), "id is missing"));
  CHECK(says(with(R"({"id": 8})"), "content must have"));
  CHECK(says(with(R"({"id": 8, "content": "x", "spin": 1})"), "\"spin\""));
  CHECK(says(with(R"("x")"), "must be an object"));
}

TEST_CASE("a folder without a tokenizer.json says so") {
  const auto t = load_tokenizer("/nowhere");
  CHECK(t.status().code() == Code::kNotFound);
  CHECK(says(t.status().message(), "/nowhere/tokenizer.json: cannot be opened"));
}

double seconds_to_refuse(const std::string& json) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string sentence = refusal(json);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  CHECK_FALSE(sentence.empty());
  CHECK(sentence.size() < 500);
  return took.count();
}

TEST_CASE("hostile sizes are refused, not worked on") {
  std::string chain = "{\"type\": \"ByteLevel\"}";
  for (int i = 1; i < 10'000; ++i) chain += ", {\"type\": \"ByteLevel\"}";
  CHECK(
      says(refusal(tiny_json(R"("pre_tokenizer": {"type": "Sequence", "pretokenizers": [)" + chain + "]}, ")),
           "more than 64 stages"));
  std::string nested = R"({"type": "ByteLevel"})";
  for (int i = 0; i < 10'000; ++i) nested = R"({"type": "Sequence", "pretokenizers": [)" + nested + "]}";
  CHECK(says(refusal(tiny_json("\"pre_tokenizer\": " + nested + ", ")), "nested deeper"));
  CHECK(says(refusal(std::string(100'000, '[')), "nested deeper"));
  CHECK(seconds_to_refuse(R"({"model": {"type": "BPE", "vocab": {")" + std::string(30 << 20, 'x') +
                          R"(": -1}, "merges": []}})") < 20);
  std::string many = R"({"model": {"type": "BPE", "merges": [)";
  for (int i = 0; i < 5'000'000; ++i) many += "1,";
  CHECK(seconds_to_refuse(many + "1]}}") < 20);
}

TEST_CASE("a file that could hold ten million tokens is refused unread") {
  const auto folder = std::filesystem::temp_directory_path() / ("quire_tokens_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "tokenizer.json") << R"({"model": {"type": "BPE", "vocab": {"t0": 0,)";
  std::filesystem::resize_file(folder / "tokenizer.json", 150'000'000);  // sparse
  const auto begin = std::chrono::steady_clock::now();
  const auto t = load_tokenizer(folder);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::filesystem::remove_all(folder);
  CHECK(says(t.status().message(), "larger than the 67108864 bytes that are allowed"));
  CHECK(took.count() < 20);
}

TEST_CASE("a catastrophic pattern refuses the text, not the process") {
  const auto t =
      tokenizer_of(tiny_json(R"re("pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+b|(a|aa)*c"},
      "behavior": "Isolated", "invert": false}, )re"));
  CHECK(says(t->encode(std::string(50, 'a'), {}).status().message(),
             "test: pre_tokenizer: Split: its pattern cannot"));
  CHECK(encoded(*t, "aab") == std::vector<Token>{0, 5});
}

}  // namespace
}  // namespace quire
