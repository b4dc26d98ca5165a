// A model folder as the Hugging Face hub lays it out: config.json beside one safetensors file, or beside an
// index and its shards.
#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "base/utf8.h"
#include "weights/checkpoint.h"
#include "weights/mapped_file.h"
#include "weights/safetensors.h"
#include "weights/stacked_experts.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr const char *kConfig = "config.json", *kSingle = "model.safetensors",
                     *kIndex = "model.safetensors.index.json";
constexpr int64_t kMostConfig = int64_t{16} << 20;
constexpr size_t kMostIndex = 100'000'000, kMostOthers = 1000, kMostEntries = 1'000'000, kMostShards = 10'000;

struct Shard {
  std::string path;
  MappedFile file;
  Safetensors tensors;
};

Result<Shard> open_shard(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file.ok()) return file.status();
  auto tensors = Safetensors::parse(file.value().bytes(), path);
  if (!tensors.ok()) return tensors.status();
  return Shard{path, std::move(file).value(), std::move(tensors).value()};
}

class HubFolder : public Checkpoint {
 public:
  HubFolder(std::string folder, Json config) : folder_(std::move(folder)), config_(std::move(config)) {}

  std::optional<StoredTensor> find(std::string_view name) const override {
    const Place* p = place(name);
    return p ? std::optional(shards_[p->shard].tensors.tensor(p->entry)) : std::nullopt;
  }
  std::vector<std::string_view> names() const override {
    std::vector<std::string_view> all(places_.size());
    std::ranges::transform(places_, all.begin(), [this](const Place& p) { return this->name(p); });
    return all;
  }
  const Json& config() const override { return config_; }
  const std::string& path() const override { return folder_; }
  std::string where(std::string_view name) const override {
    const Place* p = place(name);
    return (p ? shards_[p->shard].path : folder_) + ": " + quoted_name(name);
  }
  std::string identity() const override {
    std::string lines;
    for (const Shard& s : shards_) lines += s.file.identity() + '\n';
    return lines;
  }
  void drop(std::string_view name) const override {
    if (const Place* p = place(name)) {
      const Shard& s = shards_[p->shard];
      s.file.drop(s.tensors.tensor(p->entry).bytes);
    }
  }

  Status open_single();
  Status open_index();

 private:
  struct Place {
    uint32_t shard = 0, entry = 0;
  };
  std::string_view name(const Place& p) const { return shards_[p.shard].tensors.name(p.entry); }
  const Place* place(std::string_view wanted) const {
    const auto it = std::ranges::lower_bound(places_, wanted, {}, [this](const Place& p) { return name(p); });
    return it != places_.end() && name(*it) == wanted ? &*it : nullptr;
  }

  std::string folder_;
  Json config_;
  std::vector<Shard> shards_;
  std::vector<Place> places_;  // in the order of names
};

Status HubFolder::open_single() {
  auto shard = open_shard(folder_ + "/" + kSingle);
  if (!shard.ok()) return shard.status();
  shards_.push_back(std::move(shard).value());
  places_.resize(shards_[0].tensors.size());
  for (uint32_t i = 0; i < places_.size(); ++i) places_[i].entry = i;
  return {};
}

// The name of a file in this very folder, and not of another index.
bool plain(std::string_view file) {
  return file.ends_with(".safetensors") && file.size() <= 255 && file[0] != '.' &&
         file.find_first_of(std::string_view("/\\\0", 3)) == file.npos;
}

struct Index {
  std::map<std::string_view, uint32_t> files;
  std::vector<std::pair<std::string_view, uint32_t>> tensors;  // name, place in `files`' order of arrival
};

// Walks the index; what is wrong is the cursor's problem.
void read_index(JsonCursor& text, Index& index) {
  bool has_map = false;
  size_t others = 0;
  if (!text.open('{')) return;
  while (text.next('}')) {
    if (text.key() != "weight_map") {
      if (++others > kMostOthers)
        return text.fail("more than the " + std::to_string(kMostOthers) + " members that are allowed");
      text.skip();
      if (!text.ok()) return;
      continue;
    }
    if (std::exchange(has_map, true)) return text.fail("weight_map is given twice");
    if (!text.open('{')) return;
    while (text.next('}')) {
      const std::string_view name = text.key(), file = text.string();
      if (!text.ok()) return;
      if (!plain(file))
        return text.fail("weight_map places " + quoted_name(name) + " in " + quoted_name(file) +
                         ", which is not the plain name of a .safetensors file in this folder");
      if (index.tensors.size() == kMostEntries)
        return text.fail("weight_map has more than the " + std::to_string(kMostEntries) +
                         " entries that are allowed");
      const auto shard = index.files.emplace(file, static_cast<uint32_t>(index.files.size())).first;
      if (index.files.size() > kMostShards)
        return text.fail("weight_map names more than the " + std::to_string(kMostShards) +
                         " files that are allowed");
      index.tensors.emplace_back(name, shard->second);
    }
  }
  text.end();
  if (text.ok() && !has_map) text.fail("weight_map is missing");
}

Status HubFolder::open_index() {
  const std::string path = folder_ + "/" + kIndex;
  const auto refuse = [&](const std::string& what) {
    return Status(Code::kInvalidArgument, path + ": " + what);
  };
  const auto file = MappedFile::open(path);
  if (!file.ok()) return file.status();
  const std::span<const std::byte> bytes = file.value().bytes();
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (all.size() > kMostIndex)
    return refuse("has more than the " + std::to_string(kMostIndex) + " bytes that are allowed.");
  if (!is_utf8(all)) return refuse("is not valid UTF-8.");
  JsonCursor text(all, 0);
  Index index;
  read_index(text, index);
  if (!text.ok()) return refuse(text.problem() + ".");
  std::ranges::sort(index.tensors);
  const auto twice = std::ranges::adjacent_find(index.tensors, {}, [](const auto& t) { return t.first; });
  if (twice != index.tensors.end())
    return refuse("weight_map names " + quoted_name(twice->first) + " twice.");

  std::vector<std::string_view> order(index.files.size());
  for (const auto& [name, shard] : index.files) order[shard] = name;
  for (const std::string_view name : order) {
    auto shard = open_shard(folder_ + "/" + std::string(name));
    if (!shard.ok() && shard.status().code() == Code::kNotFound)
      return {Code::kNotFound, path + ": names the shard " + quoted_name(name) +
                                   ", which is not in the folder; fetch the missing files."};
    if (!shard.ok()) return shard.status();
    shards_.push_back(std::move(shard).value());
  }
  places_.reserve(index.tensors.size());
  for (const auto& [name, shard] : index.tensors) {
    const auto entry = shards_[shard].tensors.find(name);
    if (!entry)
      return refuse("weight_map places " + quoted_name(name) + " in " + quoted_name(order[shard]) +
                    ", but that file has no such tensor.");
    places_.push_back({shard, static_cast<uint32_t>(*entry)});
  }
  return {};
}

bool is_there(const std::string& path) {  // a link to nothing is there, too: opening it will say so
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() > fs::file_type::not_found;
}

// What to say about a folder without weights that we read.
Status no_weights(const std::string& folder) {
  std::string found;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end; it.increment(ignored)) {
    const std::string name = it->path().filename().string(), type = it->path().extension().string();
    if (type == ".safetensors" || type == ".bin" || type == ".pt" || type == ".pth" || type == ".gguf")
      if (found.empty() || name < found) found = name;  // the first by name, whatever the folder's order
  }
  std::string what = folder + ": has no " + kSingle + " and no " + kIndex;
  if (found.empty()) return {Code::kNotFound, what + "; fetch the model's weights into it."};
  what += ", only files like " + quoted_name(found);
  if (found.ends_with(".safetensors"))
    return {Code::kNotFound, what + "; fetch the index too, or rename a single file to " + kSingle + "."};
  if (found.ends_with(".gguf"))
    return {Code::kUnsupported, what + ": GGUF is not supported yet; fetch the model in safetensors."};
  return {Code::kUnsupported, what +
                                  ", which can run code when they are read: fetch or convert the model to "
                                  "safetensors."};
}

Result<std::unique_ptr<HubFolder>> open_folder(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found)
    return Status(Code::kNotFound, folder + ": there is no such folder; give the folder of a model.");
  if (folder.ends_with(".gguf"))
    return Status(Code::kUnsupported,
                  folder + ": GGUF is not supported yet; give the folder of a safetensors model.");
  if (!fs::is_directory(status))
    return Status(Code::kInvalidArgument,
                  folder + ": is not a folder that can be opened; give the folder that holds config.json.");
  const std::string path = folder + "/" + kConfig;
  const fs::file_status file = fs::status(path, error);
  if (file.type() == fs::file_type::not_found)
    return Status(Code::kNotFound, folder + ": has no config.json; give the folder of a model.");
  if (!fs::is_regular_file(file))  // a pipe would never end
    return Status(Code::kInvalidArgument, path + ": is not a file that can be read.");
  auto config = read_json_file(path, kMostConfig);
  if (!config.ok()) return config.status();
  if (!config.value().object())
    return Status(Code::kInvalidArgument,
                  path + ": must be an object, found " + std::string(config.value().kind_name()) + ".");
  return std::make_unique<HubFolder>(std::move(folder), std::move(config).value());
}

}  // namespace

Result<std::unique_ptr<Checkpoint>> Checkpoint::open(const std::string& folder) {
  auto opened = open_folder(folder);
  if (!opened.ok()) return opened.status();
  std::unique_ptr<HubFolder> c = std::move(opened).value();
  Status status;
  if (is_there(c->path() + "/" + kSingle)) status = c->open_single();
  else if (is_there(c->path() + "/" + kIndex)) status = c->open_index();
  else status = no_weights(c->path());
  if (!status.ok()) return status;
  return unstack_experts(std::move(c));
}

Result<std::unique_ptr<Checkpoint>> Checkpoint::open_config(const std::string& folder) {
  auto opened = open_folder(folder);
  if (!opened.ok()) return opened.status();
  return std::unique_ptr<Checkpoint>(std::move(opened).value());
}

}  // namespace quire
