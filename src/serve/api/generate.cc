#include "serve/api/generate.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

#include "sched/limits.h"
#include "serve/api/call.h"
#include "serve/api/prompts.h"
#include "serve/api/salt.h"

namespace quire::serve {
namespace {

constexpr int64_t kMostChoices = 1024;
constexpr double kMostTimeout = 24 * 3600;

// X-Request-Timeout, in seconds; the shorter of both holds.
Refusal read_timeout(const HttpRequest& request, std::optional<int64_t>& ms) {
  const std::string* header = request.header("X-Request-Timeout");
  if (!header) return {};
  double seconds = 0;
  const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), seconds);
  if (error != std::errc() || end != header->data() + header->size() || !(seconds > 0) ||
      seconds > kMostTimeout)
    return {"X-Request-Timeout must be a number of seconds above 0 and at most 86400.", "X-Request-Timeout"};
  const auto wanted = static_cast<int64_t>(std::ceil(seconds * 1000));
  ms = ms ? std::min(*ms, wanted) : wanted;
  return {};
}

Refusal truncate(const Limits& limits, const Ask& ask, Generation& g) {
  if (!ask.truncate_prompt_tokens) return {};
  int64_t most = *ask.truncate_prompt_tokens;
  if (most == -1) most = int64_t{limits.max_model_len} - g.sampling.max_tokens;
  if (most < 1)
    return {"truncate_prompt_tokens is -1 and max_tokens leaves no room for a prompt.",
            "truncate_prompt_tokens"};
  for (Prompt& p : g.prompts) {
    const auto size = static_cast<int64_t>(p.ids.size());
    if (size <= most) continue;
    if (ask.truncate_left) p.ids.erase(p.ids.begin(), p.ids.begin() + (size - most));
    else p.ids.resize(static_cast<size_t>(most));
    p.text = g.echo || g.prompt_text ? g.tokenizer->decode(p.ids, false) : std::string();
  }
  return {};
}

// What fields must not say together, whatever the endpoint.
Refusal settle(const ApiContext& c, const Ask& ask, Generation& g) {
  SamplingChoice& s = g.sampling;
  if (ask.has_stream_options && !ask.stream)
    return {"stream_options needs stream to be true.", "stream_options"};
  if (ask.stream && ask.sampling.params.prompt_logprobs)
    return {"prompt_logprobs cannot be streamed.", "prompt_logprobs"};
  g.candidates = std::max(g.candidates, s.n);
  const int64_t choices = static_cast<int64_t>(g.prompts.size()) * g.candidates;
  if (choices > kMostChoices)
    return {"the request asks for " + std::to_string(choices) + " answers; at most " +
                std::to_string(kMostChoices) + " are allowed.",
            "n"};
  const Limits& limits = c.parts.engine.limits();
  if (Refusal r = truncate(limits, ask, g)) return r;
  if (ask.fills_context)
    s.max_tokens = static_cast<int32_t>(
        std::max<int64_t>(1, std::min<int64_t>(limits.max_model_len, int64_t{limits.kv_tokens} + 1) -
                                 static_cast<int64_t>(g.prompts[0].ids.size())));
  const int32_t n = s.n;
  s.n = g.candidates;  // best_of draws as often
  Refusal r = settle_sampling(limits.vocab, s);
  s.n = n;
  if (r) return r;
  if (s.params.logprobs) g.top_logprobs = s.params.logprobs;
  else if (g.candidates > n) s.params.logprobs = 0;  // to know the best
  if (ask.sampling.params.prompt_logprobs) g.prompt_logprobs = s.params.prompt_logprobs;
  if (!s.seed) s.seed = draw_number();
  return {};
}

// The engine's own check, before any choice is submitted.
Refusal check(const ApiContext& c, const Endpoint& endpoint, const Generation& g) {
  for (const Prompt& p : g.prompts) {
    Request r;
    r.prompt = p.ids, r.sampling = g.sampling.params, r.max_tokens = g.sampling.max_tokens;
    const Status s = validate(r, c.parts.engine.limits());
    if (s.ok()) continue;
    std::string param = field_of(s.message());
    if (param == "prompt") param = endpoint.prompt_field;
    return {s.message(), std::move(param)};
  }
  return {};
}

Refusal read(const Endpoint& endpoint, Inquiry& inquiry, Json& body, Generation& g) {
  const ApiContext& c = inquiry.context();
  Ask ask;
  ask.sampling = c.settings.defaults;
  if (Refusal r = read_fields(endpoint.fields, body, ask)) return r;
  if (Refusal r = inquiry.check_model(ask.model)) return r;
  if (Refusal r = read_timeout(inquiry.request(), ask.timeout_ms)) return r;
  g.form = endpoint.form;
  g.tokenizer = &c.parts.tokenizer;
  g.model = ask.model.empty() ? c.settings.names.front() : ask.model;
  g.created = std::time(nullptr);
  g.id = std::string(endpoint.form->id_prefix) + (ask.request_id.empty() ? draw_name() : ask.request_id);
  if (!ask.request_id.empty()) inquiry.record().client_id = ask.request_id;
  g.sampling = ask.sampling;
  g.priority = ask.priority;
  g.timeout_ms = ask.timeout_ms;
  g.stream = ask.stream, g.include_usage = ask.include_usage;
  g.continuous_usage = ask.include_usage && ask.continuous_usage;
  g.token_ids = ask.return_token_ids, g.tokens_as_ids = ask.return_tokens_as_token_ids;
  g.salt = salt_of(c.settings.secret, inquiry.request().key, ask.cache_salt);
  if (Refusal r = endpoint.read(c, body, ask, g)) return r;
  if (Refusal r = settle(c, ask, g)) return r;
  if (Refusal r = check(c, endpoint, g)) return r;
  if (c.settings.log_prompts)
    for (const Prompt& p : g.prompts)
      inquiry.record().prompt += p.text.empty() ? c.parts.tokenizer.decode(p.ids, false) : p.text;
  return {};
}

}  // namespace

const std::vector<Endpoint>& generation_endpoints() {
  static const std::vector<Endpoint> kEndpoints = {
      {"/v1/completions", &kCompletionForm, "prompt", completion_fields(), read_completion},
      {"/v1/chat/completions", &kChatForm, "messages", chat_fields(), read_chat_completion},
  };
  return kEndpoints;
}

void generate(const Endpoint& endpoint, Inquiry inquiry) {
  const ApiParts& parts = inquiry.context().parts;
  if (const Denial d =
          parts.admission.early(inquiry.request().key, parts.engine.state().prefill_rate, steady_ns());
      d.status != 0)
    return inquiry.deny(d);
  Json body;
  if (!inquiry.read_object(body)) return;
  Generation g;
  if (Refusal r = read(endpoint, inquiry, body, g)) return inquiry.refuse(r);
  std::make_shared<Call>(std::move(inquiry), std::move(g))->start();
}

}  // namespace quire::serve
