#include "cli/chat/line_editor.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <string_view>

#include "base/utf8.h"

namespace quire {
namespace {

// Bracketed paste: the terminal puts these around what is pasted, once it has been asked to.
constexpr std::string_view kPasteBegins = "[200~", kPasteEnds = "[201~";  // each after an escape
constexpr std::string_view kMarkPastes = "\x1b[?2004h", kDoNotMarkPastes = "\x1b[?2004l";
constexpr int kEscape = 0x1B;

void tell_terminal(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

LineEditor::LineEditor(int wake_fd)
    : wake_fd_(wake_fd), editor_(el_init("quire", stdin, stdout, stderr)), history_(history_init()) {
  QUIRE_CHECK(editor_ && history_);
  // Widths of characters, for libedit; nothing else of the program asks for the locale.
  if (!std::setlocale(LC_CTYPE, "C.UTF-8")) std::setlocale(LC_CTYPE, "");
  constexpr int kRemembered = 1000;
  HistEvent event;
  history(history_, &event, H_SETSIZE, kRemembered);
  el_set(editor_, EL_CLIENTDATA, this);
  el_set(editor_, EL_GETCFN, &LineEditor::read_key);
  el_set(editor_, EL_SIGNAL, 1);  // stopped and continued, or another size of the window: draw again
  el_set(editor_, EL_EDITOR, "emacs");
  el_set(editor_, EL_BIND, "\t", "ed-insert", nullptr);  // code is pasted with its tabs
  el_set(editor_, EL_HIST, &history, history_);
  el_set(
      editor_, EL_PROMPT, +[](EditLine* editor) -> const char* {
        void* self = nullptr;
        el_get(editor, EL_CLIENTDATA, &self);
        return static_cast<LineEditor*>(self)->prompt_;
      });
  el_source(editor_, nullptr);  // ~/.editrc
}

LineEditor::~LineEditor() {
  history_end(history_);
  el_end(editor_);
}

void LineEditor::remember(const std::string& message) {
  HistEvent event;
  history(history_, &event, H_ENTER, message.c_str());
}

LineEditor::Got LineEditor::next(const char* prompt, std::string& line) {
  prompt_ = prompt;
  interrupted_ = pasted_line_ = false;
  tell_terminal(kMarkPastes);
  int length = 0;
  const char* text = el_gets(editor_, &length);
  tell_terminal(kDoNotMarkPastes);
  if (!text || length <= 0) {
    if (interrupted_) pasting_ = false, bytes_.clear();
    return interrupted_ ? Got::kInterrupted : Got::kEnd;
  }
  line.assign(text, static_cast<size_t>(length));
  if (line.ends_with('\n')) line.pop_back();
  return pasted_line_ ? Got::kPastedLine : Got::kLine;
}

int LineEditor::read_key(EditLine* editor, wchar_t* key) {
  void* self = nullptr;
  el_get(editor, EL_CLIENTDATA, &self);
  return static_cast<LineEditor*>(self)->next_key(*key);
}

// Reads what is there, waiting up to `timeout_ms` (-1: for ever). False: nothing came, or the input is at its
// end, or somebody woke us.
bool LineEditor::fill(int timeout_ms) {
  for (;;) {
    pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    const int n = poll(fds, 2, timeout_ms);
    if (n < 0) continue;  // a signal that the editor takes itself
    if (fds[1].revents != 0) return interrupted_ = true, false;
    if (n == 0) return false;
    unsigned char buffer[256];
    const ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes_.insert(bytes_.end(), buffer, buffer + count);
    return true;
  }
}

int LineEditor::next_byte() {  // -1: none
  if (bytes_.empty() && !fill(-1)) return -1;
  const int byte = bytes_.front();
  bytes_.pop_front();
  return byte;
}

// Takes the mark if it comes next. A lone escape key is followed by nothing for a while.
bool LineEditor::take_mark(std::string_view mark) {
  constexpr int kPatience = 50;
  for (size_t i = 0; i < mark.size(); ++i) {
    if (bytes_.size() <= i && !fill(kPatience)) return false;
    if (bytes_[i] != static_cast<unsigned char>(mark[i])) return false;
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(mark.size()));
  return true;
}

// The rest of a character of several bytes.
bool LineEditor::finish_character(int first, wchar_t& key) {
  std::string character(1, static_cast<char>(first));
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  key = static_cast<wchar_t>(first & (0x3F >> more));
  for (int i = 0; i < more; ++i) {
    const int next = next_byte();
    if (next < 0) return false;
    character += static_cast<char>(next);
    key = static_cast<wchar_t>((key << 6) | (next & 0x3F));
  }
  return is_utf8(character);
}

// As libedit asks for it: 1 with a key, 0 at the end, -1 when the line is given up.
int LineEditor::next_key(wchar_t& key) {
  for (;;) {
    const int first = next_byte();
    if (first < 0) return interrupted_ ? -1 : 0;
    key = static_cast<wchar_t>(first);
    if (first == kEscape && take_mark(pasting_ ? kPasteEnds : kPasteBegins)) {
      pasting_ = !pasting_;
    } else if (pasting_ && (first == '\r' || first == '\n')) {
      pasted_line_ = true;
      key = L'\n';
      return 1;
    } else if (first == 0 || (pasting_ && (first < 0x20 || first == 0x7F) && first != '\t')) {
      // No commands for the editor in a paste. And a Ctrl-D typed while an answer ran comes as a NUL, which
      // the editor would take as the beginning of a quoted key.
      continue;
    } else if (first < 0x80 || finish_character(first, key)) {
      return 1;
    }
  }
}

}  // namespace quire
