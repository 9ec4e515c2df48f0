/* Hide from a process every instruction set after AVX2: preloaded by benchmarks/avx2/__init__.py.
 *
 * Linux can make the instruction CPUID fault in user space on Intel processors (arch_prctl(2), ARCH_SET_CPUID).
 * The handler runs it, clears the bits of AVX-512, VNNI, bf16 and AMX (Intel SDM volume 2A, CPUID leaf 7), and
 * goes on behind it. Libraries that choose their kernels by CPUID then choose those for AVX2.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

/* Leaf 7, subleaf 0: AVX512 F, DQ, IFMA, PF, ER, CD, BW, VL; VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ; 4VNNIW,
 * 4FMAPS, VP2INTERSECT, AMX-BF16, AVX512-FP16, AMX-TILE, AMX-INT8. */
#define B_70 (BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31))
#define C_70 (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
#define D_70 (BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25))
/* Leaf 7, subleaf 1: AVX-VNNI, AVX512-BF16, AMX-FP16, AVX-IFMA; AVX-VNNI-INT8, AVX-NE-CONVERT, AMX-COMPLEX,
 * AVX-VNNI-INT16, AVX10. */
#define A_71 (BIT(4) | BIT(5) | BIT(21) | BIT(23))
#define D_71 (BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(19))

static void cpuid_faults(int faults) { syscall(SYS_arch_prctl, ARCH_SET_CPUID, !faults); }

static void answer(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *at = (const uint8_t *)registers[REG_RIP];
    (void)info;
    if (at[0] != 0x0f || at[1] != 0xa2) { /* another fault: let it end the process */
        signal(number, SIG_DFL);
        return;
    }
    uint32_t a = registers[REG_RAX], b, c = registers[REG_RCX], d;
    const uint32_t leaf = a, subleaf = c;
    cpuid_faults(0);
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    cpuid_faults(1);
    if (leaf == 7 && subleaf == 0) {
        b &= ~B_70;
        c &= ~C_70;
        d &= ~D_70;
    } else if (leaf == 7 && subleaf == 1) {
        a &= ~A_71;
        d &= ~D_71;
    }
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void hold(void)
{
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, 0);
    cpuid_faults(1);
}
