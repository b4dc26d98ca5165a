// What tests of the endpoints ask and look at.
#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "tests/serve/api/served_script.h"

namespace quire::serve {

class Desk : public ServedScript {
 public:
  using ServedScript::ServedScript;

  std::shared_ptr<FakeReply> ask(std::string_view path, std::string body, std::vector<Header> more = {}) {
    more.push_back({"Content-Type", "application/json; charset=utf-8"});
    auto reply = begin("POST", path, std::move(body), std::move(more));
    REQUIRE(reply->wait());
    return reply;
  }
  Json json(const std::shared_ptr<FakeReply>& reply) {
    Result<Json> v = parse_json(reply->body());
    REQUIRE_MESSAGE(v.ok(), reply->body());
    return std::move(v).value();
  }
  // The data of a stream's events; the last is [DONE] and left out.
  std::vector<Json> events(const std::shared_ptr<FakeReply>& reply) {
    std::vector<Json> all;
    std::string_view rest = reply->body();
    while (!rest.empty()) {
      REQUIRE(rest.starts_with("data: "));
      const size_t end = rest.find("\n\n");
      REQUIRE(end != std::string_view::npos);
      const std::string_view data = rest.substr(6, end - 6);
      rest.remove_prefix(end + 2);
      if (data == "[DONE]") {
        CHECK(rest.empty());
        return all;
      }
      Result<Json> v = parse_json(data);
      REQUIRE(v.ok());
      all.push_back(std::move(v).value());
    }
    FAIL("no [DONE]");
    return all;
  }
  void wait_until_idle() {
    for (int i = 0; i < 2000 && board().open() > 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK(board().open() == 0);
  }
};

// A member by a path: "choices.0.text". Null if there is none.
inline const Json* at(const Json& v, std::string_view path) {
  const Json* here = &v;
  while (here && !path.empty()) {
    const size_t dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (here->array()) {
      const size_t i = static_cast<size_t>(std::stoul(std::string(step)));
      here = i < here->array()->size() ? &(*here->array())[i] : nullptr;
    } else {
      here = here->find(step);
    }
  }
  return here;
}
inline std::string text_at(const Json& v, std::string_view path) {
  const Json* found = at(v, path);
  if (!found) return "(none)";
  if (found->string()) return *found->string();
  std::string text;
  append_json(*found, text);
  return text;
}

}  // namespace quire::serve
