// Level `portable`: what every x86-64 has, vectors of four floats, a product and a sum rounded apart.
#define QUIRE_LEVEL portable
#define QUIRE_WIDTH 4
#define QUIRE_FMA 0
#define QUIRE_DOTS 0
#include "backends/cpu/generic/table.h"
