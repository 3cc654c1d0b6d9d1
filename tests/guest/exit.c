// SPDX-License-Identifier: GPL-2.0
/*
 * exit-guest N - leave QEMU at once, handing status N (0 to 29) to the host
 *
 * QEMU's isa-debug-exit device turns the byte written to its port, v, into the
 * exit status (v << 1) | 1.  Status 1 is also what QEMU returns for errors of
 * its own, so v starts at 32: a guest that ended by itself gives 65 + 2N, 123 at
 * most, which nothing else does; 124 and above belong to timeout(1).
 */
#include <stdlib.h>
#include <sys/io.h>
#include <unistd.h>

#define PORT 0xf4
#define BASE 32
#define MAX 29

int main(int argc, char **argv)
{
	int status = argc == 2 ? atoi(argv[1]) : MAX;

	if (status < 0 || status > MAX)
		status = MAX;
	sync();
	if (ioperm(PORT, 1, 1))
		return 1;
	outb(BASE + status, PORT);
	return 1;
}
