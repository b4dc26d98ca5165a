// quire bench serve against a small scripted server: what it sends, what it understands, what it counts.
#include "cli/bench_serve/bench_serve.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "cli/bench_serve/answer_stream.h"
#include "cli/bench_serve/load_plot.h"
#include "tests/cli/program.h"
#include "tests/cli/scripted_server.h"

namespace quire {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a stream is read whole, however its bytes are cut") {
  const std::string stream =
      ": a comment\r\n\r\n"
      "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
      "event: message\ndata: {\"choices\":[{\"delta\":\ndata: {\"content\":\"lo\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"reasoning\":\"!\"}}]}\r\n\r\n"
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n"
      "data:[DONE]\n\n";
  for (size_t cut = 1; cut <= stream.size(); ++cut) {
    AnswerStream s(true);
    int32_t pieces = 0;
    for (size_t at = 0; at < stream.size(); at += cut)
      pieces += s.feed(std::string_view(stream).substr(at, cut));
    REQUIRE(pieces == 3);
    REQUIRE(s.text() == "Hello!");
    REQUIRE((s.done() && s.begun() && s.error().empty()));
    REQUIRE(s.prompt_tokens() == 7);
    REQUIRE(s.output_tokens() == 3);
  }
}

TEST_CASE("an error in the stream, or no JSON, is what is told") {
  AnswerStream a(false), b(false);
  a.feed("data: {\"error\":{\"message\":\"out of luck\",\"code\":500}}\n\n");
  CHECK(a.error() == "out of luck");
  b.feed("data: {oops\n\n");
  CHECK(b.error().starts_with("a chunk is no JSON"));
  CHECK(error_in("{\"error\":\"Unauthorized\"}") == "Unauthorized");
  CHECK(error_in("<html>") == "<html>");
  CHECK(error_in("") == "no reason given");
}

TEST_CASE("targets") {
  const auto t = parse_target("http://host:81/base/", "/v1/completions");
  REQUIRE(t.ok());
  CHECK(t.value().host == "host");
  CHECK(t.value().port == "81");
  CHECK(t.value().path == "/base/v1/completions");
  CHECK(parse_target("http://[::1]:9", "/").value().host == "::1");
  CHECK(parse_target("http://a", "/").value().port == "80");
  CHECK(parse_target("https://a", "/").value().port == "443");
  CHECK(parse_target("https://a", "/").value().tls);
  for (const char* bad : {"ftp://a", "a:80", "http://", "http://:80", "http://a:b"})
    CHECK_FALSE(parse_target(bad, "/").ok());
}

TEST_CASE("times of arrival have the rate, and the spread that was asked for") {
  for (const double rate : {0.5, 20.0})
    for (const double burstiness : {0.25, 1.0, 16.0}) {
      const auto times = arrival_times(4000, rate, burstiness, 3);
      CHECK(std::ranges::is_sorted(times));
      CHECK(times.back() == doctest::Approx(4000 / rate));
      double squares = 0;
      for (size_t i = 1; i < times.size(); ++i) squares += std::pow((times[i] - times[i - 1]) * rate - 1, 2);
      CHECK(squares / 4000 == doctest::Approx(1 / burstiness).epsilon(0.15));  // variance of a gamma gap
    }
  for (const double t : arrival_times(9, INFINITY, 1, 3)) CHECK(t == 0);
}

TEST_CASE("figures are vllm's") {
  LoadRun run{.seconds = 4, .most_open = 2, .processor_seconds = 0.1};
  run.answers.resize(4);
  run.answers[0] = {.sent = 0, .arrivals = {0.1, 0.2, 0.4}, .prompt_tokens = 5, .output_tokens = 3};
  run.answers[1] = {.sent = 1, .arrivals = {1.5}, .prompt_tokens = 0, .output_tokens = 1};
  run.answers[2] = {.error = "no"};
  run.answers[3] = {.sent = 2, .arrivals = {2.1, 3.1}, .prompt_tokens = 5, .output_tokens = 5};  // 2 pieces
  std::vector<LoadPrompt> prompts(4);
  prompts[1].input_len = 9;
  LoadOptions o;
  o.goodput = {{Metric::kTtft, 200}, {Metric::kTpot, 200}};
  const LoadFigures f = figures_of(run, prompts, o);
  CHECK(f.completed == 3);
  CHECK(f.failed == 1);
  CHECK(f.input_tokens == 19);
  CHECK(f.output_tokens == 9);
  CHECK(f.good == 1);  // the second begins too late, the last has 250 ms per token
  CHECK(f.peak_output_rate == 3);
  const auto near = [](const std::vector<double>& got, const std::vector<double>& want) {
    REQUIRE(got.size() == want.size());
    for (size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(want[i]));
  };
  near(f.values[0], {100, 500, 100});
  near(f.values[1], {150, 250});
  near(f.values[2], {100, 200, 1000});
  near(f.values[3], {400, 500, 1100});
}

TEST_CASE("flags: goodput and metadata may go on as in vllm, and what is wrong is said") {
  const auto read = [](LoadFlags f, std::vector<std::string> more = {}) {
    const auto o = read_load_options(f, std::move(more), "k");
    return o.ok() ? "" : o.status().message();
  };
  LoadFlags f;
  f.goodput = {"ttft:200"};
  f.metadata = {"a=b"};
  const auto o = read_load_options(f, {"tpot:50", "c=d"}, "secret");
  REQUIRE(o.ok());
  CHECK(o.value().goodput.size() == 2);
  CHECK(o.value().metadata.size() == 2);
  CHECK(o.value().headers[0].second == "Bearer secret");
  CHECK(f.base_url == "http://127.0.0.1:8000");
  CHECK(f.endpoint == "/v1/completions");
  CHECK(read({.goodput = {"itl:3"}}).starts_with("--goodput must be such as"));
  CHECK(read({.request_rate = "0"}).starts_with("--request-rate must be"));
  CHECK(read({.percentile_metrics = "ttft,x"}).ends_with("got \"x\"."));
  CHECK(read({.metric_percentiles = "101"}).ends_with("got \"101\"."));
  CHECK(read({.dataset_name = "custom"}).find("belong together") != std::string::npos);
  CHECK(read({.plot_rates = "1,2", .plot_concurrencies = "1"}).find("exclude") != std::string::npos);
  CHECK(read({.plot_concurrencies = "1.5"}).ends_with("got \"1.5\"."));
  CHECK(read({.headers = {"A=b\r\nC: d"}}).ends_with("control character."));
  CHECK(read({}, {"x"}).ends_with("got \"x\"."));
}

std::string port_of(const ScriptedServer& s) { return std::to_string(s.port); }

double figure(const std::string& table, const std::string& name) {
  const size_t at = table.find("\n" + name);
  return at == std::string::npos ? -1 : std::stod(table.substr(at + 1 + name.size()));
}

TEST_CASE("a run against a server whose pace is known") {
  ScriptedServer server(
      [](int) { return ScriptedServer::Script{.first = milliseconds(40), .between = milliseconds(10)}; });
  const ScratchFolder folder;
  const ProgramRun run = run_program({"bench",
                                      "serve",
                                      "--port",
                                      port_of(server),
                                      "--num-prompts",
                                      "12",
                                      "--max-concurrency",
                                      "4",
                                      "--random-input-len",
                                      "20",
                                      "--random-output-len",
                                      "8",
                                      "--random-prefix-len",
                                      "5",
                                      "--num-warmups",
                                      "2",
                                      "--ignore-eos",
                                      "--goodput",
                                      "ttft:10000",
                                      "tpot:10000",
                                      "--percentile-metrics",
                                      "ttft,tpot,itl,e2el",
                                      "--metric-percentiles",
                                      "50,99",
                                      "--save-detailed",
                                      "--result-dir",
                                      folder.file(""),
                                      "--result-filename",
                                      "r.json",
                                      "--metadata",
                                      "host=here"});
  CAPTURE(run.err);
  CAPTURE(run.out);
  REQUIRE(run.status == 0);
  CHECK(run.out.find("============ Serving Benchmark Result ============") == 0);
  CHECK(figure(run.out, "Successful requests:") == 12);
  CHECK(figure(run.out, "Failed requests:") == 0);
  CHECK(figure(run.out, "Maximum request concurrency:") == 4);
  CHECK(figure(run.out, "Total input tokens:") == 12 * 11);  // as the server counts them
  CHECK(figure(run.out, "Total generated tokens:") == 12 * 8);
  CHECK(figure(run.out, "Peak concurrent requests:") == 4);
  CHECK(figure(run.out, "Request goodput (req/s):") == figure(run.out, "Request throughput (req/s):"));
  CHECK(figure(run.out, "Median TTFT (ms):") >= 40);
  CHECK(figure(run.out, "Median ITL (ms):") >= 9);
  CHECK(figure(run.out, "P50 TPOT (ms):") >= 9);
  CHECK(figure(run.out, "Mean E2EL (ms):") >= 110);
  CHECK(figure(run.out, "Mean TPOT (ms):") < 60);  // a machine that is busy with other tests
  CHECK(server.most_open == 4);
  CHECK(server.connections <= 4 + 2 + 2);  // kept alive, but for the model's name and the first try

  const auto bodies = server.bodies();
  REQUIRE(bodies.size() == 1 + 2 + 12);
  const Json first = parse_json(bodies[0]).value(), last = parse_json(bodies.back()).value();
  CHECK(first.find("max_tokens")->integer() == 1);
  CHECK(*last.find("model")->string() == "scripted");
  CHECK(last.find("max_tokens")->integer() == 8);
  CHECK(last.find("temperature")->real() == 0);
  CHECK(*last.find("ignore_eos")->boolean());
  CHECK(*last.find("stream")->boolean());
  REQUIRE(last.find("prompt")->array()->size() == 25);
  for (size_t i = 0; i < 25; ++i) {
    const bool same =
        last.find("prompt")->array()->at(i).integer() == first.find("prompt")->array()->at(i).integer();
    if (i < 5) CHECK(same);
  }

  const auto json = parse_json(read_text(folder.file("r.json")));
  REQUIRE(json.ok());
  CHECK(json.value().find("completed")->integer() == 12);
  CHECK(*json.value().find("host")->string() == "here");
  CHECK(json.value().find("median_ttft_ms")->real().value() >= 40);
  CHECK(json.value().find("p99_e2el_ms")->real().value() >= 110);
  CHECK(json.value().find("itls")->array()->size() == 12);
  CHECK(json.value().find("itls")->array()->at(0).array()->size() == 7);
  CHECK(*json.value().find("generated_texts")->array()->at(0).string() == " t0 t1 t2 t3 t4 t5 t6 t7");
}

TEST_CASE("chats, custom prompts, a key, and a rate") {
  ScriptedServer server([](int) { return ScriptedServer::Script{.usage = false, .close = true}; });
  const ScratchFolder folder;
  const std::string file = folder.write("d.jsonl",
                                        "{\"prompt\":\"one\",\"output_tokens\":3}\n\n"
                                        "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"}]}\n"
                                        "{\"prompt\":\"three\"}\n");
  setenv("OPENAI_API_KEY", "sk-test", 1);
  const ProgramRun run = run_program({"bench",
                                      "serve",
                                      "--base-url",
                                      "http://localhost:" + port_of(server),
                                      "--backend",
                                      "openai-chat",
                                      "--model",
                                      "m",
                                      "--dataset-name",
                                      "custom",
                                      "--dataset-path",
                                      file,
                                      "--custom-output-len",
                                      "5",
                                      "--request-rate",
                                      "20",
                                      "--burstiness",
                                      "4",
                                      "--header",
                                      "X-Test=1"});
  unsetenv("OPENAI_API_KEY");
  CAPTURE(run.err);
  CAPTURE(run.out);
  REQUIRE(run.status == 0);
  CHECK(figure(run.out, "Successful requests:") == 3);
  CHECK(figure(run.out, "Request rate configured (RPS):") == 20);
  CHECK(figure(run.out, "Benchmark duration (s):") >= 0.14);
  CHECK(figure(run.out, "Total generated tokens:") == 13);  // counted by pieces: no usage came
  const auto bodies = server.bodies();
  REQUIRE(bodies.size() == 4);
  const Json one = parse_json(bodies[1]).value(), two = parse_json(bodies[2]).value();
  CHECK(*one.find("messages")->array()->at(0).find("content")->string() == "one");
  CHECK(one.find("max_completion_tokens")->integer() == 3);
  CHECK(!one.find("ignore_eos"));
  CHECK(*two.find("messages")->array()->at(0).find("role")->string() == "system");
  for (const std::string& head : server.heads()) {
    CHECK(head.starts_with("POST /v1/chat/completions "));
    CHECK(head.find("Authorization: Bearer sk-test\r\n") != std::string::npos);
    CHECK(head.find("X-Test: 1\r\n") != std::string::npos);
  }
}

TEST_CASE("failures are counted, told, and no figure of theirs goes in") {
  ScriptedServer server([](int i) {
    ScriptedServer::Script s{.between = milliseconds(1)};
    if (i % 4 == 1) s.status = 503, s.body = "{\"error\":{\"message\":\"too busy\"}}";
    if (i % 4 == 2) s.cut = true;
    return s;
  });
  const ProgramRun run = run_program({"bench", "serve", "--port", port_of(server), "--num-prompts", "8",
                                      "--max-concurrency", "1", "--random-output-len", "4"});
  CAPTURE(run.err);
  CHECK(run.status == 1);
  CHECK(figure(run.out, "Successful requests:") == 4);
  CHECK(figure(run.out, "Failed requests:") == 4);
  CHECK(figure(run.out, "Total generated tokens:") == 16);
  CHECK(run.err.find("the first error: 503: too busy") != std::string::npos);
}

TEST_CASE("what is wrong from the start is told once, in a sentence") {
  ScriptedServer server(
      [](int) { return ScriptedServer::Script{.status = 401, .body = "{\"error\":\"Unauthorized\"}"}; });
  const ProgramRun run = run_program({"bench", "serve", "--port", port_of(server)});
  CHECK(run.status == 1);
  CHECK(run.err.ends_with("/v1/completions does not answer as it should: 401: Unauthorized\n"));
  CHECK(server.bodies().size() == 1);
}

TEST_CASE("a sweep draws latency over load") {
  ScriptedServer server([](int) { return ScriptedServer::Script{.between = milliseconds(2)}; });
  const ScratchFolder folder;
  const ProgramRun run =
      run_program({"bench", "serve", "--port", port_of(server), "--num-prompts", "8", "--plot",
                   folder.file("p.svg"), "--plot-concurrencies", "4,1,2", "--random-output-len", "4",
                   "--save-result", "--result-filename", folder.file("r.json")});
  CAPTURE(run.err);
  REQUIRE(run.status == 0);
  const std::string svg = read_text(folder.file("p.svg"));
  CHECK(svg.starts_with("<svg xmlns="));
  CHECK(svg.ends_with("</svg>\n"));
  size_t dots = 0;
  for (size_t at = 0; (at = svg.find("<circle", at)) != std::string::npos; ++at) ++dots;
  CHECK(dots == 3 * 5);  // loads by curves
  CHECK(svg.find("open requests") != std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
  const auto json = parse_json(read_text(folder.file("r.json")));
  REQUIRE(json.ok());
  const Json* runs = json.value().find("runs");
  REQUIRE(runs->array()->size() == 3);
  std::set<std::string> prompts;
  for (const std::string& body : server.bodies()) prompts.insert(body);
  CHECK(prompts.size() == 1 + 3 * 8);  // no load finds another's in a cache
  for (size_t i = 0; i < 3; ++i) CHECK(runs->array()->at(i).find("max_concurrency")->integer() == 1 << i);
}

TEST_CASE("a title cannot break the picture") {
  const PlotPoint points[] = {{1, LoadFigures{}}};
  const std::string svg = load_plot(points, "x", "<script>&");
  CHECK(svg.find("&lt;script&gt;&amp;") != std::string::npos);
}

// 25 streams at 20 tokens a second each: 500 tokens/s. What the client takes of a core is its own figure; the
// bound leaves room for sanitizers and busy machines, the aim is 5.
TEST_CASE("the client itself costs little") {
  ScriptedServer server([](int) { return ScriptedServer::Script{.between = milliseconds(50)}; });
  const ProgramRun run = run_program({"bench", "serve", "--port", port_of(server), "--num-prompts", "25",
                                      "--random-input-len", "100", "--random-output-len", "40"});
  REQUIRE(run.status == 0);
  CHECK(figure(run.out, "Output token throughput (tok/s):") > 300);
  const double percent = figure(run.out, "Client processor time (% of a core):");
  MESSAGE("at " << figure(run.out, "Output token throughput (tok/s):") << " tokens/s: " << percent
                << " % of a core");
  CHECK(percent >= 0);
  CHECK(percent < 25);
}

}  // namespace
}  // namespace quire
