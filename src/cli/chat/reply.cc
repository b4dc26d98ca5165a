#include "cli/chat/reply.h"

#include "serve/generation/answer.h"

namespace quire {

Reply make_reply(const BatchLine& line, RequestId request, const Tokenizer& tokenizer, Engine& engine,
                 Mailbox& mailbox, const std::function<void(std::string_view)>& show) {
  Reply reply;
  reply.prompt_tokens = static_cast<int64_t>(line.prompt.size());
  Answer answer(line.sampling, line.prompt.size(), &tokenizer);
  Request asked = request_of(line);
  asked.id = request;
  reply.pace.start();
  reply.error = engine.submit(std::move(asked));
  if (!reply.error.ok()) return reply;

  size_t shown = 0;
  bool cancelled = false;
  for (Mail mail; !answer.done();) {
    mailbox.collect(mail, std::chrono::milliseconds(200));
    for (const TokenEvent& event : mail.events)
      if (event.request == request && !answer.done()) answer.take(event, mail.logprobs);
    const std::string& text = *answer.text();
    if (text.size() > shown) show(std::string_view(text).substr(shown)), shown = text.size();
    reply.pace.note(answer.tokens().empty() ? 0 : 1, answer.tokens().size());
    if (mail.interrupted && !cancelled) engine.cancel(request), cancelled = true;
  }
  if (answer.ended_early()) engine.cancel(request);
  reply.text = *answer.text();
  reply.finish = answer.finish();
  reply.error = answer.error();
  reply.cached = answer.cached();
  reply.tokens = static_cast<int64_t>(answer.tokens().size());
  return reply;
}

}  // namespace quire
