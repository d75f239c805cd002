// Linux calls that Swift's Glibc module hides behind _GNU_SOURCE. That macro must not reach a
// Swift importer (it changes fd_set), so it is defined in the .c alone.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
