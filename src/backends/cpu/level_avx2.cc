// Level `avx2`: vectors of eight floats, fused products and sums. Compiled with -mavx2 -mfma -mf16c.
#define QUIRE_LEVEL avx2
#define QUIRE_WIDTH 8
#define QUIRE_FMA 1
#define QUIRE_DOTS 0
#include "backends/cpu/generic/table.h"
