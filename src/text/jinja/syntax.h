// The syntax tree of a template. Positions are bytes of the normalized source.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/value.h"

namespace quire::jinja {

enum class ExpressionKind : unsigned char {
  kConstant,
  kName,
  kAttribute,
  kItem,
  kSlice,
  kCall,
  kFilter,
  kTest,
  kList,
  kTuple,
  kDictionary,
  kNot,
  kNegative,
  kPositive,
  kAnd,
  kOr,
  kCompare,
  kConcat,
  kBinary,
  kCondition,
  kNamespaceTarget
};

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct CallArguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr star, star_star;  // *a, **b
};

struct Expression {
  ExpressionKind kind;
  uint32_t at = 0;
  int32_t height = 1;   // of the tree below, itself counted
  bool folded = false;  // jinja2 computes it when it compiles
  std::string name{};   // of a name, attribute, filter, test, operator
  Value constant{};
  // Operands in source order; keys and values in turn; a slice's three (null: left out); a condition's
  // test, value, else (null: left out); a filter's may be null inside a filter block.
  std::vector<ExpressionPtr> operands{};
  std::vector<std::string> operators{};  // of a comparison
  CallArguments arguments{};
};

// A name of a scope (jinja2's frame), and what it holds when the scope is entered.
enum class NameOrigin : unsigned char {
  kParameter,  // nothing yet: the one who enters sets it
  kMissing,    // nothing until a statement sets it
  kContext,    // what the request, an earlier assignment at the top or a global says
  kOuter       // what an outer scope holds at that moment
};
struct ScopeName {
  std::string name;
  NameOrigin origin;
  bool set;  // by a statement of the scope, or a parameter
};
using ScopeNames = std::vector<ScopeName>;  // in order of name

enum class StatementKind : unsigned char {
  kTemplate,
  kText,
  kOutput,
  kIf,
  kFor,
  kSet,
  kSetBlock,
  kWith,
  kMacro,
  kCall,
  kFilter,
  kBlock,
  kGeneration,
  kBreak,
  kContinue
};

struct Statement;
using Statements = std::vector<std::unique_ptr<Statement>>;

struct Statement {
  StatementKind kind;
  uint32_t at = 0;
  std::string text{};                        // data; a macro's or block's name
  std::vector<ExpressionPtr> expressions{};  // printed; tests of if and elif; values of with; defaults
  ExpressionPtr target{}, value{}, test{};   // of for and set; a call; a filter
  std::vector<Statements> bodies{};          // one for each test; then else
  std::vector<ExpressionPtr> targets{};      // of with
  std::vector<std::string> parameters{};     // of a macro or call block
  bool uses_caller = false, uses_kwargs = false, uses_varargs = false;  // what its body reads: by find_scopes
  bool recursive = false, scoped = false, required = false;
  std::vector<ScopeNames> scopes{};  // that it opens: a loop's body, else and test; else one. By find_scopes
};

}  // namespace quire::jinja
