// A thread that serves its connections and never waits for anything but them.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "serve/http/site.h"

namespace quire::serve {

class IoThread {
 public:
  explicit IoThread(Site& site, int32_t most_connections);  // the site outlives it
  ~IoThread();                                              // stop() and join
  IoThread(const IoThread&) = delete;

  // From any thread.
  void adopt(int socket);  // a connection just accepted; it is closed here in the end
  // Accepts from `listener`, which is not blocking, until stop(); `take` gets each connection, on this
  // thread.
  void accept_from(int listener, std::function<void(int socket)> take);
  void drain();                          // see Connection
  void give_up(const std::string& why);  // likewise
  void after(std::chrono::milliseconds delay, std::function<void()> call);
  void stop();  // closes everything; the thread ends

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace quire::serve
