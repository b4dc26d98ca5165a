// Level `avx512`: vectors of sixteen floats, fused products and sums. Compiled with -mavx512f -mavx512bw
// -mavx512vl -mavx512dq.
#define QUIRE_LEVEL avx512
#define QUIRE_WIDTH 16
#define QUIRE_FMA 1
#define QUIRE_DOTS 0
#include "backends/cpu/generic/table.h"
