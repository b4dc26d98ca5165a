// continue_final_message as transformers 5 has it: a mark goes to the end of the last message before the
// template runs, and the rendering is cut where the mark comes out.
#pragma once
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "text/jinja/template.h"

namespace quire {

// The names under which a message's reasoning goes to templates, the standard one first.
inline constexpr std::string_view kReasoningNames[] = {"reasoning_content", "thinking", "reasoning"};

// Marks the end of `field` of the last message, or of its last part with a text; a reasoning is marked under
// each of its names. Returns the text that is continued. Fails if there is none, or if the template never
// mentions the field.
Result<std::string> mark_final_message(Json::Array& messages, const std::string& field,
                                       const jinja::Template& chat_template);

// Cuts the rendering at the last mark; if the template trimmed the message, white space before it goes, too.
// Fails if the text that is continued, or the mark, did not come out.
Status cut_at_final_message(const std::string& continued, jinja::Rendering& rendering);

}  // namespace quire
