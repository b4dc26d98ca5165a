// Merging: the order of merges, and time that grows with the length and not with its square.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "tests/text/tokenizer_files.h"
#include "text/models/bpe_merges.h"

namespace quire {
namespace {

using Entries = std::vector<BpeMerges::Entry>;

// The rule in its plainest words: the pair of the lowest rank, the leftmost of several, until there is none.
std::vector<Token> merged(const Entries& merges, std::vector<Token> symbols) {
  for (;;) {
    const BpeMerges::Entry* best = nullptr;
    size_t at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i)
      for (const auto& m : merges)
        if (m.left == symbols[i] && m.right == symbols[i + 1] && (!best || m.merge.rank < best->merge.rank))
          best = &m, at = i;
    if (!best) return symbols;
    symbols[at] = best->merge.result;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

TEST_CASE("short and long words are merged by the same rule") {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    // A random grammar in which every spelling has one id, as a vocabulary has.
    std::vector<std::string> spellings = {"a", "b", "c"};
    Entries entries;
    while (spellings.size() < 40) {
      const size_t l = random() % spellings.size(), r = random() % spellings.size();
      const std::string made = spellings[l] + spellings[r];
      auto id = static_cast<size_t>(std::ranges::find(spellings, made) - spellings.begin());
      if (made.size() > 12 || (id < spellings.size() && random() % 3)) continue;
      if (id == spellings.size()) spellings.push_back(made);
      if (std::ranges::any_of(entries, [&](const auto& e) {
            return e.left == static_cast<Token>(l) && e.right == static_cast<Token>(r);
          }))
        continue;
      entries.push_back({static_cast<Token>(l), static_cast<Token>(r), {0, static_cast<Token>(id)}});
    }
    std::ranges::shuffle(entries, random);
    for (size_t i = 0; i < entries.size(); ++i) entries[i].merge.rank = static_cast<uint32_t>(i);
    const BpeMerges merges(entries);
    for (const size_t length : {0u, 1u, 2u, 5u, 31u, 32u, 33u, 34u, 120u}) {
      std::vector<Token> symbols;
      for (size_t i = 0; i < length; ++i)
        symbols.push_back(static_cast<Token>(random() % (random() % 2 ? 2 : 3)));
      const std::vector<Token> wanted = merged(entries, symbols);
      merges.apply(symbols, nullptr);
      REQUIRE(symbols == wanted);
    }
  }
}

TEST_CASE("ranks decide, and ignore_merges looks the whole piece up first") {
  CHECK(encoded(*tokenizer_of(tiny_json()), "abcd") == std::vector<Token>{5, 7});  // "c d" before "ab c"
  CHECK(encoded(*tokenizer_of(tiny_json()), "abc") == std::vector<Token>{6});
  const std::string unreachable =
      R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "aba": 2}, "merges": [],
                                      "ignore_merges": )";
  CHECK(encoded(*tokenizer_of(unreachable + "false}}"), "aba") == std::vector<Token>{0, 1, 0});
  CHECK(encoded(*tokenizer_of(unreachable + "true}}"), "aba") == std::vector<Token>{2});
}

TEST_CASE("a character that the vocabulary lacks is the unknown token, or nothing") {
  CHECK(encoded(*tokenizer_of(tiny_json()), "axb") == std::vector<Token>{5});
  CHECK(encoded(*tokenizer_of(tiny_json("", R"("unk_token": "d", )")), "axyb") ==
        std::vector<Token>{0, 3, 3, 1});
  const auto without = tokenizer_of(tiny_json("", R"("unk_token": "<unk>", )"));
  CHECK(encoded(*without, "ab") == std::vector<Token>{5});
  CHECK(without->encode("ax", {}).status().message().find("the unknown token \"<unk>\"") !=
        std::string::npos);
}

TEST_CASE("one word of a megabyte takes about a second, not hours") {
  const auto tokenizer = golden_tokenizer("llama3");
  std::mt19937 random(3);
  std::string letters;
  for (int i = 0; i < 1'000'000; ++i) letters += static_cast<char>('a' + random() % 26);
  const std::string words[] = {std::string(1'000'000, 'a'), letters, std::string(1'000'000, ' '),
                               std::string(1'000'000, '\n')};
  for (const std::string& word : words) {
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<Token> ids = encoded(*tokenizer, word, false);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    CHECK(tokenizer->decode(ids) == word);
    CHECK(took.count() < 30);  // a bound against hanging: sanitizers and busy machines are slow
  }
}

}  // namespace
}  // namespace quire
