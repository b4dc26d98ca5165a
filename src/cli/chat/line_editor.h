// A line of text typed at a terminal, edited by libedit: arrows, history, the user's own ~/.editrc. A paste
// of several lines is one message.
#pragma once
#include <histedit.h>

#include <deque>
#include <string>
#include <string_view>

#include "cli/line_reader.h"

namespace quire {

class LineEditor {
 public:
  // Reads standard input, which must be a terminal. When `wake_fd` becomes readable, next() gives up the
  // line.
  explicit LineEditor(int wake_fd);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;

  enum class Got : uint8_t { kLine, kPastedLine, kInterrupted, kEnd };
  // kPastedLine: the line ended inside a paste, so that what follows belongs to it.
  Got next(const char* prompt, std::string& line);

  void remember(const std::string& message);  // for the arrow keys

 private:
  static int read_key(EditLine* editor, wchar_t* key);
  int next_key(wchar_t& key);
  bool fill(int timeout_ms);
  int next_byte();
  bool take_mark(std::string_view mark);
  bool finish_character(int first, wchar_t& key);

  int wake_fd_;
  const char* prompt_ = "";
  EditLine* editor_;
  History* history_;
  std::deque<unsigned char> bytes_;  // read and not yet used
  bool pasting_ = false, pasted_line_ = false, interrupted_ = false;
};

}  // namespace quire
