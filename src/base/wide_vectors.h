#pragma once
// Loops compiled once for each vector width a processor may have; the widest it has is chosen at the start.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PELORUS_HAS_AVX2_CLONES
#define PELORUS_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define PELORUS_WIDE
#endif
