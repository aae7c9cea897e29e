// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * engine.c - the deterministic model. Source of what counts as a point and when
 * a pseudonym applies: docs/formula.md, sections 5 and 6.
 */

#include "engine.h"

#define FILE_PATH_POSITION 2
#define PATH_NAME_POSITION 4

static bool has_pseudonym(const struct tsem_engine *engine, const uint8_t *file, size_t size)
{
	unsigned int digest_size = engine->hasher->ops->size;
	const struct tsem_type *type = &tsem_types[TSEM_TYPE_FILE];
	const uint8_t *path, *name;
	struct tsem_digest pseudonym;
	size_t path_size, name_size;

	path = tsem_packed_find(type, digest_size, file, size, FILE_PATH_POSITION, &path_size);
	if (!path)
		return false;
	name = tsem_packed_find(&tsem_types[TSEM_TYPE_PATH], digest_size, path, path_size,
				PATH_NAME_POSITION, &name_size);
	if (!name)
		return false;
	tsem_pseudonym(name + 4, name_size - 4, engine->hasher, &pseudonym);
	return tsem_set_find(&engine->pseudonyms, &pseudonym);
}

/* Whether the content of the event's FILE does not matter. No event that waits has two. */
static bool hides_digest(const struct tsem_engine *engine, const struct tsem_record *record)
{
	const struct tsem_type *cell = &tsem_events[record->event].cell;
	unsigned int digest_size = engine->hasher->ops->size;

	if (!engine->pseudonyms.count ||
	    tsem_event_executes(record->event, digest_size, record->cell.data, record->cell.size))
		return false;
	for (unsigned int i = 0; i < cell->member_count; i++) {
		const struct tsem_member *m = &cell->members[i];
		const uint8_t *file;
		size_t size;

		if (m->kind != TSEM_KIND_OBJECT || m->index != TSEM_TYPE_FILE)
			continue;
		file = tsem_packed_find(cell, digest_size, record->cell.data, record->cell.size, i,
					&size);
		if (file && has_pseudonym(engine, file, size))
			return true;
	}
	return false;
}

static struct tsem_view view_of(const struct tsem_engine *engine)
{
	return (struct tsem_view){
		.digest_size = engine->hasher->ops->size,
		.fields = engine->fields,
	};
}

/* Most records are of the credentials of the one before. */
static void digest_coe(struct tsem_engine *engine, const struct tsem_span *coe,
		       struct tsem_digest *ret)
{
	struct tsem_kept *kept = &engine->kept;
	struct tsem_view view = view_of(engine);

	if (coe->size && coe->size == kept->coe_size && !memcmp(coe->data, kept->coe, coe->size)) {
		*ret = kept->coe_id;
		return;
	}
	tsem_object_digest(&tsem_coe, &view, coe->data, coe->size, engine->hasher, ret);
	if (coe->size > sizeof(kept->coe))
		return;
	memcpy(kept->coe, coe->data, coe->size);
	kept->coe_size = coe->size;
	kept->coe_id = *ret;
}

static const struct tsem_digest *digest_name(struct tsem_engine *engine, enum tsem_event_id event)
{
	struct tsem_kept *kept = &engine->kept;

	if (!kept->has_name[event])
		tsem_event_name_digest(event, engine->hasher, &kept->names[event]);
	kept->has_name[event] = true;
	return &kept->names[event];
}

/* All but the COE_ID, which is there already. */
static void digest_rest(const struct tsem_engine *engine, const struct tsem_record *record,
			const struct tsem_digest *name, struct tsem_result *ret)
{
	static const struct tsem_digest zeros;
	bool exec = record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS;
	const struct tsem_digest *const parts[TSEM_COEFFICIENT_PARTS] = {
		name,	      &record->p_task_id, exec ? &zeros : &record->task_id,
		&ret->coe_id, &ret->cell_id,
	};
	struct tsem_view view = view_of(engine);

	view.file_digest_hidden = hides_digest(engine, record);
	tsem_object_digest(&tsem_events[record->event].cell, &view, record->cell.data,
			   record->cell.size, engine->hasher, &ret->cell_id);
	tsem_parts_coefficient(parts, engine->hasher, &ret->coefficient);
}

void tsem_engine_digest(const struct tsem_engine *engine, const struct tsem_record *record,
			struct tsem_result *ret)
{
	struct tsem_view view = view_of(engine);
	struct tsem_digest name;

	tsem_object_digest(&tsem_coe, &view, record->coe.data, record->coe.size, engine->hasher,
			   &ret->coe_id);
	tsem_event_name_digest(record->event, engine->hasher, &name);
	digest_rest(engine, record, &name, ret);
}

void tsem_engine_count(struct tsem_engine *engine, struct tsem_result *ret)
{
	bool new = false;

	if (engine->sealed)
		ret->entry = tsem_set_find(&engine->points, &ret->coefficient);
	else
		ret->entry = tsem_set_add(&engine->points, &ret->coefficient, &new);

	if (!ret->entry) {
		ret->judgement = engine->sealed ? TSEM_JUDGED_OUTSIDE : TSEM_JUDGED_FULL;
		return;
	}
	ret->entry->count++;
	ret->judgement = new ? TSEM_JUDGED_LEARNED : TSEM_JUDGED_KNOWN;
}

void tsem_engine_judge(struct tsem_engine *engine, const struct tsem_record *record,
		       struct tsem_result *ret)
{
	digest_coe(engine, &record->coe, &ret->coe_id);
	digest_rest(engine, record, digest_name(engine, record->event), ret);
	if (record->event != TSEM_EVENT_BPRM_COMMITTED_CREDS) {
		tsem_engine_count(engine, ret);
		return;
	}
	ret->entry = NULL;
	ret->judgement = TSEM_JUDGED_NO_POINT;
}
