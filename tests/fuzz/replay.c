// SPDX-License-Identifier: GPL-2.0
/*
 * replay FOLDER - what the fuzzer found worth keeping, once more, without it
 *
 * One test for each engine; an engine that no file is about fails.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "target.h"

struct input {
	u8 *bytes;
	size_t size;
};

/* The memory is exactly as long as the file, for ASan to guard. */
static struct input read_input(const char *name)
{
	FILE *file = fopen(name, "rb");
	struct input input;
	long size;

	CHECK(file);
	CHECK(!fseek(file, 0, SEEK_END));
	size = ftell(file);
	CHECK(size > 0);
	rewind(file);
	input = (struct input){ malloc((size_t)size), (size_t)size };
	CHECK(input.bytes);
	CHECK_EQ(fread(input.bytes, 1, input.size, file), input.size);
	fclose(file);
	return input;
}

static bool replay(const struct memmgr_engine *engine, const char *name)
{
	struct input input = read_input(name);
	bool ours = target_engine(input.bytes[0]) == engine;

	if (ours) {
		tap_note("%s", name); /* the last one, if a sanitizer ends this */
		alarm(60); /* what does not come to an end has failed */
		LLVMFuzzerTestOneInput(input.bytes, input.size);
	}
	free(input.bytes);
	return ours;
}

static u32 replay_all(const struct memmgr_engine *engine, const char *folder)
{
	struct dirent **entries;
	u32 replayed = 0;
	char name[4096];
	int count, i;

	count = scandir(folder, &entries, NULL, alphasort);
	CHECK(count >= 0);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			replayed += replay(engine, name);
		free(entries[i]);
	}
	free(entries);
	return replayed;
}

int main(int argc, char **argv)
{
	const struct memmgr_engine *engine;
	u32 i;

	tap_suite("fuzz");
	CHECK_EQ(argc, 2);
	for (i = 0; (engine = memmgr_engine_at(i)); i++) {
		tap_test("corpus_replays_on_%s", engine->name);
		CHECK(replay_all(engine, argv[1]) > 0);
	}
	return tap_done();
}
