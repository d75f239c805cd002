// Preloaded into a server (LD_PRELOAD), counts its heap allocations. It has no functions to call:
// the count lives in the file named by ALLOCATION_COUNT_FILE, which a benchmark reads at will.
#pragma once
#include <stdint.h>

/// The file's content: how often each was called since the process began.
struct allocation_counts {
  uint64_t allocations;
  uint64_t frees;
};
