#include "text/jinja/scopes.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "text/jinja/failure.h"

namespace quire::jinja {
namespace {

// Calls `visit` with each name that an expression reads.
template <class Visit>
void each_name(const Expression* e, const Visit& visit) {
  if (!e) return;
  if (e->kind == ExpressionKind::kName || e->kind == ExpressionKind::kNamespaceTarget) visit(*e);
  for (const auto& p : e->operands) each_name(p.get(), visit);
  for (const auto& p : e->arguments.positional) each_name(p.get(), visit);
  for (const auto& p : e->arguments.named) each_name(p.second.get(), visit);
  each_name(e->arguments.star.get(), visit);
  each_name(e->arguments.star_star.get(), visit);
}

// The names of one scope; or of one branch of an if in it, which become the scope's when the if is over.
class Names {
 public:
  explicit Names(const Names* outer, const Names* before_branch = nullptr)
      : outer_(outer), before_branch_(before_branch) {}
  Names branch() const { return Names(outer_, this); }

  bool visible(std::string_view name) const { return has(name) || visible_outside(name); }

  void read(std::string_view name) {
    if (!visible(name)) origins_[name] = NameOrigin::kContext;
  }
  void read(const Expression* e) {
    each_name(e, [&](const Expression& name) { read(std::string_view(name.name)); });
  }
  void set(std::string_view name) {
    set_.insert(name);
    if (!has(name)) origins_[name] = visible_outside(name) ? NameOrigin::kOuter : NameOrigin::kMissing;
  }
  void declare(std::string_view name) {
    set_.insert(name);
    origins_[name] = NameOrigin::kParameter;
  }

  // What only some branch sets is, before it, what it is outside.
  void merge(const std::vector<Names>& branches) {
    std::unordered_set<std::string_view> fresh;
    for (const Names& b : branches)
      for (std::string_view name : b.set_)
        if (!sets(name)) fresh.insert(name);
    for (const Names& b : branches) {
      for (const auto& [name, origin] : b.origins_) origins_.insert_or_assign(name, origin);
      set_.insert(b.set_.begin(), b.set_.end());
    }
    for (std::string_view name : fresh)
      origins_[name] = visible_outside(name) ? NameOrigin::kOuter : NameOrigin::kContext;
  }

  ScopeNames list() const {
    ScopeNames all;
    for (const auto& [name, origin] : origins_)
      all.push_back({std::string(name), origin, set_.contains(name)});
    std::ranges::sort(all, {}, &ScopeName::name);
    return all;
  }

 private:
  bool has(std::string_view name) const {
    return origins_.contains(name) || (before_branch_ && before_branch_->has(name));
  }
  bool sets(std::string_view name) const {
    return set_.contains(name) || (before_branch_ && before_branch_->sets(name));
  }
  bool visible_outside(std::string_view name) const { return outer_ && outer_->visible(name); }

  const Names* outer_;
  const Names* before_branch_;
  std::unordered_map<std::string_view, NameOrigin> origins_;
  std::unordered_set<std::string_view> set_;
};

class Finder {
 public:
  void run(Statement& root) { whole(root, root.bodies[0], Names(nullptr)); }

 private:
  // What a scope's own statements read and set; not what inner scopes do.
  void collect(const Statements& all, Names& names) {
    for (const auto& s : all) collect(*s, names);
  }

  void collect(const Statement& s, Names& names) {
    switch (s.kind) {
      case StatementKind::kOutput:
      case StatementKind::kWith:
        for (const auto& e : s.expressions) names.read(e.get());
        break;
      case StatementKind::kIf:
        names.read(s.expressions[0].get());
        collect_branches(s, names);
        break;
      case StatementKind::kFor:
      case StatementKind::kCall:
      case StatementKind::kFilter:
        names.read(s.value.get());
        break;
      case StatementKind::kSet:
        names.read(s.value.get());
        target(*s.target, names, false);
        break;
      case StatementKind::kSetBlock:
        target(*s.target, names, false);
        break;
      case StatementKind::kMacro:
        names.set(s.text);
        break;
      default:
        break;
    }
  }

  void collect_branches(const Statement& s, Names& names) {
    const size_t tests = s.expressions.size();
    std::vector<Names> branches(3, names.branch());  // then, all the elifs, else
    collect(s.bodies[0], branches[0]);
    for (size_t i = 1; i < tests; ++i) {
      Names& elifs = branches[1];
      elifs.read(s.expressions[i].get());
      std::vector<Names> one(1, elifs.branch());
      collect(s.bodies[i], one[0]);
      elifs.merge(one);
    }
    if (s.bodies.size() > tests) collect(s.bodies[tests], branches[2]);
    names.merge(branches);
  }

  void target(const Expression& e, Names& names, bool parameter) {
    if (e.kind == ExpressionKind::kNamespaceTarget) names.read(std::string_view(e.name));
    if (e.kind == ExpressionKind::kName && parameter) names.declare(e.name);
    if (e.kind == ExpressionKind::kName && !parameter) {
      if (e.name == "loop" && loops_ > 0)
        fail_at(e.at, "Can't assign to special loop variable in for-loop target");
      names.set(e.name);
    }
    for (const auto& p : e.operands) target(*p, names, parameter);
  }

  // Collects and then goes into the inner scopes.
  void whole(Statement& s, Statements& body, Names names) {
    collect(body, names);
    inside(body, names);
    s.scopes.push_back(names.list());
  }

  void inside(Statements& all, const Names& names) {
    for (const auto& s : all) inside(*s, names);
  }

  void inside(Statement& s, const Names& outer) {
    switch (s.kind) {
      case StatementKind::kIf:
        for (Statements& body : s.bodies) inside(body, outer);
        break;
      case StatementKind::kFor:
        loop(s, outer);
        break;
      case StatementKind::kSetBlock:
        set_block(s, outer);
        break;
      case StatementKind::kWith: {
        Names names(&outer);
        for (const auto& t : s.targets) target(*t, names, true);
        whole(s, s.bodies[0], std::move(names));
        break;
      }
      case StatementKind::kMacro:
      case StatementKind::kCall:
      case StatementKind::kGeneration:
        macro(s, outer);
        break;
      case StatementKind::kFilter: {
        Names names(&outer);
        collect(s.bodies[0], names);
        names.read(s.value.get());
        inside(s.bodies[0], names);
        s.scopes.push_back(names.list());
        break;
      }
      case StatementKind::kBlock:
        whole(s, s.bodies[0], Names(nullptr));  // a block sees the context, not what is around it
        break;
      default:
        break;
    }
  }

  void loop(Statement& s, const Names& outer) {
    ++loops_;
    Names check(nullptr);
    target(*s.target, check, false);
    Names body(&outer), other(&outer), test(&outer);
    Names* const of_target[] = {&body, &test};
    for (Names* names : of_target) target(*s.target, *names, true);
    test.read(s.test.get());
    collect(s.bodies[0], body);
    if (s.bodies.size() > 1) collect(s.bodies[1], other);
    if (s.recursive || has_scoped_block(s) || !read_first(s.bodies[0], {"loop"}).empty())
      body.declare("loop");
    inside(s.bodies[0], body);
    if (s.bodies.size() > 1) inside(s.bodies[1], other);
    s.scopes = {body.list(), other.list(), test.list()};
    --loops_;
  }

  void set_block(Statement& s, const Names& outer) {
    Names names(&outer);
    collect(s.bodies[0], names);
    each_name(s.value.get(),
              [&](const Expression& name) {  // as jinja2, whose rules forget the filter of a set block
                if (!names.visible(name.name))
                  fail_at(name.at,
                          "'" + name.name +
                              "' is not known to the filter of this set block; jinja2 refuses it, too");
              });
    inside(s.bodies[0], names);
    s.scopes.push_back(names.list());
  }

  void macro(Statement& s, const Names& outer) {
    Names names(&outer);
    for (const std::string& p : s.parameters) names.declare(p);
    for (const auto& e : s.expressions) names.read(e.get());
    collect(s.bodies[0], names);
    for (std::string_view name : read_first(s.bodies[0], {"caller", "kwargs", "varargs"})) {
      const auto own = std::ranges::find(s.parameters, name);
      if (name == "caller") {
        const size_t without_default = s.parameters.size() - s.expressions.size();
        if (own < s.parameters.begin() + static_cast<ptrdiff_t>(without_default))
          fail_at(s.at,
                  "the special \"caller\" argument of a macro or call block must be omitted or be given a "
                  "default");
        s.uses_caller = true;
      } else if (own == s.parameters.end()) {
        (name == "kwargs" ? s.uses_kwargs : s.uses_varargs) = true;
      }
      if (own == s.parameters.end()) names.declare(name);
    }
    inside(s.bodies[0], names);
    s.scopes.push_back(names.list());
  }

  static bool has_scoped_block(const Statement& s) {
    return (s.kind == StatementKind::kBlock && s.scoped) ||
           std::ranges::any_of(s.bodies, [](const Statements& body) {
             return std::ranges::any_of(body, [](const auto& inner) { return has_scoped_block(*inner); });
           });
  }

  int loops_ = 0;  // that are open
};

// Walks statements in the order in which jinja2's syntax tree holds their parts.
class FirstReads {
 public:
  explicit FirstReads(std::vector<std::string_view> wanted) : wanted_(std::move(wanted)) {}

  void walk(const Statements& all) {
    for (const auto& s : all) walk(*s);
  }
  std::vector<std::string_view> found() const { return found_; }

 private:
  void walk(const Statement& s) {
    if (wanted_.empty() || s.kind == StatementKind::kBlock) return;
    if (s.kind == StatementKind::kFilter) walk(s.bodies[0]);
    if (s.kind == StatementKind::kCall) read(s.value.get());
    if (s.target) set(*s.target);
    for (const auto& t : s.targets) set(*t);
    for (const std::string& p : s.parameters) std::erase(wanted_, p);
    if (s.kind == StatementKind::kIf) {
      for (size_t i = 0; i < s.bodies.size(); ++i) {
        if (i < s.expressions.size()) read(s.expressions[i].get());
        walk(s.bodies[i]);
      }
      return;
    }
    if (s.kind != StatementKind::kCall) read(s.value.get());
    for (const auto& e : s.expressions) read(e.get());
    if (s.kind != StatementKind::kFilter)
      for (const Statements& body : s.bodies) walk(body);
    read(s.test.get());
  }

  void set(const Expression& target) {
    if (target.kind == ExpressionKind::kName) std::erase(wanted_, target.name);
    for (const auto& p : target.operands) set(*p);
  }

  void read(const Expression* e) {
    each_name(e, [&](const Expression& name) {
      if (name.kind == ExpressionKind::kName && std::ranges::count(wanted_, name.name) &&
          !std::ranges::count(found_, name.name))
        found_.push_back(*std::ranges::find(wanted_, name.name));
    });
  }

  std::vector<std::string_view> wanted_, found_;
};

}  // namespace

void find_scopes(Statement& root) { Finder().run(root); }

std::vector<std::string_view> read_first(const Statements& all, std::vector<std::string_view> wanted) {
  FirstReads reads(std::move(wanted));
  reads.walk(all);
  return reads.found();
}

}  // namespace quire::jinja
