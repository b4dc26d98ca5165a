// What is typed becomes messages and commands; what is saved is a request and comes back as it was.
#include "cli/chat/chat_session.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "cli/chat/chat_input.h"
#include "cli/chat/terminal_text.h"
#include "tests/cli/program.h"

namespace quire {
namespace {

// Reads `lines` as messages; a line that begins with '\x01' is joined to the next, as a paste is.
std::vector<std::string> messages_of(std::vector<std::string> lines) {
  size_t next = 0;
  std::vector<std::string> messages;
  const ReadChatLine read = [&](bool, std::string& line, bool& joined) {
    if (next == lines.size()) return ChatNews::kEnd;
    line = lines[next++];
    joined = line.starts_with('\x01');
    if (joined) line.erase(0, 1);
    return ChatNews::kMessage;
  };
  for (std::string message; read_message(read, message) == ChatNews::kMessage;) messages.push_back(message);
  return messages;
}

TEST_CASE("lines become messages") {
  using Messages = std::vector<std::string>;
  CHECK(messages_of({"a", "", "b"}) == Messages{"a", "", "b"});
  CHECK(messages_of({"a\\", "b\\", "c", "d"}) == Messages{"a\nb\nc", "d"});
  CHECK(messages_of({R"("""one)", "two\\", R"(three""")", "four"}) == Messages{"one\ntwo\\\nthree", "four"});
  CHECK(messages_of({R"("""one""")", "two"}) == Messages{"one", "two"});
  CHECK(messages_of({R"(""")", "x", R"(""")"}) == Messages{"\nx\n"});
  CHECK(messages_of({"\x01line\\", "\x01  two", "three"}) == Messages{"line\\\n  two\nthree"});
  CHECK(messages_of({R"("""never closed)", "x"}) == Messages{"never closed\nx\n"});
  CHECK(messages_of({}).empty());
}

TEST_CASE("an interrupted message is forgotten") {
  int calls = 0;
  std::string message;
  const ReadChatLine read = [&](bool, std::string& line, bool&) {
    line = "begun\\";
    return ++calls == 1 ? ChatNews::kMessage : ChatNews::kInterrupted;
  };
  CHECK(read_message(read, message) == ChatNews::kInterrupted);
}

TEST_CASE("control characters do not reach a terminal") {
  CHECK(for_terminal("a\tb\nc") == "a\tb\nc");
  CHECK(for_terminal("\x1b[2J\x7f") == "\xEF\xBF\xBD[2J\xEF\xBF\xBD");
  CHECK(for_terminal("\xC2\x9B"
                     "5n") ==
        "\xEF\xBF\xBD"
        "5n");
  CHECK(for_terminal("\xC2\xA0\xC3\xA9\xF0\x9F\x98\x80") == "\xC2\xA0\xC3\xA9\xF0\x9F\x98\x80");
  CHECK(for_terminal(std::string_view("\0", 1)) == "\xEF\xBF\xBD");
}

TEST_CASE("a conversation is a line of JSON") {
  Conversation c;
  c.add("user", "hi \"you\"\n");
  c.add("assistant", "yes");
  c.set_system("be brief");
  CHECK_FALSE(c.set("temperature", "0.2"));
  CHECK_FALSE(c.set("stop", "END"));
  CHECK_FALSE(c.set("stop", R"(["a","b"])"));
  CHECK(c.to_line() ==
        R"({"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi \"you\"\n"},)"
        R"({"role":"assistant","content":"yes"}],"temperature":0.2,"stop":["a","b"]})");
  CHECK(c.settings() == R"(temperature 0.2, stop ["a","b"])");
  CHECK_FALSE(c.set("stop", "default"));
  CHECK(c.settings() == "temperature 0.2");
  c.set_system("be long");
  CHECK(c.system() == "be long");
  CHECK(c.size() == 3);
  c.clear();
  CHECK(c.to_line() == R"({"messages":[{"role":"system","content":"be long"}],"temperature":0.2})");
  c.set_system("");
  CHECK(c.size() == 0);
  CHECK(c.set("temperature", "-1").message == "temperature must be non-negative, got -1.");
  CHECK(c.set("warmth", "1").message.find("a chat has no setting \"warmth\"") == 0);
  CHECK(c.set("n", "2"));
  CHECK(c.settings() == "temperature 0.2");
}

TEST_CASE("saved and loaded, and nothing of another kind is overwritten") {
  const ScratchFolder folder;
  Conversation c;
  c.add("user", "one");
  CHECK_FALSE(c.set("top_k", "5"));
  REQUIRE(c.save(folder.file("talk")).ok());
  CHECK(read_text(folder.file("talk")) == c.to_line() + "\n");
  c.add("assistant", "two");
  REQUIRE(c.save(folder.file("talk")).ok());
  Result<Conversation> loaded = Conversation::load(folder.file("talk"));
  REQUIRE(loaded.ok());
  CHECK(loaded.value().to_line() == c.to_line());
  CHECK_FALSE(std::filesystem::exists(folder.file("talk.part")));

  const std::string precious = folder.write("notes", "precious");
  CHECK(c.save(precious).message() ==
        precious + " is there and is no saved conversation; choose another name.");
  CHECK(read_text(precious) == "precious");
  CHECK_FALSE(c.save(folder.file("nowhere/talk")).ok());

  const auto refusal = [&](std::string_view text) {
    return Conversation::load(folder.write("bad", text)).status().message();
  };
  CHECK(refusal("[1]").find("must be a JSON object with messages") != std::string::npos);
  CHECK(refusal(R"({"messages":3})").find("messages must be an array, got 3") != std::string::npos);
  CHECK(refusal(R"({"messages":[{"content":"x"}]})").find("must be an object with a role") !=
        std::string::npos);
  CHECK(refusal(R"({"messages":[7]})").find("must be an object with a role") != std::string::npos);
  CHECK(refusal(R"({"messages":[],"top_k":"x"})").find("top_k") != std::string::npos);
  CHECK_FALSE(Conversation::load(folder.file("missing")).ok());
}

// A session whose model answers with what the test says.
struct Talk {
  Talk() {
    const std::string demo = QUIRE_SOURCE_DIR "/demo";
    tokenizer = load_tokenizer(demo).value();
    chat = load_chat(demo, "", false).value();
    context = {.tokenizer = tokenizer.get(), .vocab = tokenizer->size(), .chat = &chat, .context = 1000};
  }
  bool take(std::string_view message) {
    told.clear(), refused.clear();
    return session.take(message);
  }

  std::unique_ptr<Tokenizer> tokenizer;
  ChatOptions chat;
  BatchContext context;
  Reply next{.text = "fine", .finish = Finish::kStop, .prompt_tokens = 10, .tokens = 3};
  std::vector<BatchLine> asked;
  std::string told, refused;
  ChatSession session{
      Conversation(),
      context,
      1000,
      0,
      {[this](const BatchLine& line) { return asked.push_back(line), next; },
       [this](std::string_view text) { told += text; }, [this](const std::string& why) { refused += why; }}};
};

TEST_CASE("messages are answered and remembered") {
  Talk t;
  CHECK(t.take("hello"));
  CHECK(t.take("  "));
  CHECK(t.take("//etc is a folder"));
  CHECK(t.session.conversation().to_line() ==
        R"({"messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"fine"},)"
        R"({"role":"user","content":"/etc is a folder"},{"role":"assistant","content":"fine"}]})");
  REQUIRE(t.asked.size() == 2);
  CHECK(t.tokenizer->decode(t.asked[0].prompt, false) == "<|user|>\nhello\n<|assistant|>\n");
  CHECK(t.asked[0].sampling.max_tokens == 1000 - static_cast<int32_t>(t.asked[0].prompt.size()));
  CHECK(t.take("/set max_tokens 7"));
  CHECK(t.take("again"));
  CHECK(t.asked[2].sampling.max_tokens == 7);
}

TEST_CASE("an answer that was cut short stays, one that never began does not") {
  Talk t;
  t.next = {.text = "half an", .finish = Finish::kCancelled, .prompt_tokens = 5, .tokens = 2};
  t.take("a");
  CHECK(t.session.conversation().size() == 2);
  t.next.text.clear();
  t.take("b");
  CHECK(t.session.conversation().size() == 2);
  t.next = {.error = {Code::kInvalidArgument, "the prompt is too long"}, .prompt_tokens = 1000};
  t.take("c");
  CHECK(t.session.conversation().size() == 2);
  CHECK(t.refused == "the prompt is too long");
  CHECK(t.told.find("/clear begins anew") != std::string::npos);
  t.next = {.text = "so", .finish = Finish::kLength, .prompt_tokens = 5, .tokens = 1};
  t.take("d");
  CHECK(t.told == "(cut after 1 token: /set max_tokens N allows more.)");
}

TEST_CASE("commands") {
  Talk t;
  CHECK_FALSE(t.take("/exit"));
  CHECK(t.take("/help"));
  for (const char* name : {"/help", "/clear", "/system", "/set", "/save", "/load", "/stats", "/exit"})
    CHECK(t.told.find(name) != std::string::npos);
  t.take("/stats");
  CHECK(t.told == "Nothing was answered yet.");
  t.take("/system  be brief ");
  CHECK(t.session.conversation().system() == "be brief");
  t.take("x");
  t.take("/stats");
  CHECK(t.told.find("last answer: 10 prompt tokens (0 cached, ") == 0);
  CHECK(t.told.find("3 generated tokens") != std::string::npos);
  CHECK(t.told.find("context 13 of 1000 tokens") != std::string::npos);
  t.take("/clear");
  CHECK(t.session.conversation().size() == 1);
  t.take("/system");
  CHECK(t.session.conversation().size() == 0);
  t.take("/set temperature 0.2");
  t.take("/set");
  CHECK(t.told == "temperature 0.2");
  t.take("/set temperature default");
  t.take("/set");
  CHECK(t.told == "Nothing is set; the model's own settings hold.");
  const ScratchFolder folder;
  t.take("hello");
  t.take("/save " + folder.file("my talk"));
  CHECK(t.told == "Saved 2 messages to " + folder.file("my talk") + ".");
  t.take("/clear");
  t.take("/load " + folder.file("my talk"));
  CHECK(t.session.conversation().size() == 2);
}

TEST_CASE("what is wrong with a command is said, and nothing is sent") {
  Talk t;
  const auto refusal = [&](std::string_view message) {
    REQUIRE(t.take(message));
    return t.refused;
  };
  CHECK(refusal("/stat") ==
        "there is no command /stat; did you mean /stats? // begins a message with a slash.");
  CHECK(refusal("/usr/bin/env") ==
        "there is no command /usr/bin/env; /help lists them, and // begins a message with a slash.");
  CHECK(refusal("/clear all") == "/clear stands alone, got \"all\".");
  CHECK(refusal("/set temperature") == "/set takes a name and a value: /set temperature 0.2.");
  CHECK(refusal("/set temperature hot").find("temperature must be a number") == 0);
  CHECK(refusal("/save") == "/save takes the name of a file.");
  CHECK(refusal("/load") == "/load takes the name of a file.");
  CHECK(refusal("/load /nowhere/at/all").find("/nowhere/at/all") != std::string::npos);
  CHECK(refusal("\xff").find("must be UTF-8") != std::string::npos);
  CHECK(t.asked.empty());
  CHECK(t.session.conversation().size() == 0);
}

}  // namespace
}  // namespace quire
