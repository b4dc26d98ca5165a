// Level `avx512-bf16`: as avx512, but products are dots of bf16 pairs. Compiled with -mavx512f -mavx512bw
// -mavx512vl -mavx512dq -mavx512vnni -mavx512bf16.
#define QUIRE_LEVEL avx512_bf16
#define QUIRE_WIDTH 16
#define QUIRE_FMA 1
#define QUIRE_DOTS 1
#include "backends/cpu/generic/table.h"
