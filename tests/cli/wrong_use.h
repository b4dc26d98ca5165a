// Wrong use of the program: exit status 2, nothing on standard output, one line that says what is wrong.
#pragma once
#include <doctest/doctest.h>

#include "tests/cli/program.h"

namespace quire {

// Standard error must hold `what`.
inline void check_wrong(const std::vector<std::string>& arguments, const std::string& what) {
  const ProgramRun run = run_program(arguments);
  INFO(run.err);
  CHECK(run.status == 2);
  CHECK(run.out.empty());
  CHECK(count_newlines(run.err) == 1);
  CHECK(run.err.find(what) != std::string::npos);
}

}  // namespace quire
