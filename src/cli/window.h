// How far the reader may be ahead of the writer, so that an endless input runs in bounded memory.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace quire {

class Window {
 public:
  // At most so many choices and bytes are open before the reader has to wait; one line may always be.
  Window(int64_t choices, int64_t bytes) : most_choices_(choices), most_bytes_(bytes) {}

  // The reader: waits for room; false: the window is closed. Then says what it has opened.
  bool wait();
  void opened(int64_t choices);
  // The writer: what is still open, of what `wait` counted; called when it has taken in its mail.
  void written(int64_t choices, int64_t bytes_open);
  void close();

 private:
  const int64_t most_choices_, most_bytes_;
  std::mutex mutex_;
  std::condition_variable room_;
  int64_t choices_ = 0, bytes_ = 0;
  bool closed_ = false;
};

}  // namespace quire
