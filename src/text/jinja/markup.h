// Strings that are HTML already, markupsafe's Markup: the filters escape and safe make them, and what is put
// to one is escaped.
#pragma once
#include "text/jinja/value.h"

namespace quire::jinja {

Text escape_html(const Text&);            // always, and what comes out is markup
Text escaped(const Text&);                // unless it is markup
Text plus(const Text& a, const Text& b);  // a + b: escapes the one that is no markup if the other is
Value as_markup(Budget&, const Value&);   // a text, or the texts of a list or tuple
Text joined(Budget&, const Text& between, const Values& texts);  // between.join(texts)

}  // namespace quire::jinja
