// The level's table of kernels; a driver file ends with it.
#pragma once
#include "backends/cpu/generic/attend_many.h"
#include "backends/cpu/generic/logits.h"
#include "backends/cpu/generic/norm.h"
#include "backends/cpu/generic/peak.h"
#include "backends/cpu/generic/place.h"
#include "backends/cpu/generic/product.h"

namespace quire::cpu::QUIRE_LEVEL {

extern const Kernels kKernels;
const Kernels kKernels = {
    .inputs_per_word = kInputsPerWord,
    .pack_row = pack_row,
    .linear = linear,
    .gated = gated,
    .add = add,
    .gather = gather,
    .norm = norm,
    .softcap = softcap,
    .place = place,
    .attend_scratch = attend_scratch,
    .attend = attend,
    .attend_part = attend_part,
    .attend_piece = attend_piece,
    .attend_merge = attend_merge,
    .exp = exp_all,
    .scan = scan,
    .exp_sums = exp_sums,
    .draw = draw,
    .count_before = count_before,
    .peak_fma = peak_fma,
    .peak_bf16 = kPeakBf16,
    .peak_int8 = kPeakInt8,
};

}  // namespace quire::cpu::QUIRE_LEVEL
