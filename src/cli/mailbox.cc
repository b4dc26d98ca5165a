#include "cli/mailbox.h"

#include <utility>

namespace quire {

void Mailbox::open(LineOpened line) {
  std::lock_guard lock(mutex_);
  mail_.lines.emplace_back(std::move(line));
  news_ = true;
  wake_.notify_one();
}

void Mailbox::refuse(LineRefused line) {
  std::lock_guard lock(mutex_);
  mail_.lines.emplace_back(std::move(line));
  news_ = true;
  wake_.notify_one();
}

void Mailbox::end_input() {
  std::lock_guard lock(mutex_);
  mail_.input_ended = news_ = true;
  wake_.notify_one();
}

void Mailbox::interrupt() {
  std::lock_guard lock(mutex_);
  mail_.interrupted = news_ = true;
  wake_.notify_one();
}

void Mailbox::resume() {
  std::lock_guard lock(mutex_);
  mail_.interrupted = false;
}

void Mailbox::deliver(std::span<const TokenEvent> events, std::span<const Logprob> logprobs) {
  std::lock_guard lock(mutex_);
  for (const TokenEvent& e : events) {
    TokenEvent& copy = mail_.events.emplace_back(e);
    if (e.num_logprobs <= 0) continue;
    const auto own = logprobs.subspan(static_cast<size_t>(e.logprobs), static_cast<size_t>(e.num_logprobs));
    copy.logprobs = static_cast<int32_t>(mail_.logprobs.size());
    mail_.logprobs.insert(mail_.logprobs.end(), own.begin(), own.end());
  }
  news_ = true;
  wake_.notify_one();
}

void Mailbox::collect(Mail& mail, std::chrono::milliseconds patience) {
  mail.lines.clear(), mail.events.clear(), mail.logprobs.clear();
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, patience, [this] { return news_; });
  mail.input_ended = mail_.input_ended, mail.interrupted = mail_.interrupted;
  std::swap(mail, mail_);
  news_ = false;
}

}  // namespace quire
