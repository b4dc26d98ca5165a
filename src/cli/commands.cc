// The table of commands: a new one is a line here and a file of its own.
#include "cli/bench_command.h"
#include "cli/chat/chat_command.h"
#include "cli/command.h"
#include "cli/generate_command.h"
#include "cli/inspect_command.h"
#include "cli/serve/serve_command.h"
#include "cli/tokenize_command.h"

namespace quire {

std::span<const Command> commands() {
  static constexpr Command kCommands[] = {
      {"generate", "generate DIR [--prompt TEXT ... | --input FILE] [--output FILE] [flags]",
       "Generate text from prompts with the model in DIR.",
       "  quire generate demo --prompt 'def read_lines(path):' --max-tokens 64\n"
       "  quire generate demo --input prompts.jsonl --output answers.jsonl --temperature 0\n"
       "  echo '{\"prompt\": \"import os\", \"n\": 2, \"seed\": 7}' | quire generate demo\n",
       run_generate},
      {"chat", "chat DIR [flags]",
       "Talk with the model in DIR: messages and commands (/help) from a terminal or a script.",
       "  quire chat demo\n"
       "  quire chat demo --system 'Answer in one sentence.' --temperature 0.7\n"
       "  printf 'What is a list?\\n/save talk.json\\n' | quire chat demo\n",
       run_chat},
      {"serve", "serve DIR [flags]", "Answer requests over HTTP, as OpenAI's API, with the model in DIR.",
       "  quire serve demo\n"
       "  quire serve demo --port 8080 --served-model-name demo-model\n"
       "  quire serve demo --host 0.0.0.0 --api-key-file keys.txt --ssl-certfile cert.pem --ssl-keyfile "
       "key.pem\n",
       run_serve},
      {"tokenize", "tokenize DIR [--input FILE] [--output FILE]", "Turn text into token ids and back.",
       "  echo '{\"text\": \"import os\"}' | quire tokenize demo\n"
       "  echo '{\"ids\": [5, 7]}' | quire tokenize demo\n",
       run_tokenize},
      {"inspect", "inspect DIR [--json] [flags]",
       "Say what a model folder holds, what it takes in memory and what would be refused, before loading it.",
       "  quire inspect demo\n"
       "  quire inspect demo --json --kv-cache-memory-bytes 4GiB\n",
       run_inspect},
      {"bench", "bench latency|throughput DIR [flags], bench serve [flags], or bench machine",
       "Measure how fast a model runs, how a server bears load, and what the machine reaches at most.",
       "  quire bench latency demo --input-len 32 --output-len 128 --batch-size 8\n"
       "  quire bench machine\n"
       "  quire bench throughput demo --num-prompts 64 --output-json result.json\n"
       "  quire bench serve --port 8000 --num-prompts 200 --request-rate 4 --random-input-len 256\n"
       "  quire bench serve --num-prompts 64 --plot load.svg --plot-concurrencies 1,4,16 --save-result\n"
       "  quire bench throughput bench/shapes/B --load-format dummy --dataset mixed.jsonl\n",
       run_bench},
  };
  return kCommands;
}

}  // namespace quire
