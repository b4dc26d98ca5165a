#include "text/rewriter.h"

namespace quire {

void Rewriter::keep(size_t bytes) {
  text_.append(section_.text, at_, bytes);
  if (!section_.plain.empty()) plain_.append(section_.plain, at_, bytes);
  at_ += bytes;
}

void Rewriter::replace(size_t bytes, std::string_view by) {
  if (text_.empty() && by.empty() && bytes > 0) section_.begins_text = false;
  if (!section_.plain.empty()) {
    const std::string_view from = std::string_view(section_.plain).substr(at_, bytes);
    plain_.append(by.size(), from.find('\1') != std::string_view::npos ? '\1' : '\0');
  }
  text_ += by;
  at_ += bytes;
}

Status Rewriter::within_bounds() const {
  return text_.size() <= section_.most_bytes ? Status() : grows_too_much();
}

void Rewriter::finish() {
  keep(section_.text.size() - at_);
  section_.text.swap(text_);
  section_.plain.swap(plain_);
}

}  // namespace quire
