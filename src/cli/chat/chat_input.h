// The messages of a person or of a script: lines, joined where they belong together. A line that begins with
// """ opens a message that goes on to a line that ends with """; a line that ends with a backslash goes on.
#pragma once
#include <functional>
#include <string>

namespace quire {

enum class ChatNews : uint8_t { kMessage, kInterrupted, kEnd, kTooLong, kError };

// What reads one line: `first` is false for the lines of a message that has begun. `joined` set: the next
// line belongs to this one, whatever it says (a paste).
using ReadChatLine = std::function<ChatNews(bool first, std::string& line, bool& joined)>;

// The next message, as it was meant: without the marks. At the end of the input a message that has begun is
// complete.
ChatNews read_message(const ReadChatLine& read, std::string& message);

}  // namespace quire
