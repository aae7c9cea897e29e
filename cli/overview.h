/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* overview.h - running workloads as a table, for ps and top. */
#ifndef QUIXOTE_OVERVIEW_H
#define QUIXOTE_OVERVIEW_H

#include "running.h"

/** overview_print() - A line for each that answered. @head: With a line above them. */
void overview_print(const struct running_list *list, bool head);

/** overview_json() - The status of each that answered, as it was told. */
void overview_json(const struct running_list *list);

#endif
