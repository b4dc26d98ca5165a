#include "cli/bench_requests.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "cli/batch_line.h"
#include "cli/line_reader.h"
#include "cli/output_file.h"
#include "serve/generation/json_field.h"

namespace quire {
namespace {

class Dice {  // the same on every machine, which std::uniform_int_distribution is not
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  int32_t below(int32_t n) { return static_cast<int32_t>(engine_() % static_cast<uint64_t>(n)); }
  int32_t about(int32_t len, double ratio) {
    const int32_t low = static_cast<int32_t>(std::floor(len * (1 - ratio)));
    const int32_t high = static_cast<int32_t>(std::ceil(len * (1 + ratio)));
    return std::max(1, low + below(high - low + 1));
  }
  std::vector<Token> tokens(int32_t count, int32_t vocab) {
    std::vector<Token> v(static_cast<size_t>(count));
    for (Token& t : v) t = below(vocab);
    return v;
  }

 private:
  std::mt19937_64 engine_;
};

Result<BenchRequest> read_one(const std::string& text, uint64_t number, const BatchContext& context,
                              LineSeeds& seeds) {
  const auto refuse = [number](const std::string& why) {
    return Status(Code::kInvalidArgument, "line " + std::to_string(number) + " of --dataset: " + why);
  };
  BatchLine line = read_batch_line(text, number, context, seeds);
  if (line.refusal) return refuse(line.refusal.message);
  BenchRequest request{std::move(line.prompt), line.sampling.max_tokens};
  const Result<Json> json = parse_json(text);  // it is JSON: the line was read
  if (const Json* len = json.value().find("output_len"))
    if (std::string why = read_whole("output_len", *len, 1, "must be at least 1", request.output_len);
        !why.empty())
      return refuse(why);
  return request;
}

}  // namespace

std::vector<BenchRequest> random_requests(const RandomPrompts& wanted, int32_t vocab, uint64_t seed) {
  Dice dice(seed);
  const std::vector<Token> prefix = dice.tokens(wanted.prefix_len, vocab);
  std::vector<BenchRequest> requests;
  for (int32_t i = 0; i < wanted.count; ++i) {
    BenchRequest& r = requests.emplace_back();
    r.prompt = prefix;
    const std::vector<Token> own = dice.tokens(dice.about(wanted.input_len, wanted.range_ratio), vocab);
    r.prompt.insert(r.prompt.end(), own.begin(), own.end());
    r.output_len = dice.about(wanted.output_len, wanted.range_ratio);
  }
  return requests;
}

Result<std::vector<BenchRequest>> read_dataset(const std::string& path, const Tokenizer* tokenizer,
                                               int32_t vocab, int32_t most) {
  Result<int> fd = open_input(path);
  if (!fd.ok()) return fd.status();
  const BatchContext context{.tokenizer = tokenizer, .defaults = {}, .vocab = vocab};
  LineSeeds seeds(0);
  LineReader reader(fd.value(), -1);
  std::vector<BenchRequest> requests;
  Status problem;
  std::string text;
  for (uint64_t number = 0; problem.ok() && (most == 0 || requests.size() < static_cast<size_t>(most));
       ++number) {
    const LineReader::Got got = reader.next(text);
    if (got == LineReader::Got::kEnd || got == LineReader::Got::kError) break;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    Result<BenchRequest> one = read_one(text, number, context, seeds);
    if (one.ok()) requests.push_back(std::move(one).value());
    else problem = one.status();
  }
  if (fd.value() != STDIN_FILENO) close(fd.value());
  if (problem.ok()) problem = reader.error();
  if (problem.ok() && requests.empty()) problem = {Code::kInvalidArgument, path + ": holds no request."};
  if (!problem.ok()) return problem;
  return requests;
}

}  // namespace quire
