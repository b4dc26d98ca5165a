// Any bytes as a text or as ids for one of the golden tokenizers. Byte 0 chooses the tokenizer, byte 1 what
// is done; of a text bytes 2 and 3 are where a plain range begins and how long it is, in 256ths of the text.
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>

#include "base/json.h"
#include "tests/text/fuzz/promises.h"

namespace quire {
namespace {

// Each has another model, or stages that the others lack. The order is the corpus's: new ones come last.
constexpr const char* kKinds[] = {"gpt2",     "llama3",     "qwen2",     "flags",    "llama2", "mistral",
                                  "gemma",    "clip",       "qwen2_nfc", "bert",     "t5",     "xlmr",
                                  "deepseek", "bert_cased", "sp_llama",  "sp_gemma", "sp_t5"};

struct Subject {
  std::unique_ptr<Tokenizer> tokenizer;
  std::vector<Token> specials;  // but the unknown token and bytes, which stand for plain text too
};

Subject make_subject(const std::string& kind) {
  const std::string folder = std::string(QUIRE_TEST_DATA) + "/text/goldens/" + kind;
  auto t = load_tokenizer(folder);
  auto json = read_json_file(folder + "/tokenizer.json");
  if (!json.ok()) json = read_json_file(folder + "/converted.json");
  QUIRE_CHECK(t.ok() && json.ok());
  Subject s = {std::move(t).value(), {}};
  const Json& model = *json.value().find("model");
  const Json *unknown = model.find("unk_token"), *unknown_id = model.find("unk_id");
  for (Token id = 0; id < s.tokenizer->size(); ++id) {
    if (!s.tokenizer->is_special(id)) continue;
    const std::string_view spelling = *s.tokenizer->spelling(id);
    const bool is_unknown = (unknown && unknown->string() && *unknown->string() == spelling) ||
                            (unknown_id && unknown_id->integer() == id);
    if (!is_unknown && !spelling.starts_with("<0x")) s.specials.push_back(id);
  }
  return s;
}

const Subject& subject(uint8_t byte) {
  static std::map<size_t, Subject> made;
  const size_t i = byte % std::size(kKinds);
  const auto found = made.find(i);
  return found != made.end() ? found->second : made.emplace(i, make_subject(kKinds[i])).first->second;
}

int64_t times(std::string_view sought, std::string_view text) {  // overlapping ones too
  int64_t n = 0;
  for (size_t at = 0; (at = text.find(sought, at)) != std::string_view::npos; ++at) ++n;
  return n;
}

// A special token comes only as often as it is spelled outside of the plain range.
void check_plain(const Subject& s, std::string_view text, TextRange plain) {
  const auto ids = s.tokenizer->encode(text, {.add_special_tokens = false, .plain = {&plain, 1}});
  QUIRE_CHECK(ids.ok());
  const std::string_view before = text.substr(0, plain.begin), after = text.substr(plain.end);
  for (const Token id : s.specials) {
    const std::string_view spelling = *s.tokenizer->spelling(id);
    QUIRE_CHECK(std::ranges::count(ids.value(), id) <= times(spelling, before) + times(spelling, after));
  }
}

void check_linear(const Tokenizer& t, std::string_view part) {
  std::string text;
  while (text.size() < 1 << 16) text += part;
  const clock_t begin = clock();
  QUIRE_CHECK(t.encode(text).ok());
  QUIRE_CHECK(clock() - begin < 5 * CLOCKS_PER_SEC);
}

void check(const uint8_t* data, size_t size) {
  if (size < 4) return;
  const Subject& s = subject(data[0]);
  const Tokenizer& t = *s.tokenizer;
  if (data[1] & 1) {
    std::vector<Token> ids;
    for (size_t i = 2; i + 1 < size; i += 2) ids.push_back((data[i] << 8 | data[i + 1]) % (t.size() + 2) - 1);
    return check_decoding(t, ids);
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 4, size - 4);
  check_text(t, text, true);
  if (text.empty() || !is_utf8(text)) return;
  const size_t begin = text.size() * data[2] / 256, length = text.size() * data[3] / 256 + 1;
  check_plain(s, text, {begin, std::min(begin + length, text.size())});
  if (data[1] >= 240) check_linear(t, text);
}

}  // namespace
}  // namespace quire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  quire::check(data, size);
  return 0;
}
