#include "cli/collector.h"

#include <algorithm>
#include <utility>

#include "cli/output_line.h"

namespace quire {

Collector::Collector(const Tokenizer* tokenizer, CollectorDoors doors)
    : tokenizer_(tokenizer), doors_(std::move(doors)) {}

void Collector::open(BatchLine line, RequestId first) {
  Line& l = lines_.emplace_back();
  l.line = std::move(line);
  l.first = first;
  if (!l.line.refusal) {
    const size_t n = static_cast<size_t>(l.line.sampling.n);
    l.answers.reserve(n);
    for (size_t i = 0; i < n; ++i) l.answers.emplace_back(l.line.sampling, l.line.prompt.size(), tokenizer_);
    l.units = n;
    counts_.prompt_tokens += l.line.prompt.size() * n;
  }
  l.bytes = sizeof(Line) + l.line.prompt.capacity() * sizeof(Token);
  for (const Answer& a : l.answers) l.bytes += a.bytes();
  bytes_ += l.bytes;
}

// Lines are in the order of their first requests; one without choices shares its first with the next line.
Collector::Line* Collector::find(RequestId request) {
  auto after = std::ranges::upper_bound(lines_, request, {}, &Line::first);
  if (after == lines_.begin()) return nullptr;
  Line& l = *std::prev(after);
  return request - l.first < l.answers.size() ? &l : nullptr;
}

void Collector::refuse(RequestId first, Refusal why) {
  if (Line* l = find(first)) {
    l->answers.clear();
    l->done = 0;
    l->line.refusal = std::move(why);
  }
}

void Collector::take(std::span<const TokenEvent> events, std::span<const Logprob> logprobs) {
  for (const TokenEvent& e : events) {
    Line* l = find(e.request);
    if (!l) continue;
    Answer& a = l->answers[static_cast<size_t>(e.request - l->first)];
    if (a.done()) continue;
    const size_t before = a.bytes();
    a.take(e, logprobs);
    const size_t more = a.bytes() - before;
    l->bytes += more;
    bytes_ += more;
    if (e.token >= 0 && e.prompt_position == 0) ++counts_.tokens, counts_.begun += a.tokens().size() == 1;
    if (!a.done()) continue;
    ++l->done;
    if (a.ended_early()) doors_.cancel(e.request);
  }
}

void Collector::write_choice(const Line& l, size_t index) {
  const Answer& a = l.answers[index];
  if (a.finish() == Finish::kError) ++counts_.refused;
  out_.clear();
  append_answer(l.line, static_cast<int32_t>(index), a, out_);
  doors_.write(out_);
}

// True when all of the line has been shown.
bool Collector::show_front(Line& l) {
  for (; shown_choice_ < l.answers.size(); ++shown_choice_, shown_bytes_ = 0) {
    const Answer& a = l.answers[shown_choice_];
    if (a.text())
      doors_.show(std::string_view(*a.text()).substr(shown_bytes_)), shown_bytes_ = a.text()->size();
    if (!a.done()) return false;
    if (a.finish() == Finish::kError) {
      ++counts_.refused;
      doors_.complain({a.error().message(), "", kInternalError});
    }
    doors_.show("\n");
  }
  shown_choice_ = 0;
  return true;
}

void Collector::pop() {
  Line& l = lines_.front();
  bytes_ -= l.bytes;
  ++counts_.lines;
  counts_.units += l.units;
  lines_.pop_front();
}

void Collector::advance() {
  while (!lines_.empty()) {
    Line& l = lines_.front();
    if (l.line.refusal) {
      ++counts_.refused;
      out_.clear();
      append_refusal(l.line.id, l.line.refusal, out_);
      if (doors_.show) doors_.complain(l.line.refusal);
      else doors_.write(out_);
    } else if (doors_.show) {
      if (!show_front(l)) return;
    } else {
      if (l.done < l.answers.size()) return;
      for (size_t i = 0; i < l.answers.size(); ++i) write_choice(l, i);
    }
    pop();
  }
}

void Collector::finish_early() {
  advance();
  for (; !lines_.empty(); pop()) {
    const Line& l = lines_.front();
    if (doors_.show) continue;
    if (l.line.refusal) {
      ++counts_.refused;
      out_.clear();
      append_refusal(l.line.id, l.line.refusal, out_);
      doors_.write(out_);
    }
    for (size_t i = 0; i < l.answers.size(); ++i)
      if (l.answers[i].done()) write_choice(l, i);
  }
}

}  // namespace quire
