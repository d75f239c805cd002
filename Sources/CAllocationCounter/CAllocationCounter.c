#define _GNU_SOURCE
#include "CAllocationCounter.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own names for the same functions: no dlsym, so nothing recurses while it resolves.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static struct allocation_counts before_mapping;
static struct allocation_counts *counts = &before_mapping;

__attribute__((constructor)) static void map_counts(void) {
  const char *path = getenv("ALLOCATION_COUNT_FILE");
  if (path == NULL) return;
  int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0 || ftruncate(descriptor, sizeof *counts) != 0) return;
  void *mapped =
      mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (mapped == MAP_FAILED) return;
  *(struct allocation_counts *)mapped = before_mapping;
  counts = mapped;
}

static void count_allocation(void) {
  __atomic_fetch_add(&counts->allocations, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size) {
  count_allocation();
  return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
  count_allocation();
  return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size) {
  count_allocation();
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count_allocation();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  void *memory = memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}

void free(void *memory) {
  if (memory != NULL) __atomic_fetch_add(&counts->frees, 1, __ATOMIC_RELAXED);
  __libc_free(memory);
}
