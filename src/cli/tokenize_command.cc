// quire tokenize: text or messages to token ids, ids to text, a line of JSON for each.
#include "cli/tokenize_command.h"

#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "cli/line_reader.h"
#include "cli/output_file.h"
#include "cli/tokenize_line.h"
#include "text/tokenizer.h"

namespace quire {

int run_tokenize(const Command& command, std::span<const std::string> arguments) {
  std::string folder, input = "-", output_path = "-", chat_template;
  bool trust_content = false;
  Given given;
  const SettingGroup groups[] = {
      {"Input and output",
       {{"input", &input, "Lines of JSON; - is standard input.", "FILE", "", 0, 0, nullptr, true},
        {"output", &output_path, "Where the lines of JSON go; - is standard output.", "FILE", "", 0, 0,
         nullptr, true}}},
      chat_settings(chat_template, trust_content)};
  if (auto over = read_command_line(command, groups, arguments, folder, given)) return *over;
  if (input == "-" && isatty(STDIN_FILENO) == 1)
    return wrong_use(command, "give --input FILE, or pipe lines of JSON into standard input.");
  if (input != "-" && same_file(input, output_path))
    return wrong_use(command, "--input and --output are the same file, " + input + ".");
  Result<int> fd = open_input(input);
  if (!fd.ok()) return wrong_use(command, fd.status().message());
  Result<OutputFile> output = OutputFile::open(output_path);
  if (!output.ok()) return wrong_use(command, output.status().message());
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(folder);
  if (!tokenizer.ok()) return refused(tokenizer.status());
  Result<ChatOptions> chat = load_chat(folder, chat_template, trust_content);
  if (!chat.ok()) return refused(chat.status());

  bool all_well = true;
  LineReader reader(fd.value(), -1);
  std::string line, result;
  for (uint64_t number = 0;; ++number) {
    const LineReader::Got got = reader.next(line);
    if (got == LineReader::Got::kEnd || got == LineReader::Got::kError) break;
    if (got == LineReader::Got::kLine && line.find_first_not_of(" \t\r") == std::string::npos) continue;
    result.clear();
    if (!append_tokenized(*tokenizer.value(), chat.value(), line, number, result)) all_well = false;
    output.value().write(result);
    if (Status s = output.value().flush(); !s.ok()) return refused(s);
  }
  if (fd.value() != STDIN_FILENO) close(fd.value());
  if (!reader.error().ok()) return refused(reader.error());
  return all_well ? kAllWell : kRefused;
}

}  // namespace quire
