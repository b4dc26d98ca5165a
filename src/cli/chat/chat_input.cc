#include "cli/chat/chat_input.h"

#include <string_view>

namespace quire {

ChatNews read_message(const ReadChatLine& read, std::string& message) {
  constexpr std::string_view kQuotes = R"(""")";
  message.clear();
  bool quoted = false, joined = false;
  std::string line;
  for (bool first = true;; first = false) {
    const ChatNews news = read(first, line, joined);
    if (news == ChatNews::kEnd && !first) return ChatNews::kMessage;
    if (news != ChatNews::kMessage) return news;
    if (first && line.starts_with(kQuotes)) {
      quoted = true;
      line.erase(0, kQuotes.size());
    }
    if (quoted && line.ends_with(kQuotes)) {
      message += line.substr(0, line.size() - kQuotes.size());
      return ChatNews::kMessage;
    }
    const bool goes_on = !quoted && !joined && line.ends_with('\\');
    if (goes_on) line.pop_back();
    message += line;
    if (!quoted && !joined && !goes_on) return ChatNews::kMessage;
    message += '\n';
  }
}

}  // namespace quire
