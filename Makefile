# SPDX-License-Identifier: GPL-2.0
#
# memmgr: the module, the library and the command; their tests; a demonstration.
# "make help" lists the targets.  Until "deps" has run, nothing here needs more
# than make, a shell and Debian's package tools.

PREFIX ?= /usr/local
DESTDIR ?=
DURATION ?= 60

# The running kernel if its headers are here, else the newest headers installed.
KDIR ?= $(or $(wildcard /lib/modules/$(shell uname -r)/build),$(lastword $(sort \
	$(wildcard /usr/src/linux-headers-*-amd64))))

tools := tests/tools
in_userspace = $(MAKE) -s -C userspace BUILD=$(CURDIR)/build/userspace PREFIX=$(PREFIX)

# The debug kernel takes minutes to build, so it is asked for, or there already.  It
# is slow, so that 32-bit callers go there with check-debug only.
debug = $(shell [ -n "$$CI" ] || tests/cache/get --have kernel-debug >/dev/null && echo debug-fast)

.PHONY: all module userspace install clean clean-cache deps format help install-driver-files
.PHONY: fuzz fuzz-corpus bench-kernel
.PHONY: check check-fast check-device check-debug check-engine check-model check-static torture demo bench

all: module userspace

module:
	@$(tools)/module $(abspath $(KDIR))

userspace:
	@$(in_userspace) all

# Nobody has the key to sign with, and the headers have no System.map, without
# which the kernel's own rule would not run depmod.
install: all
	@$(MAKE) -s --no-print-directory -C $(KDIR) M=$(CURDIR)/build/module INSTALL_MOD_PATH=$(DESTDIR) \
		CONFIG_MODULE_SIG_ALL= DEPMOD=true modules_install
	@$(if $(DESTDIR),,depmod $$(cut -d'"' -f2 $(KDIR)/include/generated/utsrelease.h))
	@$(in_userspace) DESTDIR=$(DESTDIR) install
	@$(MAKE) -s --no-print-directory install-driver-files

# What a driver that uses memmgr is built against: headers, symbols' versions.
driver_files = $(DESTDIR)$(PREFIX)/src/memmgr
MODULE_TREE ?= build/module

install-driver-files:
	@install -d $(driver_files)/include/linux
	@install -m 644 module/include/linux/memmgr_kernel.h uapi/linux/memmgr.h \
		$(driver_files)/include/linux
	@install -m 644 $(MODULE_TREE)/Module.symvers $(driver_files)

clean:
	rm -rf build

clean-cache:
	rm -rf $${XDG_CACHE_HOME:-$$HOME/.cache}/memmgr

deps:
	@$(tools)/deps

check: deps
	@$(tools)/check build static uapi library engine fuzz model races bench device $(debug)

check-fast: deps
	@BITS=64 LESS="cli_stress cli_engines torture" $(tools)/check build engine-fast device

check-device: deps
	@$(tools)/check build device

check-debug: deps
	@$(tools)/check build debug

check-engine: deps
	@$(tools)/check engine fuzz

check-model: deps
	@$(tools)/check model

check-static: deps
	@$(tools)/check static uapi

format:
	@$(tools)/static --format

demo: deps
	@$(tools)/demo

torture: deps
	@$(tools)/torture $(if $(DEBUG),debug,debian) $(DURATION) $(PARAMETERS)

bench:
	@$(tools)/deps bench
	@$(MAKE) -s --no-print-directory -C tests/bench run BUILD=$(CURDIR)/build/bench

bench-kernel: deps
	@$(tools)/deps bench
	@$(MAKE) -s --no-print-directory -C tests/bench-kernel run BUILD=$(CURDIR)/build/bench-kernel

fuzz:
	@$(tools)/deps fuzz
	@$(MAKE) -s --no-print-directory -C tests/fuzz fuzz

fuzz-corpus:
	@$(tools)/deps fuzz
	@$(MAKE) -s --no-print-directory -C tests/fuzz corpus

help:
	@sed -n 's/^#H //p' Makefile

#H make               the module for KDIR, the library and the command
#H make install       module, library, command, manual pages, header; DESTDIR, PREFIX
#H make demo          show the main job in a virtual machine; LIVE=1: on this machine
#H make check         every test; the last line says how many passed and failed
#H make check-fast    the engines natively, the device on Debian's kernel, 64-bit callers
#H make check-device  only the device;  T="alloc free" takes these tests alone
#H make check-debug   the device on a kernel with KASAN, lockdep and more, 32-bit callers too
#H make check-engine  only the engines and the block table, natively
#H make check-model   models of the lock-free parts, in every interleaving, with Spin
#H make check-static  compilers' and style checkers' opinion
#H make bench         measure the engines, write build/bench/report.txt; QUICK=1, TOUCH=1
#H make bench-kernel  the same in the kernel, beside gen_pool, kmalloc and others, counted by
#H                    instructions; build/bench-kernel/report.txt; QUICK=1
#H make torture       heaps in the kernel, from every context; DURATION=60, DEBUG=1: debug
#H                    kernel; PARAMETERS="engine=chunk threads=8": modinfo memmgr_torture
#H make fuzz          look for inputs that break engines or block table; DURATION=60 JOBS=1
#H make fuzz-corpus   keep in tests/fuzz/corpus what the inputs found since are needed for
#H make format        let clang-format lay out the C code outside the module
#H make deps          install missing Debian packages; every check does it first
#H make clean         remove build/;  make clean-cache: kernels and downloads
#H
#H KDIR=  kernel to build for     V=1  show all test output     SEED=  repeat random tests
