/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loadable.h - models that modules bring, as the rest of TSEM uses them.
 */
#ifndef _SECURITY_TSEM_LOADABLE_H
#define _SECURITY_TSEM_LOADABLE_H

#include <linux/tsem_model.h>

#include "ns.h"

/**
 * struct tsem_loadable - A registered model.
 * @node: In the list.
 * @ops: The module's; it stays as long as somebody uses the model.
 * @bypass: One bit per event that the model never sees.
 * @user_count: Namespaces that have it, each with a reference to the module.
 * @pinned: Models were locked when it was there: it stays, and so does its module.
 */
struct tsem_loadable {
	struct list_head node;
	const struct tsem_model_ops *ops;
	DECLARE_BITMAP(bypass, TSEM_EVENT_COUNT);
	unsigned int user_count;
	bool pinned;
};

/** struct tsem_seen - An event as a model sees it. All borrowed. */
struct tsem_seen {
	const struct tsem_ns *ns;
	const struct tsem_raw *raw;
	const struct tsem_subject *subject;
};

bool tsem_loadable_name_valid(const char *name);
int tsem_loadable_get(const char *name, struct tsem_loadable **ret);
void tsem_loadable_put(struct tsem_loadable *model);
int tsem_loadable_lock(void);
int tsem_loadable_init(struct tsem_ns *ns, const struct tsem_raw *raw,
		       const struct tsem_subject *subject);
int tsem_loadable_map(struct tsem_ns *ns, const struct tsem_raw *raw,
		      const struct tsem_subject *subject, struct tsem_digest *ret);

#endif /* _SECURITY_TSEM_LOADABLE_H */
