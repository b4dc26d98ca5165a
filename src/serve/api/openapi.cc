#include "serve/api/openapi.h"

#include <algorithm>

#include "base/json.h"
#include "serve/api/generate.h"

namespace quire::serve {
namespace {

constexpr std::string_view kSchemas = R"(
"Error":{"type":"object","required":["error"],"properties":{"error":{"type":"object","required":["message","type","param","code"],
 "properties":{"message":{"type":"string"},"type":{"type":"string"},"param":{"type":["string","null"]},"code":{"type":"integer"}}}}},
"Usage":{"type":"object","required":["prompt_tokens","completion_tokens","total_tokens"],"properties":{"prompt_tokens":{"type":"integer"},
 "completion_tokens":{"type":"integer"},"total_tokens":{"type":"integer"},
 "prompt_tokens_details":{"type":"object","properties":{"cached_tokens":{"type":"integer"}}}}},
"Completion":{"type":"object","required":["id","object","created","model","choices","usage"],"properties":{"id":{"type":"string"},
 "object":{"const":"text_completion"},"created":{"type":"integer"},"model":{"type":"string"},"usage":{"$ref":"#/components/schemas/Usage"},
 "choices":{"type":"array","minItems":1,"items":{"type":"object","required":["index","text","logprobs","finish_reason","stop_reason"],
  "properties":{"index":{"type":"integer"},"text":{"type":"string"},"logprobs":{"type":["object","null"]},
  "finish_reason":{"enum":["stop","length","error","abort"]},"stop_reason":{"type":["string","integer","null"]}}}}}},
"ChatCompletion":{"type":"object","required":["id","object","created","model","choices","usage"],"properties":{"id":{"type":"string"},
 "object":{"const":"chat.completion"},"created":{"type":"integer"},"model":{"type":"string"},"usage":{"$ref":"#/components/schemas/Usage"},
 "choices":{"type":"array","minItems":1,"items":{"type":"object","required":["index","message","logprobs","finish_reason","stop_reason"],
  "properties":{"index":{"type":"integer"},"message":{"type":"object","required":["role","content"],
   "properties":{"role":{"const":"assistant"},"content":{"type":"string"}}},"logprobs":{"type":["object","null"]},
  "finish_reason":{"enum":["stop","length","error","abort"]},"stop_reason":{"type":["string","integer","null"]}}}}}},
"Model":{"type":"object","required":["id","object","created","owned_by","root","max_model_len"],"properties":{"id":{"type":"string"},
 "object":{"const":"model"},"created":{"type":"integer"},"owned_by":{"type":"string"},"root":{"type":"string"},
 "parent":{"type":["string","null"]},"max_model_len":{"type":"integer"},"permission":{"type":"array"}}},
"Models":{"type":"object","required":["object","data"],"properties":{"object":{"const":"list"},
 "data":{"type":"array","items":{"$ref":"#/components/schemas/Model"}}}},
"Tokens":{"type":"object","required":["count","max_model_len","tokens","token_strs"],"properties":{"count":{"type":"integer"},
 "max_model_len":{"type":"integer"},"tokens":{"type":"array","items":{"type":"integer"}},
 "token_strs":{"type":["array","null"],"items":{"type":"string"}}}},
"Text":{"type":"object","required":["prompt"],"properties":{"prompt":{"type":"string"}}},
"Version":{"type":"object","required":["version"],"properties":{"version":{"type":"string"}}},
"Load":{"type":"object","required":["server_load"],"properties":{"server_load":{"type":"integer"}}}
})";

struct Operation {
  std::string_view method, path, summary, schema;  // of the answer
  FieldTable (*fields)() = nullptr;                // of the body; null: none
  bool streams = false;
};

constexpr Operation kOperations[] = {
    {"post", "/v1/chat/completions", "Answer messages", "ChatCompletion", chat_fields, true},
    {"post", "/v1/completions", "Continue prompts", "Completion", completion_fields, true},
    {"post", "/tokenize", "A text or messages as tokens", "Tokens", tokenize_fields},
    {"post", "/detokenize", "Tokens as text", "Text", detokenize_fields},
    {"get", "/v1/models", "The models", "Models"},
    {"get", "/v1/models/{model}", "One of the models", "Model"},
    {"get", "/version", "The version of the server", "Version"},
    {"get", "/load", "How many answers are being made", "Load"},
};

std::string json_of(std::string_view schema) {
  return R"("application/json":{"schema":{"$ref":"#/components/schemas/)" + std::string(schema) + R"("}})";
}

void append_error(int status, std::string_view what, std::string& to) {
  to += ",\"" + std::to_string(status) + R"(":{"description":")" + std::string(what) + R"(","content":{)" +
        json_of("Error") + "}}";
}

void append_operation(const Operation& o, std::string& to) {
  to += "{\"" + std::string(o.method) + R"(":{"summary":")" + std::string(o.summary) + '"';
  if (o.path.ends_with('}'))
    to +=
        R"(,"parameters":[{"name":"model","in":"path","required":true,"schema":{"type":"string","minLength":1,"pattern":"^[^/]+$"}}])";
  if (o.fields) {
    to += R"(,"requestBody":{"required":true,"content":{"application/json":{"schema":)";
    append_schema(o.fields(), to);
    to += "}}}";
  }
  to += R"(,"responses":{"200":{"description":"OK","content":{)" + json_of(o.schema);
  if (o.streams) to += R"(,"text/event-stream":{})";
  to += "}}";
  append_error(401, "No API key, or one that is not known", to);
  append_error(400, "What is wrong with the request", to);
  if (o.fields || o.path.ends_with('}')) append_error(404, "No such model", to);
  if (o.fields) {
    append_error(413, "The body is too large", to);
    append_error(415, "The body is not JSON", to);
  }
  if (o.streams) {
    append_error(429, "The key has too many requests", to);
    append_error(500, "The engine failed", to);
    append_error(503, "The server is full or going down, or the deadline came first", to);
  }
  to += "}}}";
}

}  // namespace

std::string openapi_document(std::string_view version, const Limits& limits) {
  std::string to = R"({"openapi":"3.1.0","info":{"title":"Quire","version":)";
  append_json_string(version, to);
  to += R"(},"components":{"securitySchemes":{"key":{"type":"http","scheme":"bearer"}},"schemas":)";
  const int32_t most = std::min(limits.max_logprobs, limits.vocab);
  to += R"({"Token":{"type":"integer","minimum":0,"maximum":)" + std::to_string(limits.vocab - 1) +
        R"(},"LogprobCount":{"type":"integer","minimum":0,"maximum":)" + std::to_string(most) + "},";
  for (const char c : kSchemas)
    if (c != '\n') to += c;
  to += R"(},"security":[{},{"key":[]}],"paths":{)";
  for (const Operation& o : kOperations) {
    if (to.back() != '{') to += ',';
    append_json_string(o.path, to);
    to += ':';
    append_operation(o, to);
  }
  return to + "}}";
}

}  // namespace quire::serve
