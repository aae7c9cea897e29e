/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* interface.h - org.quixote.Workload.varlink, as a string. */
#ifndef QUIXOTE_INTERFACE_H
#define QUIXOTE_INTERFACE_H

extern const char interface_description[];

#endif
