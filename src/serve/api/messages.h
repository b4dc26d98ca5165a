// The chat part of a body in OpenAI's form, made what templates expect: parts of text become one text, the
// arguments of tool calls become values, the role developer becomes one that the template knows.
#pragma once
#include "base/json.h"
#include "serve/generation/chat_prompt.h"
#include "serve/generation/refusal.h"

namespace quire::serve {

// Of a body, which is an object; what it changes is documented in messages.cc, field by field.
Refusal settle_messages(const ChatOptions& chat, Json& body);
// The part of it that does not need messages.
Refusal settle_tools_and_effort(Json& body);

}  // namespace quire::serve
