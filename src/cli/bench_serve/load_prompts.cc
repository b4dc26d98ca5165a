#include "cli/bench_serve/load_prompts.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include "cli/bench_requests.h"
#include "cli/line_reader.h"
#include "cli/output_file.h"
#include "text/tokenizer.h"

namespace quire {
namespace {

Json ids(const std::vector<Token>& tokens) {
  Json::Array a;
  for (const Token t : tokens) a.emplace_back(static_cast<int64_t>(t));
  return a;
}

// Text that the tokenizer makes as many tokens of as there are, or a few less: what it decodes to may be
// encoded in another way.
Result<LoadPrompt> as_text(const Tokenizer& tokenizer, std::vector<Token> tokens) {
  const size_t wanted = tokens.size();
  std::string text;
  for (int i = 0; i < 4; ++i) {
    text = tokenizer.decode(tokens);
    auto again = tokenizer.encode(text, {.add_special_tokens = false});
    if (!again.ok()) return again.status();
    tokens = std::move(again).value();
    if (tokens.size() <= wanted) break;
    tokens.resize(wanted);
  }
  return LoadPrompt{std::move(text), static_cast<int32_t>(tokens.size())};
}

// Words of two syllables; about one token each with most vocabularies, never just one.
std::string as_words(const std::vector<Token>& numbers) {
  static constexpr const char* kSyllables[] = {"ba", "ce", "di", "fo", "gu", "la", "me", "ni",
                                               "po", "ru", "sa", "te", "vi", "lo", "mu", "ra"};
  std::string text;
  for (const Token n : numbers)
    ((text += text.empty() ? "" : " ") += kSyllables[n & 15]) += kSyllables[n >> 4 & 15];
  return text;
}

Result<std::vector<LoadPrompt>> random_prompts(const LoadFlags& f, const LoadOptions& o) {
  std::unique_ptr<Tokenizer> tokenizer;
  if (!f.tokenizer.empty()) {
    auto loaded = load_tokenizer(f.tokenizer);
    if (!loaded.ok()) return loaded.status();
    tokenizer = std::move(loaded).value();
  }
  const RandomPrompts wanted{.count = f.num_prompts,
                             .input_len = f.input_len,
                             .output_len = f.output_len,
                             .range_ratio = f.range_ratio.value_or(0),
                             .prefix_len = f.prefix_len};
  // Without a tokenizer: ids that every vocabulary has and none of the first, which are often special.
  constexpr Token kFirst = 256, kCommon = 256;
  std::vector<LoadPrompt> prompts;
  for (BenchRequest& r : random_requests(wanted, tokenizer ? tokenizer->size() : kCommon, f.seed)) {
    LoadPrompt p;
    if (tokenizer) {
      Result<LoadPrompt> text = as_text(*tokenizer, std::move(r.prompt));
      if (!text.ok()) return text.status();
      p = std::move(text).value();
    } else if (o.chat) {
      p.prompt = as_words(r.prompt);
    } else {
      for (Token& t : r.prompt) t += kFirst;
      p = {ids(r.prompt), static_cast<int32_t>(r.prompt.size())};
    }
    p.output_len = r.output_len;
    prompts.push_back(std::move(p));
  }
  return prompts;
}

Result<LoadPrompt> read_line(const std::string& text, const LoadFlags& f, const LoadOptions& o) {
  const auto refuse = [](const std::string& why) { return Status(Code::kInvalidArgument, why); };
  const Result<Json> json = parse_json(text);
  if (!json.ok()) return json.status();
  const Json* prompt = json.value().find("prompt");
  const Json* messages = json.value().find("messages");
  LoadPrompt p;
  p.output_len = f.custom_output_len;
  if (messages && messages->array() && o.chat) p.prompt = *messages;
  else if (prompt && prompt->string()) p.prompt = *prompt;
  else if (prompt && prompt->array() && !o.chat)
    p = {*prompt, static_cast<int32_t>(prompt->array()->size()), p.output_len};
  else
    return refuse(o.chat ? "needs \"prompt\", a text, or \"messages\"."
                         : "needs \"prompt\", a text or token ids.");
  for (const char* key : {"output_tokens", "output_len", "max_tokens"})
    if (const Json* n = json.value().find(key)) {
      const auto v = n->integer();
      if (!v || *v < 1 || *v > 1 << 30) return refuse("\"" + std::string(key) + "\" must be at least 1.");
      p.output_len = static_cast<int32_t>(*v);
    }
  return p;
}

Result<std::vector<LoadPrompt>> read_prompts(const LoadFlags& f, const LoadOptions& o) {
  const Result<int> fd = open_input(f.dataset_path);
  if (!fd.ok()) return fd.status();
  LineReader reader(fd.value(), -1);
  std::vector<LoadPrompt> prompts;
  Status problem;
  std::string text;
  for (int64_t number = 1; problem.ok() && std::cmp_less(prompts.size(), f.num_prompts); ++number) {
    const LineReader::Got got = reader.next(text);
    if (got == LineReader::Got::kEnd || got == LineReader::Got::kError) break;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    Result<LoadPrompt> one = read_line(text, f, o);
    if (one.ok()) prompts.push_back(std::move(one).value());
    else
      problem = {Code::kInvalidArgument,
                 f.dataset_path + ", line " + std::to_string(number) + ": " + one.status().message()};
  }
  if (fd.value() != STDIN_FILENO) close(fd.value());
  if (problem.ok()) problem = reader.error();
  if (problem.ok() && prompts.empty())
    problem = {Code::kInvalidArgument, f.dataset_path + ": holds no request."};
  if (!problem.ok()) return problem;
  return prompts;
}

}  // namespace

Result<std::vector<LoadPrompt>> make_prompts(const LoadFlags& f, const LoadOptions& o) {
  return f.dataset_name == "custom" ? read_prompts(f, o) : random_prompts(f, o);
}

std::string body_of(const LoadPrompt& p, const std::string& model, const LoadFlags& f, const LoadOptions& o) {
  Json::Object body{{"model", model}};
  if (!o.chat) body.emplace_back("prompt", p.prompt);
  else if (p.prompt.array()) body.emplace_back("messages", p.prompt);
  else body.emplace_back("messages", Json::Array{Json::Object{{"role", "user"}, {"content", p.prompt}}});
  std::string temperature;
  append_json_number(f.temperature.value_or(0.0), temperature);
  body.emplace_back("temperature", Json::Number{temperature});
  body.emplace_back(o.chat ? "max_completion_tokens" : "max_tokens", static_cast<int64_t>(p.output_len));
  if (f.ignore_eos) body.emplace_back("ignore_eos", true);
  body.emplace_back("stream", true);
  body.emplace_back("stream_options", Json::Object{{"include_usage", true}});
  std::string text;
  append_json(body, text);
  return text;
}

std::vector<double> arrival_times(size_t count, double rate, double burstiness, uint64_t seed) {
  std::vector<double> times(count, 0);
  if (std::isinf(rate)) return times;
  std::mt19937_64 engine(seed);
  std::gamma_distribution<double> gap(burstiness, 1 / (rate * burstiness));
  double at = 0;
  for (double& t : times) t = at += gap(engine);
  const double stretch = at > 0 ? static_cast<double>(count) / rate / at : 0;
  for (double& t : times) t *= stretch;
  return times;
}

}  // namespace quire
