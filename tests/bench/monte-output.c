// SPDX-License-Identifier: GPL-2.0
#include <json-c/json.h>

#include "monte-picture.h"
#include "monte.h"

static const char *const questions[] = { "first", "sustained" };

/* Grows with each answer, and is printed at the end. */
static json_object *answers;

static void text_begin(const struct monte *monte)
{
	const struct experiment *experiment = &monte->experiment;

	printf("arena of %llu bytes, granule %u, lifetimes %s, %.0f %% reallocs, %u runs from seed %llu\n",
	       (unsigned long long)experiment->space.size, experiment->space.granule,
	       monte->lifetimes, 100 * experiment->reallocs, monte->runs,
	       (unsigned long long)monte->seed);
	printf("fill = bytes asked for / bytes of arena; +- is the 95 %% confidence interval\n");
}

static void text_answer(const struct answer *answer)
{
	printf("\n%-12s %-16s %-10s %.4f +- %.4f   (%.4f to %.4f)\n", answer->engine, answer->sizes,
	       questions[answer->question], answer->fill.mean, answer->fill.half, answer->fill.min,
	       answer->fill.max);
}

/* The same columns as bench's, so that one reader does for both. */
static void csv_row(const struct monte *monte, const struct answer *answer, const char *suffix,
		    double value)
{
	printf("fill,%s,%s,%llu,%s%s,%.6f\n", answer->engine, answer->sizes,
	       (unsigned long long)monte->experiment.space.size, questions[answer->question],
	       suffix, value);
}

static void csv_answer(const struct monte *monte, const struct answer *answer)
{
	csv_row(monte, answer, "", answer->fill.mean);
	csv_row(monte, answer, " +-", answer->fill.half);
	csv_row(monte, answer, " min", answer->fill.min);
	csv_row(monte, answer, " max", answer->fill.max);
	csv_row(monte, answer, " runs", answer->runs);
}

static void add(json_object *object, const char *key, json_object *value)
{
	json_object_object_add(object, key, value);
}

static json_object *json_fills(const struct answer *answer)
{
	json_object *fills = json_object_new_array();
	unsigned int i;

	for (i = 0; i < answer->runs; i++)
		json_object_array_add(fills, json_object_new_double(answer->fills[i]));
	return fills;
}

static void json_answer(const struct answer *answer)
{
	json_object *object = json_object_new_object();

	add(object, "engine", json_object_new_string(answer->engine));
	add(object, "sizes", json_object_new_string(answer->sizes));
	add(object, "question", json_object_new_string(questions[answer->question]));
	add(object, "fill", json_object_new_double(answer->fill.mean));
	add(object, "confidence_95", json_object_new_double(answer->fill.half));
	add(object, "runs", json_fills(answer));
	json_object_array_add(answers, object);
}

static json_object *json_parameters(const struct monte *monte)
{
	const struct experiment *experiment = &monte->experiment;
	json_object *object = json_object_new_object();

	add(object, "size", json_object_new_uint64(experiment->space.size));
	add(object, "granule", json_object_new_int64(experiment->space.granule));
	add(object, "share", json_object_new_double(experiment->space.share));
	add(object, "lifetimes", json_object_new_string(monte->lifetimes));
	add(object, "reallocs", json_object_new_double(experiment->reallocs));
	add(object, "load", json_object_new_double(experiment->load));
	add(object, "start", json_object_new_double(experiment->start));
	add(object, "step", json_object_new_double(experiment->step));
	add(object, "turnovers", json_object_new_double(experiment->turnovers));
	add(object, "seed", json_object_new_uint64(monte->seed));
	return object;
}

static void json_end(const struct monte *monte)
{
	json_object *object = json_object_new_object();

	add(object, "parameters", json_parameters(monte));
	add(object, "answers", answers);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY));
	json_object_put(object);
}

void output_begin(const struct monte *monte)
{
	if (monte->format == FORMAT_JSON)
		answers = json_object_new_array();
	else if (monte->format == FORMAT_CSV)
		puts("part,heap,sizes,count,metric,value");
	else
		text_begin(monte);
}

static void draw(const struct monte *monte, const struct answer *answer)
{
	FILE *out = monte->drawings;

	if (!out && monte->format == FORMAT_TEXT)
		out = stdout;
	if (!out)
		return;
	if (out != stdout)
		fprintf(out, "%s, sizes %s, %s:\n", answer->engine, answer->sizes,
			questions[answer->question]);
	picture_print(answer->last, out);
	fputc('\n', out);
}

static void write_matrix(const struct monte *monte, const struct answer *answer)
{
	if (!monte->matrices)
		return;
	fprintf(monte->matrices, "# %s %s %s\n", answer->engine, answer->sizes,
		questions[answer->question]);
	picture_matrix(answer->last, monte->matrices);
	fputs("\n\n", monte->matrices);
}

void output_answer(const struct monte *monte, const struct answer *answer)
{
	if (monte->format == FORMAT_JSON)
		json_answer(answer);
	else if (monte->format == FORMAT_CSV)
		csv_answer(monte, answer);
	else
		text_answer(answer);
	draw(monte, answer);
	write_matrix(monte, answer);
	fflush(NULL);
}

void output_series(const struct monte *monte, const struct answer *answer,
		   const struct outcome *outcome)
{
	unsigned int i;

	fprintf(monte->series, "# %s %s %s\n# births fill largest-hole\n", answer->engine,
		answer->sizes, questions[answer->question]);
	for (i = 0; i < outcome->count; i++)
		fprintf(monte->series, "%.0f %.5f %.5f\n", outcome->series[i].births,
			outcome->series[i].fill, outcome->series[i].largest);
	fputs("\n\n", monte->series);
}

void output_end(const struct monte *monte)
{
	if (monte->format == FORMAT_JSON)
		json_end(monte);
}
