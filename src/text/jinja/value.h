// What a template computes with: Python's values as far as chat templates can make them. Values are shared
// and never change, but for namespaces, loops and iterators.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/budget.h"
#include "text/jinja/text.h"

namespace quire::jinja {

struct Undefined {
  std::string message;  // what to say when it is used
};
struct BigInteger {
  std::string digits;  // an integer beyond 64 bits: perhaps a minus, then no zero in front
};
struct Sequence;
struct Dictionary;
struct Object;

template <class T, class... Of>
inline constexpr bool is_one_of(const std::variant<Of...>*) {
  return (std::is_same_v<T, Of> || ...);
}

class Value {
 public:
  using Held =
      std::variant<std::monostate, std::shared_ptr<const Undefined>, bool, int64_t,
                   std::shared_ptr<const BigInteger>, double, std::shared_ptr<const Text>,
                   std::shared_ptr<Sequence>, std::shared_ptr<const Dictionary>, std::shared_ptr<Object>>;
  Value() = default;  // None
  template <class T>
    requires(is_one_of<T>(static_cast<Held*>(nullptr)))
  Value(T v) : held_(std::in_place_type<T>, std::move(v)) {}
  Value(int v) : held_(std::in_place_type<int64_t>, v) {}
  Value(const char*) = delete;

  bool is_none() const { return held_.index() == 0; }
  bool is_undefined() const { return held_.index() == 1; }
  // Each null if the value is of another kind.
  const Undefined* undefined() const { return pointer<const Undefined>(); }
  const bool* boolean() const { return std::get_if<bool>(&held_); }
  const double* real() const { return std::get_if<double>(&held_); }
  const BigInteger* big() const { return pointer<const BigInteger>(); }
  const Text* text() const { return pointer<const Text>(); }
  Sequence* sequence() const { return pointer<Sequence>(); }
  const Dictionary* dictionary() const { return pointer<const Dictionary>(); }
  Object* object() const { return pointer<Object>(); }
  std::shared_ptr<Object> shared_object() const { return std::get<std::shared_ptr<Object>>(held_); }
  std::optional<int64_t> integer() const;  // a boolean is one too, as in Python
  bool is_integer() const { return std::holds_alternative<int64_t>(held_) || big(); }  // no boolean
  bool is_number() const { return boolean() || is_integer() || real(); }
  bool same(const Value& other) const { return held_ == other.held_; }  // Python's `is`, nearly

 private:
  template <class T>
  T* pointer() const {
    const auto* p = std::get_if<std::shared_ptr<T>>(&held_);
    return p ? p->get() : nullptr;
  }
  Held held_;
};

using Values = std::vector<Value>;

enum class SequenceKind : unsigned char { kList, kTuple, kRange, kKeys, kValues, kItems, kIterator };

struct Sequence {
  SequenceKind kind = SequenceKind::kList;
  Values items;
  bool group = false;                     // a tuple of groupby: also .grouper and .list
  size_t next = 0;                        // an iterator's
  std::optional<Failure> broken{};        // an iterator's: what the one who goes past its end is told
  int64_t start = 0, stop = 0, step = 1;  // a range's
  int32_t nesting = 1;
};

inline bool is_indexed(const Sequence& s) {  // a list, a tuple or a range
  return s.kind <= SequenceKind::kRange;
}

struct Dictionary {
  std::vector<std::pair<Value, Value>> items;        // in order of insertion
  std::unordered_map<std::string, size_t> places{};  // by key_of
  int32_t nesting = 1;
};

inline constexpr int32_t kMaxNesting = 100;

Value undefined(std::string message);
Value make_text(Budget&, Text);
Value make_text(Budget&, std::string_view bytes, bool plain = false);
Value make_sequence(Budget&, SequenceKind, Values);
Value make_list(Budget&, Values);
Value make_dictionary(Budget&,
                      std::vector<std::pair<Value, Value>>);  // later equal keys win, in the first's place
Value make_range(Budget&, int64_t start, int64_t stop, int64_t step);

// One spelling for all keys that Python holds equal; nothing if it cannot be a key (a list).
std::optional<std::string> key_of(const Value&);
const Value* find(const Dictionary&, const Value& key);
const Value* find(const Dictionary&, std::string_view key);

bool is_true(const Value&);
bool equal(Budget&, const Value&, const Value&);
int compare(Budget&, const Value&, const Value&,
            std::string_view op);  // < 0, 0, > 0; fails if there is no order
bool ordered(Budget&, std::string_view op, const Value&, const Value&);  // <, <=, >, >=
bool contains(Budget&, const Value& in, const Value& what);

std::string type_name(const Value&);                     // as Python's type: "str", "dict", "NoneType"
std::string described(const Value&);                     // as jinja2's messages: "dict object", "None"
std::optional<size_t> length_of(Budget&, const Value&);  // nothing: it has none
// Everything that it yields; an iterator is used up. Fails if it cannot be walked.
Values items_of(Budget&, const Value&);
// The same, but what an iterator fails with after its last item is handed over.
Values items_before_failure(Budget&, const Value&, std::optional<Failure>& broken);
[[noreturn]] void fail_undefined(const Undefined&);
void refuse_undefined(const Value&);  // fails with its message if it is undefined
int64_t need_integer(const Value&, std::string_view what);
const Text& need_text(const Value&, std::string_view what);

}  // namespace quire::jinja
