// The answer between its maker and its connection: when a piece goes out at once, and when the connection is
// woken.
#include "serve/http/outbox.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace quire::serve;

namespace {

// A socket that takes `room` bytes and then no more, and a connection that counts its wakes.
struct Wire {
  size_t room = 0;
  std::string sent;
  int wakes = 0, calls = 0;
  std::shared_ptr<Outbox> box = std::make_shared<Outbox>(
      AnswerShape{}, 1000, [this] { ++wakes; },
      [this](std::string_view bytes) {
        ++calls;
        const size_t n = std::min(room, bytes.size());
        sent += bytes.substr(0, n);
        room -= n;
        return n;
      });
  std::shared_ptr<Reply> reply = box->reply();

  void begin() {  // the head has been taken and sent
    reply->begin_stream(200, {{"Content-Type", "text/event-stream"}});
    flush();
    sent.clear();
    wakes = calls = 0;
  }
  void flush() {
    std::string taken;
    (void)box->take(taken);
    box->sent(taken.size());
    sent += taken;
  }
};

TEST_CASE("a piece with nothing before it goes out at once and wakes nobody") {
  Wire w;
  w.begin();
  w.room = 1000;
  w.reply->write("one");
  w.reply->write("two");
  CHECK(w.sent == "3\r\none\r\n3\r\ntwo\r\n");
  CHECK(w.wakes == 0);
  w.reply->end();
  CHECK(w.wakes == 1);
  w.flush();
  CHECK(w.sent.ends_with("two\r\n0\r\n\r\n"));
}

TEST_CASE("what the socket does not take waits, and all that follows waits behind it") {
  Wire w;
  w.begin();
  w.room = 5;
  w.reply->write("one");
  CHECK(w.sent == "3\r\non");
  CHECK(w.wakes == 1);
  w.room = 1000;
  w.reply->write("two");
  CHECK(w.calls == 1);
  std::string taken;
  (void)w.box->take(taken);
  CHECK(taken == "e\r\n3\r\ntwo\r\n");
  w.reply->write("three");  // what was taken is on its way
  CHECK(w.calls == 1);
  w.box->sent(taken.size());
  w.flush();
  w.reply->write("four");
  CHECK(w.calls == 2);
  CHECK(w.sent == "3\r\non5\r\nthree\r\n4\r\nfour\r\n");
}

TEST_CASE("a head that was not sent yet goes first") {
  Wire w;
  w.room = 1000;
  w.reply->begin_stream(200, {{"Content-Type", "text/event-stream"}});
  w.reply->write("one");
  CHECK(w.calls == 0);
  w.flush();
  CHECK(w.sent.ends_with("\r\n\r\n3\r\none\r\n"));
}

TEST_CASE("nothing is sent when the client is gone or too much waits") {
  Wire w;
  w.begin();
  w.room = 10'000;
  w.reply->write(std::string(2000, 'x'));  // beyond the limit: the answer is cut
  CHECK(w.calls == 0);
  CHECK(w.wakes == 1);
  CHECK(w.box->cut());
  Wire v;
  v.begin();
  v.box->client_gone();
  v.reply->write("one");
  CHECK(v.calls == 0);
}

}  // namespace
