/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The world as engines and block table see it.
 *
 * The same sources run in the kernel and, for tests, in a process. This is the
 * only file under engine/ that knows which: in the kernel it includes the
 * kernel's own headers, elsewhere it gives the same names over libc and compiler
 * builtins, with the kernel's meaning (a full barrier in a successful cmpxchg(),
 * acquire and release where the name says so). It holds what is used and no
 * more: no lists, trees, locks or allocation, for engines have none.
 */
#ifndef MEMMGR_ENGINE_ENV_H
#define MEMMGR_ENGINE_ENV_H

#ifdef __KERNEL__

#include <asm/byteorder.h>
#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/string.h>
#include <linux/types.h>

#ifndef CONFIG_64BIT
#error "memmgr needs a 64-bit kernel: block states are 64-bit words changed atomically"
#endif

#else /* a process */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef u64 __le64;

#ifndef EUCLEAN
#define EUCLEAN 117
#endif

#define BITS_PER_LONG 64
#define U32_MAX UINT32_MAX
#define U64_MAX UINT64_MAX

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline __attribute__((__noinline__))
#ifndef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#endif

#define BIT_ULL(n) (1ULL << (n))
#define GENMASK_ULL(h, l) (((~0ULL) << (l)) & (~0ULL >> (63 - (h))))

#undef static_assert
#define static_assert(expr, ...) memmgr_static_assert(expr, ##__VA_ARGS__, #expr)
#define memmgr_static_assert(expr, msg, ...) _Static_assert(expr, msg)

#define __ALIGN_MASK(x, mask) (((x) + (mask)) & ~(mask))
#define ALIGN(x, a) __ALIGN_MASK(x, (__typeof__(x))(a) - 1)
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define min(a, b)                           \
	({                                  \
		__typeof__(a) min_a = (a);  \
		__typeof__(b) min_b = (b);  \
		min_a < min_b ? min_a : min_b; \
	})
#define max(a, b)                           \
	({                                  \
		__typeof__(a) max_a = (a);  \
		__typeof__(b) max_b = (b);  \
		max_a > max_b ? max_a : max_b; \
	})

#define min_t(type, a, b) min((type)(a), (type)(b))

#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)
#define check_mul_overflow(a, b, d) __builtin_mul_overflow(a, b, d)

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

/* Undefined for 0, as in the kernel. */
static inline unsigned long __ffs64(u64 word)
{
	return (unsigned long)__builtin_ctzll(word);
}

static inline int fls64(u64 word)
{
	return word ? 1 + (63 ^ __builtin_clzll(word)) : 0;
}

/* Undefined for 0, too. */
static inline int ilog2(u64 n)
{
	return 63 ^ __builtin_clzll(n);
}

#define hweight64(w) ((unsigned long)__builtin_popcountll(w))

/* No speculation to guard against in a test process. */
#define array_index_nospec(index, size) (index)

#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val) __atomic_store_n(&(x), val, __ATOMIC_RELAXED)
#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, val) __atomic_store_n(p, val, __ATOMIC_RELEASE)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define le64_to_cpu(x) (x)
#define cpu_to_le64(x) (x)
#else
#define le64_to_cpu(x) __builtin_bswap64(x)
#define cpu_to_le64(x) __builtin_bswap64(x)
#endif

typedef struct {
	s64 counter;
} atomic64_t;

#define atomic64_read(v) __atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic64_set(v, i) __atomic_store_n(&(v)->counter, i, __ATOMIC_RELAXED)
#define atomic64_set_release(v, i) __atomic_store_n(&(v)->counter, i, __ATOMIC_RELEASE)
#define atomic64_or(i, v) ((void)__atomic_fetch_or(&(v)->counter, i, __ATOMIC_SEQ_CST))
#define atomic64_try_cmpxchg(v, oldp, new) try_cmpxchg(&(v)->counter, oldp, new)
#define atomic64_add(i, v) ((void)__atomic_fetch_add(&(v)->counter, i, __ATOMIC_SEQ_CST))
#define atomic64_inc(v) atomic64_add(1, v)

/* On x86 a locked instruction is a full barrier, and only the compiler is held. */
#ifdef __x86_64__
#define smp_mb__before_atomic() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define smp_mb__after_atomic() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define cpu_relax() __builtin_ia32_pause()
#else
#define smp_mb__before_atomic() smp_mb()
#define smp_mb__after_atomic() smp_mb()
#define cpu_relax() do { } while (0)
#endif

/* A process cannot keep its processor: readers wait a little longer. */
#define preempt_disable() do { } while (0)
#define preempt_enable() do { } while (0)

#define try_cmpxchg(p, oldp, new)                                         \
	__atomic_compare_exchange_n(p, oldp, new, false, __ATOMIC_SEQ_CST, \
				    __ATOMIC_SEQ_CST)

#endif /* __KERNEL__ */

#endif /* MEMMGR_ENGINE_ENV_H */
