// Which names each scope of a template has, and where each comes from: jinja2's rules, which decide this
// before anything runs. Nesting is the parser's, so this recurses.
#pragma once
#include "text/jinja/syntax.h"

namespace quire::jinja {

// Fills `scopes` and uses_caller, uses_kwargs, uses_varargs of the statements below a kTemplate. Fails with a
// position where jinja2 refuses to compile.
void find_scopes(Statement& root);

// The names of `wanted` that these statements read before, in reading order, one of them sets it.
std::vector<std::string_view> read_first(const Statements&, std::vector<std::string_view> wanted);

}  // namespace quire::jinja
