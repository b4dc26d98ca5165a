#include "cli/output_line.h"

#include <algorithm>
#include <vector>

namespace quire {
namespace {

void append_one(const Logprob& l, std::string& to) {
  to += '[' + std::to_string(l.token) + ',';
  append_json_number(l.logprob, to);
  to += ']';
}

// The first entry is the token's own. The engine lists a whole vocabulary by id: right for who said -1; who
// named the number is promised the best first.
void append_scored(std::span<const Logprob> entries, bool all, int32_t wanted, std::string& to) {
  const Logprob& own = entries[0];
  to += "{\"token_id\":" + std::to_string(own.token) + ",\"logprob\":";
  append_json_number(own.logprob, to);
  to += ",\"rank\":" + std::to_string(own.rank) + ",\"top\":[";
  std::span<const Logprob> top = entries.subspan(1);
  std::vector<Logprob> sorted;
  if (!all && !std::ranges::is_sorted(top, std::greater<>(), &Logprob::logprob)) {
    sorted.assign(top.begin(), top.end());
    std::ranges::sort(sorted, [](const Logprob& a, const Logprob& b) {
      return a.logprob != b.logprob ? a.logprob > b.logprob : a.token < b.token;
    });
    top = sorted;
  }
  if (!all) top = top.first(std::min(top.size(), static_cast<size_t>(wanted)));
  for (size_t i = 0; i < top.size(); ++i) {
    if (i) to += ',';
    append_one(top[i], to);
  }
  to += "]}";
}

void append_scores(const char* key, const Answer& answer, std::span<const Answer::Scored> scores, bool all,
                   int32_t wanted, std::string& to) {
  to += ",\"" + std::string(key) + "\":[";
  for (size_t i = 0; i < scores.size(); ++i) {
    if (i) to += ',';
    if (scores[i].count == 0) to += "null";
    else append_scored(answer.entries(scores[i]), all, wanted, to);
  }
  to += ']';
}

void append_error(const Refusal& r, std::string& to) {
  to += "\"error\":{\"message\":";
  append_json_string(r.message, to);
  to += ",\"type\":";
  append_json_string(r.type, to);
  to += ",\"param\":";
  if (r.param.empty()) to += "null";
  else append_json_string(r.param, to);
  to += "}}\n";
}

void append_stop_reason(const BatchLine& line, const Answer& a, std::string& to) {
  to += ",\"stop_reason\":";
  if (a.stop_string()) append_json_string(line.sampling.stop[static_cast<size_t>(*a.stop_string())], to);
  else if (a.stop_token() >= 0) to += std::to_string(a.stop_token());
  else to += "null";
}

const char* reason(Finish f) {
  return f == Finish::kStop ? "stop" : f == Finish::kLength ? "length" : "abort";
}

}  // namespace

void append_answer(const BatchLine& line, int32_t index, const Answer& a, std::string& to) {
  to += "{\"id\":";
  append_json(line.id, to);
  to += ",\"index\":" + std::to_string(index) + ',';
  if (a.finish() == Finish::kError) return append_error({a.error().message(), "", kInternalError}, to);
  to += "\"text\":";
  if (a.text()) append_json_string(*a.text(), to);
  else to += "null";
  to += ",\"token_ids\":[";
  for (size_t i = 0; i < a.tokens().size(); ++i) {
    if (i) to += ',';
    to += std::to_string(a.tokens()[i]);
  }
  to += "],\"finish_reason\":\"" + std::string(reason(a.finish())) + '"';
  append_stop_reason(line, a, to);
  to += ",\"usage\":{\"prompt_tokens\":" + std::to_string(line.prompt.size()) +
        ",\"completion_tokens\":" + std::to_string(a.tokens().size()) +
        ",\"cached_tokens\":" + std::to_string(a.cached()) + '}';
  const SamplingChoice& s = line.sampling;
  if (s.params.logprobs) append_scores("logprobs", a, a.scores(), s.all_logprobs, *s.params.logprobs, to);
  if (s.params.prompt_logprobs)
    append_scores("prompt_logprobs", a, a.prompt_scores(), s.all_prompt_logprobs, *s.params.prompt_logprobs,
                  to);
  to += "}\n";
}

void append_refusal(const Json& id, const Refusal& refusal, std::string& to) {
  to += "{\"id\":";
  append_json(id, to);
  to += ',';
  append_error(refusal, to);
}

}  // namespace quire
