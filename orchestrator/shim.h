/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shim.h - what the orchestrator and quixote-shim agree on. Below a driver,
 * which itself is not modelled, the shim stands in PATH under the program's
 * name: it starts the program as the orchestrator would, and asks for it to be
 * armed by passing a pidfd (armer.h).
 */
#ifndef QUIXOTE_SHIM_H
#define QUIXOTE_SHIM_H

/* In the driver's environment, and taken out of the program's. */
#define SHIM_SOCKET_VARIABLE "QUIXOTE_SHIM_SOCKET"   /* path */
#define SHIM_PROGRAM_VARIABLE "QUIXOTE_SHIM_PROGRAM" /* what to execute */
#define SHIM_PATH_VARIABLE "QUIXOTE_SHIM_PATH"	     /* PATH as it was; unset if there was none */

#endif
