/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tsem_model.h - models that modules bring to TSEM: another rule by which events
 * become coefficients. Documentation/security/tsem-models.rst has how to write one.
 */
#ifndef _LINUX_TSEM_MODEL_H
#define _LINUX_TSEM_MODEL_H

#include <linux/types.h>
#include <linux/uio.h>

struct module;

/** struct tsem_seen - An event as a model sees it; valid until the model returns. */
struct tsem_seen;

/**
 * struct tsem_model_ops - A model. At least one of @events, @init and @map is there.
 * @name: By which ``model=`` selects it: lower-case letters, digits and underscores,
 *	by convention those of the module.
 * @owner: THIS_MODULE.
 * @events: Names of the events that the model sees, ended by NULL. All others are
 *	bypassed: neither told nor judged, and without cost. NULL: it sees every event.
 * @init: Asked about each event of a trusted task, before anybody judges it. Positive:
 *	go on. 0: the event is bypassed, which permits it. Negative: the operation fails
 *	with this error. NULL: always go on.
 * @map: Where the kernel judges: compute the coefficient, as many bytes as a digest of
 *	the namespace has. Must be a function of what the event says: an event with the
 *	same bytes as an earlier one may be known without another call. Anything but 0
 *	fails the operation. NULL: the coefficient is TSEM's own.
 *
 * Both functions are called in any context, several at a time, and never sleep.
 */
struct tsem_model_ops {
	const char *name;
	struct module *owner;
	const char *const *events;
	int (*init)(const struct tsem_seen *event);
	int (*map)(const struct tsem_seen *event, u8 *ret_coefficient);
};

int tsem_register_model(const struct tsem_model_ops *ops);
int tsem_unregister_model(const struct tsem_model_ops *ops);

unsigned int tsem_event_types(void);
const char *tsem_event_name(unsigned int type);

unsigned int tsem_seen_type(const struct tsem_seen *event);
const char *tsem_seen_digest_name(const struct tsem_seen *event);
int tsem_seen_number(const struct tsem_seen *event, const char *member, u64 *ret);
int tsem_seen_bytes(const struct tsem_seen *event, const char *member, struct kvec *ret);
void tsem_seen_hash(const struct tsem_seen *event, const struct kvec *parts, unsigned int count,
		    u8 *ret_digest);

/** MODULE_ALIAS_TSEM_MODEL() - Have the module loaded when its model is asked for by name. */
#define MODULE_ALIAS_TSEM_MODEL(name) MODULE_ALIAS("tsem-model-" name)

#endif /* _LINUX_TSEM_MODEL_H */
