// The workbench of tokenizers: how fast texts become ids, in processor time of one thread. Started by
// encode.py, which puts HF tokenizers beside it.
//   bench_text_encode FOLDER FILE   (FILE: one JSON string, a document, a line)   prints bytes, ids, seconds
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "text/tokenizer.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_text_encode FOLDER FILE\n");
    return 2;
  }
  const auto tokenizer = quire::load_tokenizer(argv[1]);
  if (!tokenizer.ok()) {
    std::fprintf(stderr, "%s\n", tokenizer.status().message().c_str());
    return 1;
  }
  std::vector<std::string> documents;
  size_t bytes = 0;
  std::ifstream file(argv[2]);
  for (std::string line; std::getline(file, line);) {
    const auto json = quire::parse_json(line);
    if (!json.ok() || !json.value().string()) {
      std::fprintf(stderr, "%s: line %zu is no JSON string.\n", argv[2], documents.size() + 1);
      return 1;
    }
    documents.push_back(*json.value().string());
    bytes += documents.back().size();
  }
  std::vector<double> seconds;
  size_t ids = 0;
  for (int round = 0; round < 6; ++round) {  // the first is not counted
    ids = 0;
    const std::clock_t begin = std::clock();
    for (const std::string& d : documents) {
      const auto encoded = tokenizer.value()->encode(d);
      if (!encoded.ok()) {
        std::fprintf(stderr, "%s\n", encoded.status().message().c_str());
        return 1;
      }
      ids += encoded.value().size();
    }
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    if (round > 0) seconds.push_back(took);
  }
  std::ranges::sort(seconds);
  std::printf("%zu %zu %.9f\n", bytes, ids, seconds[seconds.size() / 2]);
  return 0;
}
