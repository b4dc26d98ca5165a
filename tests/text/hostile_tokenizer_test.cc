// Hostile tokenizer files, one test for each kind that we know of: refused in words and soon, or a tokenizer
// that keeps its promises. Times are bounds against hanging.
#include <doctest/doctest.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "base/utf8.h"
#include "tests/long_run.h"
#include "tests/text/hostile.h"
#include "tests/text/tokenizer_files.h"

namespace quire {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<Token>;

// The sentence with which the file is refused, soon; empty if it is not.
std::string sentence(const std::string& json) {
  const std::string s = soon([&] { return refusal(json); });
  CHECK(s.size() < 1000);
  CHECK(s.find('\n') == std::string::npos);
  CHECK(is_utf8(s));
  return s;
}

bool says(const std::string& sentence, std::string_view part) {
  const bool found = sentence.find(part) != std::string::npos;
  if (!found) MESSAGE(sentence);
  return found;
}

std::string bpe(const std::string& vocab, const std::string& merges = "[]", const std::string& more = "") {
  return R"({"model": {"type": "BPE", )" + more + R"("vocab": )" + vocab + R"(, "merges": )" + merges + "}}";
}

std::string stages(const std::string& one, size_t times) {
  return "[" + repeated(one + ", ", times - 1) + one + "]";
}

// A file of `bytes` that begins with `text`; the rest is a hole that takes no disk.
class SparseFile {
 public:
  SparseFile(const std::string& name, const std::string& text, uintmax_t bytes)
      : folder_(fs::temp_directory_path() / ("quire_hostile_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / name, std::ios::binary) << text;
    fs::resize_file(folder_ / name, bytes);
  }
  ~SparseFile() { fs::remove_all(folder_); }
  std::string load() const {
    return soon([&] { return load_tokenizer(folder_).status().message(); });
  }

 private:
  fs::path folder_;
};

TEST_CASE("tokenizer.json: ten million tokens") {
  const SparseFile file("tokenizer.json", R"({"model": {"type": "BPE", "vocab": {"t0": 0,)", 170'000'000);
  CHECK(says(file.load(), "larger than the 67108864 bytes that are allowed"));
  // Without the limit of the file's size; the long run has all ten million.
  const int32_t n = long_run() ? 10'000'000 : 100'000;
  std::string vocab = "{";
  for (int32_t i = 0; i < n; ++i) vocab.append("\"t").append(std::to_string(i)).append("\":0,");
  vocab += "\"t\":0}";
  CHECK(says(sentence(bpe(vocab)), long_run() ? "values" : "the id 0 is given to both \"t0\" and \"t1\""));
}

TEST_CASE("tokenizer.json: ids given twice, negative, beyond the largest, of another kind") {
  CHECK(says(sentence(bpe(R"({"a": 7, "b": 7})")), "the id 7 is given to both \"a\" and \"b\""));
  for (const char* id : {"-1", "4194304", "2147483648", "4294967295", "9223372036854775808", "1e300", "0.0",
                         "\"0\"", "null", "[0]", "{}", "true"})
    CHECK(says(sentence(bpe(R"({"a": )" + std::string(id) + "}")), "must be an integer in [0, 4194303]"));
  CHECK(says(sentence(tiny_json(R"("added_tokens": [{"id": 4194303, "content": "x"}], )")),
             "by the vocabulary and the order of the list it is 8"));
  CHECK(says(sentence(R"({"model": {"type": "Unigram", "unk_id": 1, "vocab": [["a", 0]]}})"), "unk_id"));
  // The largest id alone: a table of 4 million places, one of them taken.
  const auto t = tokenizer_of(bpe(R"({"a": 4194303})"));
  CHECK(t->size() == 4194304);
  CHECK(encoded(*t, "aa") == Ids{4194303, 4194303});
}

TEST_CASE("tokenizer.json: merges that refer to nothing, to each other, to what is empty") {
  const std::string ab = R"({"a": 0, "b": 1, "ab": 2, "": 3})";
  CHECK(says(sentence(bpe(ab, R"(["a c"])")), "refers to \"c\", which is not in the vocabulary"));
  CHECK(says(sentence(bpe(ab, R"(["b a"])")), "refers to \"ba\""));
  CHECK(says(sentence(bpe(ab, R"([["a", "b"], ["ab", "ab"]])")), "merges[1]: refers to \"abab\""));
  CHECK(says(sentence(bpe(ab, R"([" "])", "")), "") == true);
  // Merges with an empty half make a token of itself: they must not merge for ever.
  for (const char* merges :
       {R"([["a", ""], ["", "a"], ["", ""], ["a", "b"]])", R"([["a", "b"], ["a", "b"]])"}) {
    const auto t = tokenizer_of(bpe(ab, merges));
    CHECK(soon([&] { return encoded(*t, "abab" + repeated("ab", 1000)); }).size() == 1002);
  }
  std::string many = R"(["a b")";
  for (int i = 0; i < 300'000; ++i) many += R"(, "a b")";
  CHECK(sentence(bpe(ab, many + "]")).empty());
}

TEST_CASE("tokenizer.json: added tokens that are empty, go in circles, or are a beginning of each other") {
  const auto added = [](const std::string& list) { return tiny_json("\"added_tokens\": [" + list + "], "); };
  CHECK(says(sentence(added(R"({"id": 8, "content": ""})")), "must have 1 to 1024 bytes, found 0"));
  // A normalizer that leaves nothing of one, or makes much of it.
  const std::string strip =
      R"("normalizer": {"type": "Replace", "pattern": {"String": "x"}, "content": ""}, )";
  const std::string x = R"("added_tokens": [{"id": 8, "content": "xx", "normalized": true}], )";
  CHECK(says(sentence(tiny_json(strip + x)), "the normalizer leaves nothing of \"xx\""));
  const std::string grow = R"("normalizer": {"type": "Sequence", "normalizers": )" +
                           stages(R"({"type": "Replace", "pattern": {"String": "x"}, "content": "xx"})", 64) +
                           "}, ";
  CHECK(says(sentence(tiny_json(grow + x)), "cannot be normalized"));
  // One whose content is the normalized form of another, both ways round.
  const std::string swap = R"("normalizer": {"type": "Sequence", "normalizers": [
      {"type": "Replace", "pattern": {"String": "p"}, "content": "r"},
      {"type": "Replace", "pattern": {"String": "q"}, "content": "p"},
      {"type": "Replace", "pattern": {"String": "r"}, "content": "q"}]}, )";
  const auto circle = tokenizer_of(tiny_json(swap + R"("added_tokens": [
      {"id": 8, "content": "p", "normalized": true}, {"id": 9, "content": "q", "normalized": true}], )"));
  CHECK(encoded(*circle, "pqa") == Ids{8, 9, 0});
  CHECK(circle->decode(Ids{8, 9}, false) == "qp");
  // Every beginning of a long one: at each place of the text all of them are candidates.
  std::string list;
  for (int i = 1; i <= 1024; ++i) {
    if (i > 1) list += ", ";
    list += R"({"id": )" + std::to_string(7 + i) + R"(, "content": ")" +
            std::string(static_cast<size_t>(i), 'x') + "\"}";
  }
  const auto nested = tokenizer_of(added(list));
  CHECK(soon([&] { return encoded(*nested, std::string(1024 * 100 + 3, 'x')); }) == [] {
    Ids ids(100, 8 + 1023);
    ids.push_back(8 + 2);
    return ids;
  }());
  // Each of them nearly begins at each place of the text.
  list.clear();
  for (int i = 1; i < 1024; ++i) {
    if (i > 1) list += ", ";
    list += R"({"id": )" + std::to_string(7 + i) + R"(, "content": ")" +
            std::string(static_cast<size_t>(i), 'x') + "y\"}";
  }
  const auto nearly = tokenizer_of(added(list));
  CHECK(
      says(soon([&] { return nearly->encode(std::string(1 << 16, 'x')).status().message(); }), "more steps"));
  CHECK(encoded(*nearly, std::string(1000, 'x') + "yxy") == Ids{8 + 999, 8});
}

TEST_CASE("tokenizer.json: a catastrophic pattern in each place that takes one") {
  for (const char* pattern : {"(a+)+b", "(a|aa)*b", "a*a*a*b", "a*+b", "(?=a*b)c|a*b", "(a?){100}a{100}b",
                              "((a{0,100}){0,100}){0,100}b"}) {
    const std::string split = R"({"Regex": ")" + std::string(pattern) + R"("})";
    for (const std::string member :
         {R"("pre_tokenizer": {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": )",
          R"("normalizer": {"type": "Replace", "content": "", "pattern": )"}) {
      CAPTURE(pattern);
      const auto t = soon([&] { return parse_tokenizer(tiny_json(member + split + "}, "), "test"); });
      if (!t.ok()) {
        CHECK(says(t.status().message(), "PCRE2"));
        continue;
      }
      for (const size_t length : {50, 5000, 500'000}) {
        const auto ids = soon([&] { return t.value()->encode(std::string(length, 'a')); });
        CHECK((ids.ok() || says(ids.status().message(), "its pattern cannot be run on this text")));
      }
      CHECK(t.value()->encode("abab").ok());  // and is none the worse for it
    }
  }
  // A decoder cannot refuse: the token stays as it is.
  const auto t = soon([] {
    return tokenizer_of(R"({"decoder": {"type": "Replace", "pattern": {"Regex": "(a+)+b"}, "content": ""},
                            "model": {"type": "BPE", "merges": [], "vocab": {")" +
                        std::string(5000, 'a') + R"(": 0, "aab": 1}}})");
  });
  CHECK(soon([&] { return t->decode(Ids{0, 1, 0}); }) == std::string(10000, 'a'));
}

TEST_CASE("tokenizer.json: chains of ten thousand normalizers, and short ones that multiply the text") {
  const std::string nfc = R"({"type": "NFC"})";
  const auto chain = [](const std::string& list) {
    return tiny_json(R"("normalizer": {"type": "Sequence", "normalizers": )" + list + "}, ");
  };
  CHECK(says(sentence(chain(stages(nfc, 10'000))), "more than 64 stages"));
  CHECK(sentence(chain(stages(nfc, 64))).empty());
  std::string nested = nfc;
  for (int i = 0; i < 10'000; ++i) nested = R"({"type": "Sequence", "normalizers": [)" + nested + "]}";
  CHECK(says(sentence(tiny_json("\"normalizer\": " + nested + ", ")), "nested deeper"));

  const auto refuses = [](const std::string& json, const std::string& text) {
    const auto t = tokenizer_of(json);
    CHECK(says(soon([&] { return t->encode(text).status().message(); }), "more than 256 times the text"));
    CHECK(t->encode("").ok());
  };
  const std::string text(2'000, 'a');
  const std::string doubling = R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"})";
  refuses(chain(stages(doubling, 64)), text);
  refuses(chain(stages(R"({"type": "Replace", "pattern": {"Regex": "x*"}, "content": "a"})", 64)), text);
  refuses(chain(stages(R"({"type": "ByteLevel"})", 64)), repeated("\u00e9", 5'000));
  refuses(chain("[{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"" +
                std::string(1 << 20, 'b') + "\"}]"),
          text);
  refuses(
      tiny_json(
          R"("added_tokens": [{"id": 8, "content": "x", "normalized": false}], "normalizer": {"type": "Prepend", "prepend": ")" +
          std::string(1 << 20, 'b') + "\"}, "),
      repeated("ax", 1'000));
  refuses(tiny_json(R"("pre_tokenizer": {"type": "Sequence", "pretokenizers": )" +
                    stages(R"({"type": "ByteLevel", "add_prefix_space": true})", 64) + "}, "),
          repeated("\u00e9", 5'000));
  CHECK(says(sentence(R"({"decoder": {"type": "Sequence", "decoders": )" + stages(doubling, 64) +
                      R"(}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})"),
             "times longer"));
}

TEST_CASE("tokenizer.json: ids multiplied by affixes and templates") {
  const std::string affix(1 << 20, 'x');
  CHECK(says(sentence(bpe("{}", "[]", R"("continuing_subword_prefix": ")" + affix + "\", ")),
             "at most 64 bytes"));
  CHECK(says(sentence(bpe("{}", "[]", R"("end_of_word_suffix": ")" + affix + "\", ")), "at most 64 bytes"));
  CHECK(says(sentence(tiny_json(R"("post_processor": {"type": "TemplateProcessing", "special_tokens":
      {"x": {"id": "x", "ids": [0)" +
                                repeated(", 0", 100'000) + R"(], "tokens": []}}, "pair": [],
      "single": [{"Sequence": {"id": "A", "type_id": 0}})" +
                                repeated(R"(, {"SpecialToken": {"id": "x", "type_id": 0}})", 255) + "]}, ")),
             "more than 4096 ids"));
}

TEST_CASE("tokenizer.json: text that is no UTF-8, lone surrogates") {
  for (const char* bad :
       {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xe4\xb8", "\x80"}) {
    CHECK(says(sentence(bpe(R"({")" + std::string(bad) + R"(": 0})")), "not valid JSON"));
    const auto t = tokenizer_of(tiny_json());
    CHECK(t->encode(std::string("ab") + bad).status().message() == "The text is not valid UTF-8.");
  }
  for (const char* bad : {"\\ud800", "\\udfff", "\\ud800\\ud800", "\\ud800a", "\\u12", "\\ud83d\\u"})
    CHECK(says(sentence(bpe(R"({")" + std::string(bad) + R"(": 0})")), "not valid JSON"));
  const auto t = tokenizer_of(bpe(R"({"\ud83d\ude00": 0})"));
  CHECK(encoded(*t, "\U0001F600") == Ids{0});
}

TEST_CASE("tokenizer.json: NUL in tokens") {
  const auto t = tokenizer_of(R"({"added_tokens": [{"id": 5, "content": "\u0000x\u0000", "special": true}],
      "model": {"type": "BPE", "vocab": {"\u0000": 0, "a": 1, "a\u0000": 2, "\u0000a": 3, "": 4},
                "merges": [["a", "\u0000"], ["\u0000", "a"]]}})");
  const std::string nul(1, '\0');
  CHECK(encoded(*t, "a" + nul + nul + "a") == Ids{2, 3});
  CHECK(encoded(*t, nul + "x" + nul + "a") == Ids{5, 1});
  CHECK(t->spelling(2) == "a" + nul);
  CHECK(t->id_of(nul + "a") == 3);
  for (const char* kind : {"WordPiece", "WordLevel"}) {
    const auto w = tokenizer_of(R"({"model": {"type": ")" + std::string(kind) +
                                R"(", "unk_token": "u", "vocab": {"u": 0, "\u0000": 1, "a\u0000b": 2}}})");
    CHECK(encoded(*w, nul) == Ids{1});
    CHECK(encoded(*w, "a" + nul + "b") == Ids{2});
  }
  const auto u = tokenizer_of(
      R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["u", 0], ["\u0000", -1], ["a\u0000", -1]]}})");
  CHECK(encoded(*u, "a" + nul + nul) == Ids{2, 1});
}

TEST_CASE("tokenizer.json: a single token of a gigabyte, of megabytes, as long as may be") {
  for (const auto& [name, begin] :
       {std::pair("tokenizer.json", R"({"model": {"type": "BPE", "vocab": {"xxxxxxxx)"),
        std::pair("tokenizer.model", "\n\xff\xff\xff\xff\x03")}) {
    const SparseFile file(name, begin, uintmax_t{1} << 30);
    CHECK(says(file.load(), "larger than the 67108864 bytes that are allowed"));
  }
  const std::string megabytes(8 << 20, 'x');
  CHECK(
      says(sentence(bpe(R"({")" + megabytes + R"(": 0})")), "has 8388608 bytes; at most 65536 are allowed"));
  CHECK(
      says(sentence(R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [[")" + megabytes + R"(", 0]]}})"),
           "at most 65536"));
  CHECK(says(sentence(tiny_json(R"("added_tokens": [{"id": 8, "content": ")" + megabytes + "\"}], ")),
             "1 to 1024 bytes, found 8388608"));
  const std::string longest(65536, 'a');
  const auto t =
      tokenizer_of(bpe(R"({"a": 0, ")" + longest + R"(": 1})", "[]", R"("ignore_merges": true, )"));
  CHECK(encoded(*t, longest) == Ids{1});
  CHECK(t->decode(Ids{1, 1}).size() == 2 * longest.size() + 1);
}

TEST_CASE("tokenizer.json: a special token that is a common word") {
  const auto t =
      tokenizer_of(tiny_json(R"("added_tokens": [{"id": 5, "content": "ab", "special": true}], )"));
  CHECK(encoded(*t, "abcabcd") == Ids{5, 2, 5, 7});  // as the file asks for
  const TextRange plain = {0, 7};
  const auto ids = t->encode("abcabcd", {.plain = {&plain, 1}});
  REQUIRE(ids.ok());
  CHECK(ids.value() == Ids{0, 1, 2, 0, 1, 7});  // a user's word stays a word
  CHECK(t->decode(ids.value()) == "abcabcd");
  CHECK(t->decode(Ids{5, 2}) == "c");
  // A special token that is one letter, or a space: then plain text has no other spelling, and loses it.
  for (const char* content : {"a", " "}) {
    const auto one =
        tokenizer_of(tiny_json(R"("added_tokens": [{"id": )" + std::to_string(*content == 'a' ? 0 : 8) +
                               R"(, "content": ")" + std::string(content) + R"(", "special": true}], )"));
    const TextRange all = {0, 3};
    const auto spelled = one->encode("b a", {.plain = {&all, 1}});
    REQUIRE(spelled.ok());
    for (const Token id : spelled.value()) CHECK_FALSE(one->is_special(id));
  }
}

TEST_CASE("tokenizer.json: a vocabulary that is smaller or larger than the model's table") {
  // The table's rows are the model's: what is beyond the tokenizer has no text, and ids beyond the table are
  // refused with the request (tests/sched/limits_test.cc).
  const auto t = tokenizer_of(tiny_json());
  CHECK(t->size() == 8);
  CHECK(t->decode(Ids{0, 8, 1000, 151935, INT32_MAX, -1, INT32_MIN, 1}) == "ab");
  for (const Token id : {-1, 8, INT32_MAX, INT32_MIN}) {
    CHECK_FALSE(t->spelling(id).has_value());
    CHECK_FALSE(t->is_special(id));
  }
  const auto holes = tokenizer_of(bpe(R"({"a": 0, "b": 100000})"));
  CHECK(holes->size() == 100001);
  CHECK(holes->decode(Ids{0, 5, 99999, 100000}) == "a b");
}

TEST_CASE("tokenizer.json: scores and numbers of any size") {
  for (const char* score : {"1e308", "-1e308", "1e-400", "-0.0", "0"}) {
    const auto t = tokenizer_of(R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["u", 0], ["a", )" +
                                std::string(score) + R"(], ["aa", )" + score + "]]}}");
    CHECK(soon([&] { return t->encode(std::string(10'000, 'a')); }).ok());
  }
  for (const char* score : {"1e999", "NaN", "Infinity", "null", "\"1\"", "[]"})
    CHECK_FALSE(
        sentence(R"({"model": {"type": "Unigram", "vocab": [["a", )" + std::string(score) + "]]}}").empty());
}

TEST_CASE("tokenizer.model: lengths that lie, pieces that are too long, ids of nothing") {
  const auto refused = [](const std::string& bytes) {
    const auto t = soon([&] { return parse_sentencepiece(bytes, "test"); });
    return t.status().message();
  };
  CHECK(says(refused(""), "it has no pieces"));
  CHECK(says(refused(std::string(1000, '\xff')), "it is no protobuf message"));
  CHECK(says(refused("\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "it is no protobuf message"));
  CHECK(says(refused("\n\x02\n\x05"), "a piece is cut off"));
  CHECK(says(refused(std::string("\n\x02\n\x00", 4)), "a piece is empty"));
  CHECK(says(refused("\n\x03\n\x01\xff"), "not valid UTF-8"));
  const auto field = [](char key, const std::string& body) {
    std::string s(1, key);
    for (size_t n = body.size();; n >>= 7) {
      s += static_cast<char>((n & 127) | (n > 127 ? 128 : 0));
      if (n <= 127) return s + body;
    }
  };
  CHECK(says(refused(field('\n', field('\n', std::string(1 << 20, 'x')))), "a piece of 1048576 bytes"));
  std::string many;
  for (char c = 'a'; c <= 'z'; ++c)
    for (char d = 'a'; d <= 'z'; ++d)
      for (char e = 'a'; e <= 'z'; ++e)
        many += field('\n', field('\n', std::string({c, d, e}) + std::string(900, 'x')));
  CHECK(says(refused(many), "too long"));
  CHECK(says(
      refused(field('\n', field('\n', "a")) + field('\n', field('\n', "b")) + field('\n', field('\n', "a"))),
      "twice"));
}

}  // namespace
}  // namespace quire
