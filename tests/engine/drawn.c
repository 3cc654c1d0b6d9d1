// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "drawn.h"

#include "tap.h"
#include "world.h"

static struct world world_drawn(const struct memmgr_engine *engine, const char *drawing)
{
	struct world w = world_new(engine, strlen(drawing));
	u64 i;

	world_take(&w, w.geo.granules);
	for (i = 0; i < w.geo.granules; i++)
		if (drawing[i] == '.')
			world_give(&w, i, 1);
	return w;
}

static void draw(const struct world *w, char *drawing)
{
	struct memmgr_run run;
	u64 from = 0;

	memset(drawing, '#', w->geo.granules);
	drawing[w->geo.granules] = '\0';
	while (w->engine->next_free(w->meta, from, &run)) {
		memset(drawing + run.start, '.', run.len);
		from = memmgr_run_end(&run);
	}
}

static int act(struct world *w, const struct drawn *d, struct memmgr_run *run)
{
	*run = (struct memmgr_run){ d->start, d->len };
	switch (d->operation) {
	case CLAIM:
		return world_claim(w, d->len, d->want, run);
	case RELEASE:
		return world_release(w, d->start, d->len);
	case RESIZE:
		return world_resize(w, d->want, d->align, 0, run);
	case RESIZE_DOWN:
		return world_resize(w, d->want, d->align, MEMMGR_RESIZE_DOWN, run);
	}
	return -EINVAL;
}

void test_drawn(const struct memmgr_engine *engine, const struct drawn *d)
{
	struct world w = world_drawn(engine, d->before);
	struct memmgr_run run;
	char drawing[64];
	int err;

	draw(&w, drawing);
	CHECK(!strcmp(drawing, d->before));
	err = act(&w, d, &run);
	CHECK_EQ(err, d->err);
	if (!err && d->operation != RELEASE)
		CHECK_EQ(run.start, d->out_start);
	draw(&w, drawing);
	if (strcmp(drawing, d->after))
		tap_note("is %s, not %s", drawing, d->after);
	CHECK(!strcmp(drawing, d->after));
	world_check(&w);
	world_free(&w);
}
