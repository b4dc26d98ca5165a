#include "text/jinja/globals.h"

#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/print.h"

namespace quire::jinja {
namespace {

Value range(Interpreter& in, const Value&, const Arguments& a) {
  const Bound b("range", a, {"/start", "/stop", "/step"}, 1);
  if (!b.has(1)) return make_range(in.budget(), 0, b.integer(0, 0), 1);
  return make_range(in.budget(), b.integer(0, 0), b.integer(1, 0), b.integer(2, 1));
}

// The pairs of dict(x, a=1): of a mapping or of pairs, then the named ones.
std::vector<std::pair<Value, Value>> pairs(Interpreter& in, const Arguments& a) {
  if (a.positional.size() > 1)
    fail("dict expected at most 1 argument, got " + std::to_string(a.positional.size()));
  std::vector<std::pair<Value, Value>> all;
  if (!a.positional.empty()) {
    const Value& from = a.positional[0];
    refuse_undefined(from);
    if (const Dictionary* d = from.dictionary()) {
      in.budget().charge(d->items.size());
      all = d->items;
    } else {
      for (const Value& pair : items_of(in.budget(), from)) {
        Values two = items_of(in.budget(), pair);
        if (two.size() != 2)
          fail("dictionary update sequence element has length " + std::to_string(two.size()) +
               "; 2 is required");
        all.emplace_back(std::move(two[0]), std::move(two[1]));
      }
    }
  }
  for (const auto& [name, v] : a.named) all.emplace_back(in.text(name), v);
  return all;
}

Value dict(Interpreter& in, const Value&, const Arguments& a) {
  return make_dictionary(in.budget(), pairs(in, a));
}

Value make_namespace(Interpreter& in, const Value&, const Arguments& a) {
  Namespace n;
  const Value all = make_dictionary(in.budget(), pairs(in, a));
  for (const auto& [key, v] : all.dictionary()->items)
    n.names.emplace_back(need_text(key, "a namespace's name").bytes, v);
  return in.make_namespace(std::move(n));
}

Value raise_exception(Interpreter& in, const Value&, const Arguments& a) {
  const Bound b("raise_exception", a, {"message"}, 1);
  Text said;
  append_str(in.budget(), b[0], said);
  throw Failure{.message = std::move(said.bytes), .said_by_template = true};
}

Value strftime_now(Interpreter& in, const Value&, const Arguments& a) {
  const Bound b("strftime_now", a, {"format"}, 1);
  const Text& format = need_text(b[0], "strftime_now's format");
  Text to;
  for (size_t at = 0; at < format.bytes.size();) {
    size_t end = at + 1;
    if (format.bytes[at] == '%') {  // one conversion at a time, so that what it makes is bounded
      if (end < format.bytes.size() &&
          std::string_view("-_0^#EO").find(format.bytes[end]) != std::string_view::npos)
        ++end;
      end = std::min(end + 1, format.bytes.size());
      const std::string one = format.bytes.substr(at, end - at);
      char made[256];
      const char kind = one.back();
      if (kind == 'f') append(to, "000000");
      else if (kind != 'Z' && kind != 'z')
        append(to, std::string_view(made, std::strftime(made, sizeof made, one.c_str(), &in.now())));
    } else {
      append(to, format, at, end);
    }
    at = end;
    in.budget().check_text(to.bytes.size());
  }
  return in.text(std::move(to));
}

Value cycler(Interpreter&, const Value&, const Arguments& a) {
  if (a.positional.empty()) fail("at least one item has to be provided");
  if (!a.named.empty()) fail("cycler() got an unexpected keyword argument '" + a.named[0].first + "'");
  return make_object({Cycler{a.positional}});
}

Value joiner(Interpreter& in, const Value&, const Arguments& a) {
  const Bound b("joiner", a, {"sep"});
  return make_object({Joiner{b.has(0) ? b[0] : in.text(", ")}});
}

Value lipsum(Interpreter&, const Value&, const Arguments&) {
  fail("lipsum() is random text and is not supported");
}

struct Row {
  std::string_view name;
  Function::Call call;
};
constexpr Row kGlobals[] = {{"range", range},
                            {"dict", dict},
                            {"namespace", make_namespace},
                            {"cycler", cycler},
                            {"joiner", joiner},
                            {"raise_exception", raise_exception},
                            {"lipsum", lipsum},
                            {"strftime_now", strftime_now}};

}  // namespace

std::optional<Value> find_global(std::string_view name) {
  for (const Row& row : kGlobals)
    if (row.name == name) return make_object({Function{std::string(name), row.call}});
  return std::nullopt;
}

}  // namespace quire::jinja
