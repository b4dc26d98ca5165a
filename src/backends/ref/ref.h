// The specification: every operation of a backend in plain loops, on one thread, in host memory. Other
// backends are tested against it. It reads weights as stored (f32, f16 or bf16, order kRows; others are
// decoded to f32), keeps activations and cache in f32, and computes in double inside an operation, so that it
// is the truth as far as floats can tell it.
//
// With BackendOptions::round_like_cpu it keeps matrices and cache in bf16, where cpu does, with round_inputs
// it rounds what is multiplied with a matrix, a key or a value to bf16, and nothing else changes.
#pragma once
#include <memory>

#include "backend/backend.h"

namespace quire {

std::unique_ptr<Backend> make_ref(const BackendOptions&);

}  // namespace quire
