// Functions that each variant of a kernel, compiled for one instruction set, contains.
#pragma once

#if defined(__GNUC__)
#define RELUTOPE_INLINE inline __attribute__((always_inline))
#else
#define RELUTOPE_INLINE inline
#endif
