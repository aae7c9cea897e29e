/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tsem.h - libtsem for programs outside this project: models, and the coefficients of records.
 *
 * What model.h and hasher.h declare is what libtsem.so has (libtsem.map), and it keeps its
 * meaning as long as that is libtsem.so.1. The headers below core/ are there for their types:
 * their functions are for who compiles the core itself, and change with it.
 */
#ifndef TSEM_TSEM_H
#define TSEM_TSEM_H

#ifdef __cplusplus
extern "C" {
#endif

#include "hasher.h"
#include "model.h"

#ifdef __cplusplus
}
#endif

#endif
