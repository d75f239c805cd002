/* First, so that Swift's Glibc and ldns agree on fd_set (see CLibevent's shim). */
#include <sys/select.h>
#include <ldns/ldns.h>

/* Swift cannot prove a C global constant: the format is named here. The caller frees. */
static inline char *martlet_rr2str(const ldns_rr *rr) {
  return ldns_rr2str_fmt(ldns_output_format_nocomments, rr);
}
