// Arithmetic with integers beyond 64 bits, as Python's: exact, up to the digits that Python prints.
#pragma once
#include <string>
#include <string_view>

#include "text/jinja/value.h"

namespace quire::jinja {

inline constexpr size_t kMaxDigits = 4300;

// + - * / // % ** of two integers of any size (booleans too). What is at most 64 bits comes out as such.
Value integer_arithmetic(Budget&, std::string_view op, const Value& a, const Value& b);
int compare_integers(const Value& a, const Value& b);             // < 0, 0, > 0
Value integer_of_text(std::string_view digits);                   // decimal, perhaps with a sign
Value integer_of_real(double);                                    // towards 0; finite
std::string digits_in_base(const Value& integer, unsigned base);  // without sign, small letters

}  // namespace quire::jinja
