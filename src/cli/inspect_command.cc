// quire inspect: what a model folder holds, what it would take in memory and what would be refused, before
// loading.
#include "cli/inspect_command.h"

#include <cinttypes>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/human_size.h"
#include "base/json.h"
#include "cli/engine_settings.h"
#include "cli/generation_config.h"
#include "cli/output_file.h"
#include "text/tokenizer.h"

namespace quire {
namespace {

struct Finding {
  std::string key, shown;  // for people
  Json value;              // the same for programs
};

class Findings {
 public:
  void add(std::string key, std::string shown, Json value) {
    list_.push_back({std::move(key), std::move(shown), std::move(value)});
  }
  void add_count(std::string key, int64_t v) { add(std::move(key), std::to_string(v), Json(v)); }
  void add_bytes(std::string key, int64_t v) { add(std::move(key), human_bytes(v), Json(v)); }
  void refuse(const Status& s) { refused_.push_back(s.message()); }
  void note(const std::string& s) { notes_.push_back(s); }
  bool any_refused() const { return !refused_.empty(); }

  std::string table() const {
    std::string text;
    auto row = [&text](std::string key, const std::string& value) {
      for (char& c : key)
        if (c == '_') c = ' ';
      key.resize(22, ' ');
      text += key + value + '\n';
    };
    for (const Finding& f : list_) row(f.key, f.shown);
    for (const std::string& n : notes_) row("note", n);
    for (const std::string& r : refused_) row("refused", r);
    if (refused_.empty()) row("refused", "nothing");
    return text;
  }
  std::string json() const {
    Json::Object object;
    for (const Finding& f : list_) object.emplace_back(f.key, f.value);
    object.emplace_back("notes", Json(Json::Array(notes_.begin(), notes_.end())));
    object.emplace_back("refused", Json(Json::Array(refused_.begin(), refused_.end())));
    std::string text;
    append_json(Json(std::move(object)), text);
    return text + '\n';
  }

 private:
  std::vector<Finding> list_;
  std::vector<std::string> notes_, refused_;
};

std::string architecture_of(const Json& config) {
  const Json* list = config.find("architectures");
  if (!list || !list->array() || list->array()->empty() || !list->array()->front().string()) return "none";
  return *list->array()->front().string();
}

void add_stored_types(const Checkpoint& checkpoint, Findings& to) {
  std::map<std::string, std::pair<int64_t, int64_t>> types;  // tensors, bytes
  for (std::string_view name : checkpoint.names())
    if (auto tensor = checkpoint.find(name)) {
      auto& [tensors, bytes] = types[std::string(tensor->type)];
      ++tensors, bytes += static_cast<int64_t>(tensor->bytes.size());
    }
  std::string shown;
  Json::Object object;
  for (const auto& [type, sums] : types) {
    shown += (shown.empty() ? "" : ", ") + type + ": " + std::to_string(sums.first) + " tensors, " +
             human_bytes(sums.second);
    object.emplace_back(type,
                        Json(Json::Object{{"tensors", Json(sums.first)}, {"bytes", Json(sums.second)}}));
  }
  to.add("stored_dtypes", shown.empty() ? "no tensors" : shown, Json(std::move(object)));
}

void add_blueprint(const Blueprint& b, Findings& to) {
  add_stored_types(*b.checkpoint, to);
  to.add_count("layers", static_cast<int64_t>(b.spec.blocks.size()));
  to.add_count("width", b.spec.width);
  if (!b.spec.blocks.empty()) {
    to.add_count("heads", b.spec.blocks[0].mix.heads);
    to.add_count("kv_heads", b.spec.blocks[0].mix.kv_heads);
    to.add_count("head_dim", b.spec.blocks[0].mix.head_dim);
  }
  to.add_count("vocabulary", b.spec.vocab);
  to.add_count("max_positions", b.spec.max_positions);
  to.add_count("max_model_len", b.scheduler.limits.max_model_len);
  to.add("device", std::string(b.backend->name()), Json(std::string(b.backend->name())));
  to.add_count("parameters", b.memory.parameters);
  to.add_bytes("weight_bytes", b.memory.weight_bytes);
  to.add_bytes("scratch_bytes", b.memory.scratch_bytes);
  to.add_bytes("kv_bytes_per_token", b.memory.kv_bytes_per_token);
  to.add_bytes("kv_bytes", b.memory.kv_bytes);
  to.add_count("kv_blocks", b.memory.blocks);
  to.add_count("kv_tokens", b.memory.kv_tokens);
  to.add_bytes("free_bytes", b.memory.free_bytes);
  for (const std::string& n : b.notes) to.note(n);
}

void add_generation(const EngineFlags& flags, Findings& to) {
  Result<GenerationConfig> g = read_generation_config(flags.launch.folder, flags.generation_config);
  if (!g.ok()) return to.refuse(g.status());
  std::string shown;
  Json::Array ids;
  for (Token t : g.value().eos) {
    shown += (shown.empty() ? "" : ", ") + std::to_string(t);
    ids.emplace_back(int64_t{t});
  }
  to.add("eos_token_ids", shown.empty() ? "none" : shown, Json(std::move(ids)));
}

void add_tokenizer(const std::string& folder, Findings& to) {
  Result<std::unique_ptr<Tokenizer>> t = load_tokenizer(folder);
  if (t.ok()) to.add_count("tokenizer_size", t.value()->size());
  else to.note("without a tokenizer only token ids can be generated from: " + t.status().message());
}

}  // namespace

int run_inspect(const Command& command, std::span<const std::string> arguments) {
  EngineFlags flags;
  bool json = false;
  Given given;
  const SettingGroup groups[] = {
      {"Output", {{"json", &json, "One JSON object instead of a table.", "", "", 0, 0, nullptr, true}}},
      engine_settings(flags)};
  LaunchOptions& o = flags.launch;
  if (auto over = read_command_line(command, groups, arguments, o.folder, given)) return *over;
  Result<Json> config = read_json_file(o.folder + "/config.json", int64_t{16} << 20);
  if (!config.ok()) return refused(config.status());

  Findings findings;
  const std::string architecture = architecture_of(config.value());
  findings.add("architecture", architecture, Json(architecture));
  Result<std::unique_ptr<Blueprint>> blueprint = draw_blueprint(o);
  if (blueprint.ok()) add_blueprint(*blueprint.value(), findings);
  else findings.refuse(blueprint.status());
  add_generation(flags, findings);
  add_tokenizer(o.folder, findings);
  Result<OutputFile> output = OutputFile::open("-");
  output.value().write(json ? findings.json() : findings.table());
  if (Status s = output.value().flush(); !s.ok()) return refused(s);
  return findings.any_refused() ? kRefused : kAllWell;
}

}  // namespace quire
