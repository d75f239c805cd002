/* First, so that Swift's Glibc and ldns agree on fd_set (see CLibevent's shim). */
#include <sys/select.h>
#include <ldns/ldns.h>
