// The one processor instruction that Swift has no word for.
#pragma once

// Starts bringing the cache line at `address` nearer; never faults, whatever the address is.
static inline void cprefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
